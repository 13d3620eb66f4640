//! What `minilab jobs` does.

use anyhow::{anyhow, bail};

use super::look::bad;
use super::{Act, Pause, now_ms};
use crate::cli::say;
use crate::db::Db;
use crate::events::Actor;
use crate::jobs::pauses::Subject;
use crate::queue::Whose;
use crate::queue::actions::{self, Selection, Wish};
use crate::queue::filter::Filter;
use crate::queue::pause_routes;
use crate::queue::sql::Asked;
use crate::queue::verb::Verb;

pub(super) async fn act(db: &Db, verb: Verb, args: &Act) -> anyhow::Result<()> {
    let (whose, now_ms) = (Whose::All, now_ms());
    let mut conn = db.read().await?;
    let (selection, found) = if let Some(filter) = &args.filter {
        let filter = filter.parse::<Filter>().map_err(|wrong| bad(&wrong))?;
        let asked = Asked::new(&mut conn, whose, filter, now_ms).await?;
        let asked = asked.map_err(|wrong| bad(&wrong))?;
        let selection = Selection::Filter(asked.filter.to_string());
        (selection, actions::of_filter(&mut conn, asked, verb).await?)
    } else {
        let found = actions::of_ids(&mut conn, whose, verb, &args.ids).await?;
        (Selection::Ids(args.ids.clone()), found)
    };
    drop(conn);
    let what = verb.as_str();
    if args.dry_run {
        return say::result(format_args!("{} jobs to {what}", found.count()));
    }
    let (actor, reason) = (Actor::shell(now_ms), args.reason.clone());
    let wish = Wish { whose, actor, verb, selection, reason };
    let (count, id) = actions::start(db, wish, found).await?;
    if count > actions::AT_ONCE {
        return say::result(format_args!("{count} jobs to {what}: action {id} is at them"));
    }
    say::result(format_args!("{count} jobs: {what} done"))
}

fn subject(text: &str) -> anyhow::Result<Subject> {
    let unknown = || anyhow!("{text:?} is neither all, a kind of job, account:ID nor worker:NAME");
    text.parse().map_err(|()| unknown())
}

pub(super) async fn pause(db: &Db, args: &Pause) -> anyhow::Result<()> {
    let (subject, now_ms) = (subject(&args.subject)?, now_ms());
    let until_ms = match &args.until {
        None => None,
        Some(text) => {
            let form = || anyhow!("until: {text:?} is no moment, such as 2026-12-01T06:00:00Z");
            Some(pause_routes::moment(text).ok_or_else(form)?)
        }
    };
    if let Some(flaw) = pause_routes::flaw(&args.reason, until_ms, now_ms) {
        bail!("{flaw}");
    }
    let actor = Actor::shell(now_ms);
    pause_routes::pause(db, actor, &subject, args.reason.clone(), until_ms).await?;
    say::result(format_args!("paused {subject}"))
}

pub(super) async fn resume(db: &Db, text: &str) -> anyhow::Result<()> {
    let subject = subject(text)?;
    pause_routes::resume(db, Actor::shell(now_ms()), &subject).await?;
    say::result(format_args!("resumed {subject}"))
}
