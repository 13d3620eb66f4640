//! Worker, a process that works on jobs: one row, with a heartbeat and what each of its hands is at.

use serde::{Deserialize, Serialize};

use super::claim::LEASE;
use super::sql;
use crate::db::{Conn, Db};
use crate::ids::JobId;
use crate::{execute, fetch_all};

/// How often a worker says that it lives.
pub const BEAT_MS: i64 = 10_000;
/// One that was not seen for so long has gone.
pub const LOST_MS: i64 = 2 * LEASE.as_millis() as i64;
/// How long one that ended is shown.
const KEPT_MS: i64 = 24 * 3_600_000;

/// What one hand was at when its worker said so last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doing {
    pub job: JobId,
    pub stage: String,
    /// What decoding is expected to take.
    pub memory_bytes: u64,
}

/// A worker as it is stored.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct Worker {
    pub name: String,
    pub host: String,
    pub pid: i64,
    pub version: String,
    /// `serve` or `work`.
    pub role: String,
    /// Kinds of jobs, with commas between.
    pub kinds: String,
    pub slots: i64,
    pub doing: String,
    pub started_ms: i64,
    pub seen_ms: i64,
    pub stopped_ms: Option<i64>,
}

impl Worker {
    pub fn doing(&self) -> Vec<Doing> {
        serde_json::from_str(&self.doing).unwrap_or_default()
    }

    /// `working`, `stopped`, or `lost` when it went away without a word.
    pub fn state(&self, now_ms: i64) -> &'static str {
        match self.stopped_ms {
            Some(_) => "stopped",
            None if now_ms - self.seen_ms > LOST_MS => "lost",
            None => "working",
        }
    }
}

/// Says that a worker lives, and what it does.
pub async fn beat(db: &Db, worker: Worker) -> sqlx::Result<()> {
    db.write(worker, |tx, worker| {
        Box::pin(async move {
            execute!(
                tx,
                sql::BEAT,
                &worker.name,
                &worker.host,
                worker.pid,
                &worker.version,
                &worker.role,
                &worker.kinds,
                worker.slots,
                &worker.doing,
                worker.started_ms,
                worker.seen_ms,
                worker.stopped_ms,
            )
            .map(|_| ())
        })
    })
    .await
}

/// Says that a worker ended in order.
pub async fn stopped(db: &Db, name: &str, now_ms: i64) -> sqlx::Result<()> {
    db.write((name.to_owned(), now_ms), |tx, (name, now_ms)| {
        Box::pin(async move { execute!(tx, sql::STOPPED, name, *now_ms).map(|_| ()) })
    })
    .await
}

/// Those that are there or went not long ago, the newest first.
pub async fn all(conn: &mut Conn) -> sqlx::Result<Vec<Worker>> {
    fetch_all!(conn, Worker, sql::SELECT_WORKERS)
}

/// Forgets those that went long ago.
pub async fn prune(tx: &mut Conn, now_ms: i64) -> sqlx::Result<()> {
    execute!(tx, sql::DELETE_WORKERS, now_ms - KEPT_MS).map(|_| ())
}
