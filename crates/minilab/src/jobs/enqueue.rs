//! Putting a job in the queue, inside the transaction of the row it concerns.

use anyhow::Context;

use super::{Job, rollup, sql};
use crate::db::Conn;
use crate::ids::{AccountId, ImageId, JobId};
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
    let inserted = execute!(
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
    if inserted == 1 {
        rollup::enqueued(tx, job.kind(), now_ms).await?;
    }
    Ok(())
}

/// The same for an image of an account: it sees the job as its own, from now on, whoever it was made for.
pub async fn enqueue_for(
    tx: &mut Conn,
    job: &Job,
    account: AccountId,
    image: ImageId,
    now_ms: i64,
) -> anyhow::Result<()> {
    enqueue(tx, job, Some(account), now_ms).await?;
    let (id, key) = (JobId::new(), job.unique_key());
    execute!(tx, sql::INSERT_ASKER, id, account, image, now_ms, key)?;
    Ok(())
}
