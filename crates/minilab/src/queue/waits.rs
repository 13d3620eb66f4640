//! Why a job waits, in words.

use serde::Serialize;
use utoipa::ToSchema;

use super::Whose;
use super::list::Row;
use super::sql;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::fetch_one;
use crate::jobs::pauses::{self, Subject};
use crate::jobs::workers;

/// Places in the line that are counted.
const BEFORE_MAX: i64 = 1000;

/// What a job waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WaitsFor)]
pub struct WaitsView {
    /// `paused`, `backing_off`, `no_worker`, `share` (the account has as many jobs in hand as it may),
    /// `memory` (its picture waits for a rendering process and its memory) or `line`.
    #[schema(example = "backing_off")]
    pub reason: &'static str,
    pub detail: String,
    /// When it ends, if that is known.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// How many are before it, up to 1000.
    pub position: Option<i64>,
}

impl WaitsView {
    fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), until: None, position: None }
    }
}

/// Why a job waits; nothing if it does not.
pub async fn of(
    conn: &mut Conn,
    row: &Row,
    whose: Whose,
    now_ms: i64,
) -> sqlx::Result<Option<WaitsView>> {
    match &*row.state {
        "started" => in_hand(conn, row, now_ms).await,
        "pending" | "retry" => waiting(conn, row, whose, now_ms).await.map(Some),
        _ => Ok(None),
    }
}

async fn waiting(conn: &mut Conn, row: &Row, whose: Whose, now_ms: i64) -> sqlx::Result<WaitsView> {
    for pause in pauses::current(conn, now_ms).await? {
        let holds = match pause.subject.parse() {
            Ok(Subject::All) => true,
            Ok(Subject::Kind(kind)) => kind == row.kind,
            Ok(Subject::Account(account)) => row.account_id == Some(account) && is_own(row, whose),
            Ok(Subject::Worker(_)) | Err(()) => false,
        };
        if holds {
            let what = pause.subject.split(':').next().unwrap_or_default();
            let detail = format!("paused ({what}): {}", pause.reason);
            let until = pause.until_ms.map(rfc3339);
            return Ok(WaitsView { until, ..WaitsView::new("paused", detail) });
        }
    }
    // What was tried for others before is nothing that an account waits for.
    if row.state == "retry" && row.run_at_ms > now_ms {
        let until = Some(rfc3339(row.run_at_ms));
        return Ok(WaitsView { until, ..WaitsView::new("backing_off", "it is tried again then") });
    }
    let working = workers::all(conn).await?;
    let mut working = working.iter().filter(|worker| worker.state(now_ms) == "working");
    if !working.any(|worker| worker.kinds.split(',').any(|kind| kind == row.kind)) {
        return Ok(WaitsView::new("no_worker", "no process works on jobs of this kind"));
    }
    let (priority, vtime, id) = (row.priority, row.vtime, row.job_id);
    let (before,) = fetch_one!(conn, (i64,), sql::COUNT_BEFORE, priority, vtime, id, BEFORE_MAX)?;
    let position = Some(before);
    if before == 0
        && let Some(account) = row.account_id
    {
        let (started,) = fetch_one!(conn, (i64,), sql::COUNT_STARTED, account)?;
        if started > 0 && is_own(row, whose) {
            let detail =
                format!("the account has {started} jobs in hand; others take turns with it");
            return Ok(WaitsView { position, ..WaitsView::new("share", detail) });
        }
    }
    Ok(WaitsView { position, ..WaitsView::new("line", format!("{before} jobs are before it")) })
}

/// Whether the job is done for whoever looks: of a job of others only its own line is told.
fn is_own(row: &Row, whose: Whose) -> bool {
    match whose {
        Whose::All => true,
        Whose::Of(account) => row.account_id == Some(account),
    }
}

/// A job in hand may wait for memory.
async fn in_hand(conn: &mut Conn, row: &Row, now_ms: i64) -> sqlx::Result<Option<WaitsView>> {
    let workers = workers::all(conn).await?;
    let held = workers.iter().filter(|worker| worker.state(now_ms) == "working");
    let mut doing = held.flat_map(workers::Worker::doing);
    let in_line = doing.find(|doing| doing.job == row.job_id && doing.stage == "line");
    Ok(in_line.map(|doing| {
        let mib = doing.memory_bytes.div_ceil(1024 * 1024);
        let detail = format!("for a rendering process and {mib} MiB of memory");
        WaitsView::new("memory", detail)
    }))
}
