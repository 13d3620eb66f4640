//! Action, what somebody has done to jobs: one, some, or all that a filter finds.
//!
//! Few are done at once, in one transaction; many by a job of its own, slowly, so that those who wait do not
//! wait longer for it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::Whose;
use super::list::find;
use super::sql::{self, Asked};
use super::verb::{CANCELLABLE, Verb};
use crate::counters::{self, JOBS_CANCELLED};
use crate::db::{Conn, Db};
use crate::events::{self, Actor, Event};
use crate::ids::{AccountId, ActionId, BlobId, ImageId};
use crate::jobs::attempts::{Held, record_held};
use crate::jobs::finish::{FailureReason, counted};
use crate::jobs::outcome::Outcome;
use crate::jobs::{self, Job, Priority, is_live_state, rollup};
use crate::variants::make;
use crate::{execute, fetch_all, fetch_optional};

/// More than this is done in the background.
pub const AT_ONCE: i64 = 99;
/// Who clicks twice within so long has it done once.
const SAME_MS: i64 = 10_000;

/// Which jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    Ids(Vec<Uuid>),
    Filter(String),
}

/// An action as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Action {
    pub id: ActionId,
    pub account_id: AccountId,
    pub verb: String,
    pub selection: String,
    pub is_admin: bool,
    pub counted: i64,
    pub done: i64,
    pub after_id: Uuid,
    pub created_ms: i64,
    pub ended_ms: Option<i64>,
}

impl Action {
    pub fn whose(&self) -> Whose {
        if self.is_admin { Whose::All } else { Whose::Of(self.account_id) }
    }
}

/// What somebody wants.
#[derive(Clone, Debug)]
pub struct Wish {
    pub whose: Whose,
    pub actor: Actor,
    pub verb: Verb,
    pub selection: Selection,
    pub reason: Option<String>,
}

/// The jobs of ids that something can be done to, or all of a filter, and how many.
pub enum Found {
    Ids(Vec<Uuid>),
    Filtered(Asked, i64),
}

impl Found {
    pub fn count(&self) -> i64 {
        match self {
            Self::Ids(ids) => ids.len() as i64,
            Self::Filtered(_, count) => *count,
        }
    }
}

/// Those of these ids that can be seen and that something can be done to.
pub async fn of_ids(
    conn: &mut Conn,
    whose: Whose,
    verb: Verb,
    ids: &[Uuid],
) -> sqlx::Result<Found> {
    let mut found = Vec::new();
    for id in ids {
        let row = find(conn, whose, *id).await?;
        let can_be = |state: &str, kind: &str| match verb {
            Verb::Retry => matches!(state, "failed" | "cancelled"),
            Verb::Cancel => is_live_state(state) && CANCELLABLE.contains(&kind),
        };
        found.extend(row.filter(|row| can_be(&row.state, &row.kind)).map(|row| row.id));
    }
    Ok(Found::Ids(found))
}

/// All that a filter finds and that something can be done to.
pub async fn of_filter(conn: &mut Conn, asked: Asked, verb: Verb) -> sqlx::Result<Found> {
    let asked = Asked { verb: Some(verb), ..asked };
    let count = asked.count_all(conn).await?;
    Ok(Found::Filtered(asked, count))
}

/// Does it, or has it done: how many jobs, and the id of the action.
pub async fn start(db: &Db, wish: Wish, found: Found) -> anyhow::Result<(i64, ActionId)> {
    let counted = found.count();
    let ids = match found {
        Found::Ids(ids) if counted <= AT_ONCE => Some(ids),
        Found::Filtered(asked, _) if counted <= AT_ONCE => Some(all_of(db, &asked).await?),
        Found::Ids(_) | Found::Filtered(..) => None,
    };
    let args = (wish, ids, counted, ActionId::new());
    db.write(args, |tx, (wish, ids, counted, id)| {
        Box::pin(async move {
            let now_ms = wish.actor.now_ms;
            let selection = serde_json::to_string(&wish.selection)?;
            let (account, verb) = (wish.actor.account, wish.verb.as_str());
            let since = now_ms - SAME_MS;
            // Ids begin with their time, which is when the row was made.
            let first = sql::first_id(since);
            let same = fetch_optional!(
                tx,
                (ActionId, i64),
                sql::SELECT_SAME,
                account,
                verb,
                &selection,
                since,
                first
            )?;
            if let Some((same, counted)) = same {
                return Ok((counted, same));
            }
            let mut done = 0;
            for job in ids.iter().flatten() {
                let one = apply(tx, wish.whose, wish.verb, *job, Priority::Awaited, now_ms).await?;
                done += i64::from(one);
            }
            let ended_ms = ids.is_some().then_some(now_ms);
            let is_admin = wish.whose == Whose::All;
            execute!(
                tx,
                sql::INSERT_ACTION,
                *id,
                account,
                verb,
                selection,
                is_admin,
                *counted,
                done,
                Uuid::max(),
                now_ms,
                ended_ms,
            )?;
            if is_admin {
                let data =
                    json!({"selection": wish.selection, "count": counted, "reason": wish.reason});
                let event = Event::by(&wish.actor, wish.verb.event()).subject(id).data(data);
                events::record(tx, &event).await?;
            }
            if ids.is_none() {
                jobs::enqueue(tx, &Job::Act { action: *id }, None, now_ms).await?;
            }
            Ok::<_, anyhow::Error>((*counted, *id))
        })
    })
    .await
}

