//! `GET /api/v1/workers` and `/api/v1/schedule`: who works, at what, and what is done by itself when.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::sql;
use crate::accounts::Watcher;
use crate::app::App;
use crate::check::config::ScrubConfig;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::http::Problem;
use crate::ids::JobId;
use crate::jobs::pauses::{self, Subject};
use crate::jobs::workers::{Worker, all};
use crate::{check, fetch_all, fetch_one, fetch_optional};

/// A process that works on jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = Worker)]
pub struct WorkerView {
    pub name: String,
    pub host: String,
    pub pid: i64,
    pub version: String,
    /// `serve` or `work`.
    pub role: String,
    /// `working`, `draining` (paused: ends what it has in hand), `stopped`, or `lost`.
    pub state: &'static str,
    pub kinds: Vec<String>,
    /// Jobs it may have in hand.
    pub slots: i64,
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When it last said that it lives.
    #[schema(format = DateTime)]
    pub seen_at: String,
    /// What it has in hand now.
    pub busy: Vec<SlotView>,
}

/// A job in hand.
#[derive(Serialize, ToSchema)]
#[schema(as = Slot)]
pub struct SlotView {
    #[schema(value_type = Uuid)]
    pub job: JobId,
    pub kind: String,
    pub attempt: i64,
    pub age_ms: i64,
    /// As its worker said last.
    pub stage: Option<String>,
    /// What decoding is expected to take.
    pub memory_bytes: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Workers)]
pub struct WorkersView {
    pub items: Vec<WorkerView>,
}

/// Workers, the newest first, with what each has in hand.
pub async fn workers(conn: &mut Conn, now_ms: i64) -> sqlx::Result<WorkersView> {
    type Line = (Option<String>, JobId, String, Option<i64>, i64);
    let held = fetch_all!(conn, Line, sql::SELECT_HELD)?;
    let paused = pauses::current(conn, now_ms).await?;
    let drained = paused.iter().filter_map(|pause| match pause.subject.parse() {
        Ok(Subject::Worker(name)) => Some(name),
        _ => None,
    });
    let drained = drained.collect::<Vec<_>>();
    let view = |worker: Worker| {
        let doing = worker.doing();
        let busy = held.iter().filter(|(name, ..)| name.as_ref() == Some(&worker.name));
        let busy = busy.map(|(_, job, kind, started_ms, attempt)| {
            let doing = doing.iter().find(|doing| doing.job == *job);
            SlotView {
                job: *job,
                kind: kind.clone(),
                attempt: *attempt,
                age_ms: (now_ms - started_ms.unwrap_or(now_ms)).max(0),
                stage: doing.map(|doing| doing.stage.clone()),
                memory_bytes: doing.map(|doing| doing.memory_bytes),
            }
        });
        let state = match worker.state(now_ms) {
            "working" if drained.contains(&worker.name) => "draining",
            state => state,
        };
        WorkerView {
            busy: busy.collect(),
            state,
            kinds: worker.kinds.split(',').map(str::to_owned).collect(),
            name: worker.name,
            host: worker.host,
            pid: worker.pid,
            version: worker.version,
            role: worker.role,
            slots: worker.slots,
            started_at: rfc3339(worker.started_ms),
            seen_at: rfc3339(worker.seen_ms),
        }
    };
    Ok(WorkersView { items: all(conn).await?.into_iter().map(view).collect() })
}

/// List workers
///
/// Processes that work on jobs, those that went within a day among them.
#[utoipa::path(get, path = "/api/v1/workers", tag = "jobs",
    responses((status = 200, body = WorkersView)))]
pub async fn list_workers(
    State(app): State<App>,
    Watcher(caller): Watcher,
) -> Result<Answer<WorkersView>, Problem> {
    caller.must_be_admin()?;
    let mut conn = app.db.read().await?;
    Ok(Answer(workers(&mut conn, app.clock.now_ms()).await?))
}

/// Something that is done by itself.
#[derive(Serialize, ToSchema)]
#[schema(as = Scheduled)]
pub struct ScheduledView {
    #[schema(example = "sweep")]
    pub name: &'static str,
    /// What it does, in plain words.
    pub about: &'static str,
    pub every_secs: u64,
    #[schema(format = DateTime)]
    pub last_at: Option<String>,
    /// How long it took then.
    pub last_ms: Option<i64>,
    /// How its last job stands.
    pub last_state: Option<String>,
    #[schema(format = DateTime)]
    pub next_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
pub struct ScheduleView {
    pub items: Vec<ScheduledView>,
}

/// Show the schedule
///
/// What the lab does by itself: when it last did, and when it will again.
#[utoipa::path(get, path = "/api/v1/schedule", tag = "jobs",
    responses((status = 200, body = ScheduleView)))]
pub async fn show_schedule(
    State(app): State<App>,
    Watcher(caller): Watcher,
) -> Result<Answer<ScheduleView>, Problem> {
    caller.must_be_admin()?;
    let mut conn = app.db.read().await?;
    let items = vec![sweep(&mut conn).await?, scrub(&mut conn, &app.config.scrub).await?];
    Ok(Answer(ScheduleView { items }))
}

async fn sweep(conn: &mut Conn) -> sqlx::Result<ScheduledView> {
    type Line = (String, i64, Option<i64>, Option<i64>);
    let last = fetch_optional!(conn, Line, sql::SELECT_LAST_BY_KEY, "sweep")?;
    let every_ms = check::SWEEP_EVERY.as_millis() as i64;
    let last = last.as_ref();
    Ok(ScheduledView {
        name: "sweep",
        about: "removes what no row refers to and what is older than it is kept",
        every_secs: check::SWEEP_EVERY.as_secs(),
        last_at: last.map(|(_, created_ms, ..)| rfc3339(*created_ms)),
        last_ms: last.and_then(|(_, _, begun_ms, ended_ms)| Some((*ended_ms)? - (*begun_ms)?)),
        last_state: last.map(|(state, ..)| state.clone()),
        next_at: last.map(|(_, created_ms, ..)| rfc3339(created_ms + every_ms)),
    })
}

async fn scrub(conn: &mut Conn, config: &ScrubConfig) -> sqlx::Result<ScheduledView> {
    type Line = (Option<Uuid>, i64);
    let (at, began_ms) = fetch_one!(conn, Line, check::sql::SELECT_SCRUB_STATE)?;
    let every_secs = config.every_hours * 3600;
    let began_ms = Some(began_ms).filter(|began_ms| *began_ms > 0);
    let state = if at.is_some() { "started" } else { "succeeded" };
    Ok(ScheduledView {
        name: "scrub",
        about: "reads over everything that is stored, to find what rots",
        every_secs,
        last_at: began_ms.map(rfc3339),
        last_ms: None,
        last_state: began_ms.map(|_| state.to_owned()),
        next_at: began_ms.map(|began_ms| rfc3339(began_ms + every_secs as i64 * 1000)),
    })
}
