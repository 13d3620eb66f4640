//! The job that does something to many jobs: some at a time, and not too fast.

use std::time::Duration;

use anyhow::Context;
use uuid::Uuid;

use super::actions::{Action, Selection, apply};
use super::list::find;
use super::sql::{self, Asked};
use super::verb::Verb;
use crate::app::App;
use crate::db::Conn;
use crate::ids::ActionId;
use crate::jobs::{self, JobError, Lease, Priority};
use crate::{execute, fetch_optional};

/// Jobs of one transaction.
const STRETCH: usize = 20;
/// Between two of them: a hundred jobs a second.
const PAUSE: Duration = Duration::from_millis(200);

/// Goes on with an action from where it has got to, until it is at its end or somebody ends it.
pub async fn act(app: &App, lease: &Lease, id: ActionId) -> Result<(), JobError> {
    loop {
        let mut conn = app.db.read().await?;
        let action = fetch_optional!(&mut conn, Action, sql::SELECT_ACTION, id)?;
        let Some(action) = action.filter(|action| action.ended_ms.is_none()) else {
            drop(conn);
            return Ok(jobs::complete_alone(&app.db, &app.clock, lease).await?);
        };
        let stretch = stretch(&mut conn, &action, app.clock.now_ms()).await?;
        drop(conn);
        let is_end = stretch.after.is_none();
        do_stretch(app, &action, stretch).await?;
        if !is_end {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The next jobs of an action, and the last of them if there are more.
struct Stretch {
    ids: Vec<Uuid>,
    after: Option<Uuid>,
}

async fn stretch(conn: &mut Conn, action: &Action, now_ms: i64) -> anyhow::Result<Stretch> {
    let whose = action.whose();
    match serde_json::from_str(&action.selection).context("reading an action")? {
        Selection::Ids(mut ids) => {
            // From the greatest down, as lists go.
            ids.sort_unstable_by(|one, other| other.cmp(one));
            ids.retain(|id| *id < action.after_id);
            let after = ids.get(STRETCH - 1).copied().filter(|_| ids.len() > STRETCH);
            ids.truncate(STRETCH);
            let mut seen = Vec::new();
            for id in ids {
                seen.extend(find(conn, whose, id).await?.map(|row| row.id));
            }
            Ok(Stretch { ids: seen, after })
        }
        Selection::Filter(filter) => {
            let filter = filter.parse().ok().context("reading the filter of an action")?;
            // Spans of time are from when it was asked for.
            let now_ms = action.created_ms.min(now_ms);
            let asked = Asked::new(conn, whose, filter, now_ms).await?;
            let asked = asked.ok().context("whom the filter of an action names is gone")?;
            let asked = Asked { verb: Verb::parse(&action.verb), ..asked };
            let listed = asked.list(conn, action.after_id, STRETCH as i64).await?;
            let ids = listed.rows.iter().map(|row| row.id).collect();
            Ok(Stretch { ids, after: listed.next })
        }
    }
}

async fn do_stretch(app: &App, action: &Action, stretch: Stretch) -> anyhow::Result<()> {
    let verb = Verb::parse(&action.verb).context("what an action does")?;
    let args = (action.id, action.whose(), verb, stretch, app.clock.now_ms());
    app.db
        .write(args, |tx, (id, whose, verb, stretch, now_ms)| {
            Box::pin(async move {
                let mut done = 0;
                for job in &stretch.ids {
                    let one = apply(tx, *whose, *verb, *job, Priority::Low, *now_ms).await?;
                    done += i64::from(one);
                }
                let after = stretch.after.unwrap_or_default();
                let ended_ms = stretch.after.is_none().then_some(*now_ms);
                execute!(tx, sql::ADVANCE, *id, done, after, ended_ms)?;
                Ok::<_, anyhow::Error>(())
            })
        })
        .await
}