async fn all_of(db: &Db, asked: &Asked) -> sqlx::Result<Vec<Uuid>> {
    let mut conn = db.read().await?;
    let (mut ids, mut before) = (Vec::new(), Uuid::max());
    loop {
        let listed = asked.list(&mut conn, before, AT_ONCE).await?;
        ids.extend(listed.rows.iter().map(|row| row.id));
        match listed.next {
            Some(next) => before = next,
            None => return Ok(ids),
        }
    }
}

/// Kind, state, blob and account.
type Line = (String, String, Option<BlobId>, Option<AccountId>);

/// Does it to one job; false when there is nothing to be done any more.
pub async fn apply(
    tx: &mut Conn,
    whose: Whose,
    verb: Verb,
    id: Uuid,
    priority: Priority,
    now_ms: i64,
) -> anyhow::Result<bool> {
    let asker = match whose {
        Whose::All => None,
        Whose::Of(account) => {
            let found = fetch_optional!(tx, (Uuid, ImageId), sql::SELECT_ASKER, id, account)?;
            let Some((job, image)) = found else { return Ok(false) };
            Some((id, job, image))
        }
    };
    let job = asker.map_or(id, |(_, job, _)| job);
    let Some(line) = fetch_optional!(tx, Line, sql::SELECT_JOB, job)? else { return Ok(false) };
    // The blob is locked before the job, as by whoever works on it.
    let developed = line.2.filter(|_| line.0 == "develop");
    if let Some(blob) = developed
        && !make::lock(tx, blob).await?
    {
        return Ok(false);
    }
    let one = One { job, asker, developed, account: line.3, now_ms };
    match verb {
        Verb::Retry => one.retry(tx, priority).await,
        Verb::Cancel => one.cancel(tx).await,
    }
}

/// One job, and who of its askers wants something done to it; nobody is the operator.
struct One {
    job: Uuid,
    /// Its id, the job's and the image's.
    asker: Option<(Uuid, Uuid, ImageId)>,
    /// The blob that a job develops, locked.
    developed: Option<BlobId>,
    account: Option<AccountId>,
    now_ms: i64,
}

impl One {
    async fn retry(&self, tx: &mut Conn, priority: Priority) -> anyhow::Result<bool> {
        let retried = execute!(tx, sql::RETRY, self.job, self.now_ms, priority as i64)?;
        if retried > 0 {
            execute!(tx, sql::FORGET_TRIES, self.job)?;
        }
        if let Some((asker, ..)) = self.asker {
            execute!(tx, sql::UNCANCEL_ASKER, asker)?;
        }
        if let Some(blob) = self.developed {
            let image = self.asker.map(|(.., image)| image);
            make::try_again(tx, blob, image).await?;
            // Its job may have ended well for others meanwhile.
            jobs::enqueue(tx, &Job::Develop { blob }, self.account, self.now_ms).await?;
        }
        Ok(retried > 0)
    }

    async fn cancel(&self, tx: &mut Conn) -> anyhow::Result<bool> {
        let refusal = FailureReason {
            code: "cancelled".to_owned(),
            detail: "the work on it was cancelled".to_owned(),
        };
        let Some((asker, _, image)) = self.asker else {
            let cancelled = self.cancel_job(tx).await?;
            if let Some(blob) = self.developed.filter(|_| cancelled) {
                make::mark_failed(tx, blob, &refusal, self.now_ms).await?;
            }
            return Ok(cancelled);
        };
        if execute!(tx, sql::CANCEL_ASKER, asker, self.now_ms)? == 0 {
            return Ok(false);
        }
        // What others wait for goes on.
        let is_last = match self.developed {
            Some(blob) => make::mark_one_failed(tx, blob, image, &refusal, self.now_ms).await?,
            None => fetch_optional!(tx, (Uuid,), sql::IS_ASKED_FOR, self.job)?.is_none(),
        };
        if is_last {
            self.cancel_job(tx).await?;
        }
        Ok(true)
    }

    async fn cancel_job(&self, tx: &mut Conn) -> sqlx::Result<bool> {
        let mut deltas = counted(JOBS_CANCELLED, [self.account]);
        let started = fetch_all!(tx, Held, sql::CANCEL_STARTED, self.job, self.now_ms)?;
        if !started.is_empty() {
            let (outcome, now_ms) = (Outcome::Cancelled, self.now_ms);
            record_held(tx, &started, outcome, "cancelled", now_ms, &deltas).await?;
            return Ok(true);
        }
        let line = fetch_optional!(tx, Line, sql::SELECT_JOB, self.job)?;
        if execute!(tx, sql::CANCEL_WAITING, self.job, self.now_ms)? == 0 {
            return Ok(false);
        }
        let kinds = line.into_iter().map(|(kind, ..)| kind).collect::<Vec<_>>();
        rollup::cancelled(self.now_ms, &kinds, &mut deltas);
        counters::add_all(tx, &deltas).await?;
        Ok(true)
    }
}
