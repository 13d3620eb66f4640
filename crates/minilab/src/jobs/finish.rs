//! Ending a job: done, again later, or given up.

use std::time::Duration;

use super::attempts::{self, Why};
use super::outcome::Outcome;
use super::{Lease, rollup, sql};
use crate::clock::Clock;
use crate::counters::{self, CounterScope, Delta};
use crate::db::{Conn, Db};
use crate::ids::{AccountId, BlobId, JobId};
use crate::{execute, fetch_all};

/// How often a job is tried that fails for reasons that may pass, such as a full disk: for hours.
const TRIES_MAX: i64 = 60;
/// A child process that crashed or was killed over a picture gets one more chance.
const CRASHES_MAX: i64 = 2;

/// A file that is not there may be on a disk that comes back.
const DAMAGED_MAX: i64 = 4;

const BACKOFF_FIRST: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_mins(5);
/// How long a job waits that found no room.
const POSTPONED: Duration = Duration::from_secs(2);

/// Why a job did not succeed, and how often it is worth trying.
#[derive(Debug)]
pub struct JobError {
    pub cause: anyhow::Error,
    /// What the owner may read, when the picture is to blame.
    pub refusal: Option<FailureReason>,
    pub tries_max: i64,
    /// What a child wrote last before it died.
    pub words: Option<String>,
}

/// A stable code and a sentence, as a failed image shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureReason {
    pub code: String,
    pub detail: String,
}

impl JobError {
    /// Trying again may help.
    pub fn retry(cause: impl Into<anyhow::Error>) -> Self {
        Self { cause: cause.into(), refusal: None, tries_max: TRIES_MAX, words: None }
    }

    /// Trying again cannot help: the picture is to blame.
    pub fn fail(code: &str, detail: impl Into<String>) -> Self {
        let refusal = FailureReason { code: code.to_owned(), detail: detail.into() };
        let cause = anyhow::anyhow!("{}: {}", refusal.code, refusal.detail);
        Self { cause, refusal: Some(refusal), tries_max: 1, words: None }
    }

    /// The original is lost or damaged.
    pub fn damage(code: &str, detail: impl Into<String>) -> Self {
        Self { tries_max: DAMAGED_MAX, ..Self::fail(code, detail) }
    }

    /// A child process did not survive the picture.
    pub fn crash(code: &str, detail: impl Into<String>) -> Self {
        Self { tries_max: CRASHES_MAX, ..Self::fail(code, detail) }
    }
}

impl<E: Into<anyhow::Error>> From<E> for JobError {
    fn from(cause: E) -> Self {
        Self::retry(cause)
    }
}

/// Another worker has the job: whatever this one did must not be committed.
#[derive(Debug, thiserror::Error)]
#[error("the lease of job {0} is held by another worker")]
pub struct Fenced(JobId);

/// Marks the job as done, in the transaction of what it did.
pub async fn complete(tx: &mut Conn, lease: &Lease, now_ms: i64) -> anyhow::Result<()> {
    let completed = execute!(tx, sql::COMPLETE, lease.id, lease.number, now_ms)?;
    if completed != 1 {
        return Err(Fenced(lease.id).into());
    }
    let ended = counted(counters::JOBS_SUCCEEDED, [lease.account]);
    attempts::record(tx, lease, Outcome::Succeeded, None, now_ms, &ended).await?;
    Ok(())
}

/// Marks the job as done when all it did is committed, or none of it is SQL.
pub async fn complete_alone(db: &Db, clock: &Clock, lease: &Lease) -> anyhow::Result<()> {
    let done = (lease.clone(), clock.now_ms());
    db.write(done, |tx, (lease, now_ms)| Box::pin(complete(tx, lease, *now_ms))).await
}

/// Cancels the work on a blob that waits; what is under way finds out when it commits.
pub async fn cancel_waiting(tx: &mut Conn, blob: BlobId, now_ms: i64) -> sqlx::Result<()> {
    let cancelled = fetch_all!(tx, (Option<AccountId>, String), sql::CANCEL_WAITING, blob, now_ms)?;
    let (accounts, kinds) = cancelled.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
    let mut deltas = counted(counters::JOBS_CANCELLED, accounts);
    rollup::cancelled(now_ms, &kinds, &mut deltas);
    counters::add_all(tx, &deltas).await
}

/// What ended jobs count for, of whatever accounts they were.
pub fn counted(
    name: &'static str,
    accounts: impl IntoIterator<Item = Option<AccountId>>,
) -> Vec<Delta<'static>> {
    let mut deltas = Vec::new();
    for account in accounts {
        deltas.push((CounterScope::Lab.to_string(), name, 1));
        deltas.extend(account.map(|account| (CounterScope::Account(account).to_string(), name, 1)));
    }
    deltas
}

/// Where a failed try left the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Retry,
    Failed,
    /// Somebody else has it by now.
    Fenced,
}

/// Records a failed try: the job runs again later, or is given up for good. `told` is what callers may read.
pub async fn record_failure(
    tx: &mut Conn,
    lease: &Lease,
    told: &str,
    why: Why<'_>,
    tries_max: i64,
    now_ms: i64,
) -> sqlx::Result<Ending> {
    let (id, number, cause) = (lease.id, lease.number, why.cause);
    let (ending, outcome, changed) = if lease.attempts < tries_max {
        let run_at = now_ms + backoff(lease.attempts).as_millis() as i64;
        let changed = execute!(tx, sql::RETRY, id, number, told, cause, run_at)?;
        (Ending::Retry, Outcome::Retry, changed)
    } else {
        let changed = execute!(tx, sql::FAIL, id, number, told, cause, now_ms)?;
        (Ending::Failed, Outcome::Failed, changed)
    };
    if changed != 1 {
        return Ok(Ending::Fenced);
    }
    attempts::record(tx, lease, outcome, Some(why), now_ms, &[]).await?;
    Ok(ending)
}

/// Puts a job back as if it had not been claimed: the worker stops before it is done.
pub async fn release(tx: &mut Conn, lease: &Lease) -> sqlx::Result<()> {
    execute!(tx, sql::RELEASE, lease.id, lease.number).map(|_| ())
}

/// Puts a job back for later, as if it had not been claimed: it found no room on the disk.
pub async fn postpone(tx: &mut Conn, lease: &Lease, now_ms: i64) -> sqlx::Result<()> {
    let run_at = now_ms + POSTPONED.as_millis() as i64;
    execute!(tx, sql::POSTPONE, lease.id, lease.number, run_at).map(|_| ())
}

/// 1 s, 2 s, 4 s, … at most five minutes, a fifth up or down so that failures do not march in step.
fn backoff(attempts: i64) -> Duration {
    let doublings = attempts.clamp(1, 16) as u32 - 1;
    let plain = BACKOFF_FIRST.saturating_mul(1 << doublings).min(BACKOFF_MAX);
    plain.mul_f64(rand::random_range(0.8..1.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        for (attempts, secs) in [(0, 1.0), (1, 1.0), (2, 2.0), (4, 8.0), (10, 300.0), (1000, 300.0)]
        {
            let wait = backoff(attempts).as_secs_f64();
            assert!((0.8 * secs..1.2 * secs).contains(&wait), "{attempts}: {wait}");
        }
    }
}
