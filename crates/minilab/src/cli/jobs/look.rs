//! What `minilab jobs` shows.

use anyhow::{Context, anyhow};
use uuid::Uuid;

use super::{List, now_ms};
use crate::cli::columns::in_columns;
use crate::cli::say;
use crate::db::Db;
use crate::queue::Whose;
use crate::queue::filter::{BadWord, Filter};
use crate::queue::list::find;
use crate::queue::routes::{causes as causes_of, detail};
use crate::queue::sql::Asked;
use crate::queue::view::{JobView, view};
use crate::queue::workers::workers as all_workers;

/// What is wrong with a filter, in a sentence.
pub(super) fn bad(bad: &BadWord) -> anyhow::Error {
    anyhow!("filter: {:?}: {}", bad.word, bad.detail)
}

pub(super) async fn list(db: &Db, args: &List) -> anyhow::Result<()> {
    let filter = args.filter.parse::<Filter>().map_err(|wrong| bad(&wrong))?;
    let mut conn = db.read().await?;
    let asked = Asked::new(&mut conn, Whose::All, filter, now_ms()).await?;
    let asked = asked.map_err(|wrong| bad(&wrong))?;
    let (mut before, mut left, mut jobs) = (Uuid::max(), args.limit, Vec::new());
    while left > 0 {
        let listed = asked.list(&mut conn, before, left.min(500)).await?;
        left -= listed.rows.len() as i64;
        jobs.extend(listed.rows.iter().map(|row| view(row, Whose::All)));
        let Some(next) = listed.next else { break };
        before = next;
    }
    if args.json {
        return jobs.iter().try_for_each(|job| say::result(serde_json::to_string(job)?));
    }
    let head = ["ID", "KIND", "STATE", "TRIES", "CAME", "CAUSE"].map(str::to_owned);
    let line = |job: JobView| {
        let cause = job.cause.unwrap_or_default();
        [job.id.to_string(), job.kind, job.state, job.attempts.to_string(), job.created_at, cause]
    };
    let lines = [head].into_iter().chain(jobs.into_iter().map(line)).collect::<Vec<_>>();
    say::result(in_columns(&lines))
}

pub(super) async fn show(db: &Db, id: Uuid) -> anyhow::Result<()> {
    let mut conn = db.read().await?;
    let row = find(&mut conn, Whose::All, id).await?.context("there is no such job")?;
    let shown = detail(&mut conn, Whose::All, &row, now_ms()).await?;
    say::result(serde_json::to_string_pretty(&shown)?)
}

pub(super) async fn workers(db: &Db) -> anyhow::Result<()> {
    let head = ["NAME", "HOST", "PID", "ROLE", "STATE", "BUSY", "SEEN"].map(str::to_owned);
    let found = all_workers(&mut db.read().await?, now_ms()).await?;
    let lines = found.items.into_iter().map(|worker| {
        let busy = format!("{}/{}", worker.busy.len(), worker.slots);
        let (pid, state) = (worker.pid.to_string(), worker.state.to_owned());
        [worker.name, worker.host, pid, worker.role, state, busy, worker.seen_at]
    });
    say::result(in_columns(&[head].into_iter().chain(lines).collect::<Vec<_>>()))
}

pub(super) async fn causes(db: &Db) -> anyhow::Result<()> {
    let head = ["CAUSE", "KIND", "JOBS", "FIRST", "LAST"].map(str::to_owned);
    let found = causes_of(&mut db.read().await?, Whose::All).await?;
    let lines = found.items.into_iter().map(|one| {
        let at = |moment: Option<String>| moment.unwrap_or_default();
        [one.cause, one.kind, one.count.to_string(), at(one.first_at), at(one.last_at)]
    });
    say::result(in_columns(&[head].into_iter().chain(lines).collect::<Vec<_>>()))
}
