//! Attempt, a try of a job that ended: one row each, written in the transaction that ends it.

use serde::Serialize;

use super::outcome::Outcome;
use super::rollup::{Tried, tried};
use super::stages::Stage;
use super::{Lease, sql};
use crate::counters::Delta;
use crate::db::Conn;
use crate::ids::JobId;
use crate::{execute, fetch_all};

/// Why a try did not succeed.
#[derive(Clone, Copy, Debug)]
pub struct Why<'a> {
    /// A stable code.
    pub cause: &'a str,
    /// The chain of errors, for operators.
    pub detail: &'a str,
    /// What the child wrote last before it died.
    pub words: Option<&'a str>,
}

/// Writes down how a try ended, and counts it together with `others`.
pub(super) async fn record(
    tx: &mut Conn,
    lease: &Lease,
    outcome: Outcome,
    why: Option<Why<'_>>,
    now_ms: i64,
    others: &[Delta<'_>],
) -> sqlx::Result<()> {
    let stages = serde_json::to_string(&lease.stages.read()).expect("names and numbers");
    execute!(
        tx,
        sql::INSERT_ATTEMPT,
        lease.id,
        lease.number,
        lease.attempts,
        &lease.worker,
        lease.waited_ms,
        lease.claimed_ms,
        now_ms,
        outcome.as_str(),
        why.map(|why| why.cause),
        why.map(|why| why.detail),
        why.and_then(|why| why.words),
        stages,
    )?;
    let (kind, waited_ms) = (lease.job.kind(), lease.waited_ms);
    let worked_ms = now_ms - lease.claimed_ms;
    tried(tx, &[Tried { kind, outcome, waited_ms, worked_ms }], now_ms, others).await
}

/// A started job that its holder does not end itself.
#[derive(sqlx::FromRow, Serialize)]
pub struct Held {
    id: JobId,
    lease: i64,
    attempts: i64,
    worker: Option<String>,
    started_ms: Option<i64>,
    run_at_ms: i64,
    #[serde(skip)]
    kind: String,
}

/// Writes down how tries ended that their holders do not end themselves, in one statement, and counts them.
pub async fn record_held(
    tx: &mut Conn,
    held: &[Held],
    outcome: Outcome,
    cause: &str,
    now_ms: i64,
    others: &[Delta<'_>],
) -> sqlx::Result<()> {
    if !held.is_empty() {
        let rows = serde_json::to_string(held).expect("ids, texts and numbers");
        execute!(tx, sql::INSERT_HELD, rows, now_ms, outcome.as_str(), cause)?;
    }
    let tries = held.iter().map(|one| {
        let started_ms = one.started_ms.unwrap_or(now_ms);
        let waited_ms = (started_ms - one.run_at_ms).max(0);
        Tried { kind: &one.kind, outcome, waited_ms, worked_ms: now_ms - started_ms }
    });
    tried(tx, &tries.collect::<Vec<_>>(), now_ms, others).await
}

/// One try as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Attempt {
    pub number: i64,
    pub worker: String,
    pub waited_ms: i64,
    pub claimed_ms: i64,
    pub ended_ms: i64,
    pub outcome: String,
    pub cause: Option<String>,
    pub detail: Option<String>,
    pub words: Option<String>,
    stages: String,
}

impl Attempt {
    pub fn stages(&self) -> Vec<Stage> {
        serde_json::from_str(&self.stages).unwrap_or_default()
    }
}

/// All tries of a job that ended, oldest first.
pub async fn of_job(conn: &mut Conn, job: JobId) -> sqlx::Result<Vec<Attempt>> {
    fetch_all!(conn, Attempt, sql::SELECT_ATTEMPTS, job)
}
