//! Putting a job in the queue, inside the transaction of the row it concerns.

use anyhow::Context;

use super::{Job, sql};
use crate::db::Conn;
use crate::ids::{AccountId, JobId};
use crate::{execute, fetch_one, fetch_optional};

/// Smaller numbers run first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Somebody waits for the answer.
    Awaited = 0,
    Normal = 10,
    Low = 20,
    /// When nothing else is to be done.
    Idle = 30,
}

/// Whether a job of that key waits or is at work.
pub async fn is_live(conn: &mut Conn, unique_key: &str) -> sqlx::Result<bool> {
    let last = fetch_optional!(conn, (String, Option<String>), sql::SELECT_BY_KEY, unique_key)?;
    Ok(last.is_some_and(|(state, _)| is_live_state(&state)))
}

pub fn is_live_state(state: &str) -> bool {
    matches!(state, "pending" | "retry" | "started")
}

/// Adds the job unless a live one does the same already.
///
/// Jobs of one account are spread over virtual time: its next job comes one step after its last,
/// or where the queue stands now. So nobody's thousand jobs hold up another's one.
pub async fn enqueue(
    tx: &mut Conn,
    job: &Job,
    account: Option<AccountId>,
    now_ms: i64,
) -> anyhow::Result<()> {
    let payload = serde_json::to_string(job).context("writing a job's payload")?;
    let priority = job.priority() as i64;
    let (vtime,) = fetch_one!(tx, (i64,), sql::NEXT_VTIME, priority, account)?;
    execute!(
        tx,
        sql::INSERT,
        JobId::new(),
        job.kind(),
        payload,
        account,
        job.blob(),
        job.unique_key(),
        priority,
        vtime,
        now_ms,
    )?;
    Ok(())
}
