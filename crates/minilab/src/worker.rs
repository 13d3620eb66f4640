//! Background work: every kind of job on one screen, and the loops that carry them out.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::FutureExt;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::app::App;
use crate::check;
use crate::db::Conn;
use crate::events;
use crate::jobs::attempts::Why;
use crate::jobs::finish::{Ending, FailureReason, postpone, record_failure, release};
use crate::jobs::hands::Hands;
use crate::jobs::workers::{self, Worker};
use crate::jobs::{self, Barred, FREEING, Job, JobError, KINDS, Lease, claim, pauses};
use crate::redact::redact;
use crate::seldom::Seldom;
use crate::variants::refine::BackFillWalk;
use crate::{counters, db, images, measures, queue, uploads, variants};

/// All idle hands together look for work at least so often: for what other processes enqueued, and for
/// retries that have become due.
const POLL: Duration = Duration::from_millis(100);
/// So often while an account has its share of the hands, and they are not rung for each of its jobs.
const POLL_BESIDE: Duration = Duration::from_millis(100);
/// Rendering is bounded by the render pool. While its children render, other jobs fetch, store and
/// commit: most of that time is spent waiting for the disk. One account has so many; there are more
/// than twice as many.
const JOBS_PER_CHILD: usize = 3;
/// How long running jobs may take to finish once the process was told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// Workers that went away with a job in hand, until nobody takes it in hand any more: it may be why they did.
const KILLS_MAX: i64 = 8;
const HOUSEKEEPING: Duration = Duration::from_secs(2);
/// The database may be away for a night.
static AWAY: Seldom = Seldom::new();
static UNKEPT: Seldom = Seldom::new();
static SILENT: Seldom = Seldom::new();

async fn carry_out(app: &App, lease: &Lease) -> Result<(), JobError> {
    match &lease.job {
        Job::Develop { blob } => variants::make::make_variants(app, lease, *blob).await,
        Job::MakeVariant { blob, preset, version: _ } => {
            variants::make::make_variant(app, lease, *blob, preset).await
        }
        Job::Refine { blob } => variants::make::refine(app, lease, *blob).await,
        Job::BackFill { account, since_ms, after } => {
            let walk = BackFillWalk { account: *account, since_ms: *since_ms, after: *after };
            variants::refine::back_fill(app, lease, walk).await
        }
        Job::Discard { blob } => variants::discard::discard(app, lease, *blob).await,
        Job::Expire => images::expire::expire(app, lease).await,
        Job::DeleteBlob { blob } => images::delete::delete_blob(app, lease, *blob).await,
        Job::Sweep => check::sweep(app, lease).await,
        Job::Act { action } => queue::act::act(app, lease, *action).await,
    }
}

/// What giving a job up means for the rows it was about.
async fn on_gave_up(
    tx: &mut Conn,
    job: &Job,
    refusal: &FailureReason,
    now_ms: i64,
) -> sqlx::Result<()> {
    match job {
        Job::Develop { blob } => variants::make::mark_failed(tx, *blob, refusal, now_ms).await,
        Job::MakeVariant { .. }
        | Job::Refine { .. }
        | Job::BackFill { .. }
        | Job::Discard { .. }
        | Job::Expire
        | Job::DeleteBlob { .. }
        | Job::Sweep
        | Job::Act { .. } => Ok(()),
    }
}

/// What a process works on.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `serve` or `work`.
    pub role: &'static str,
    pub kinds: Vec<&'static str>,
    /// Jobs in hand at once; as many as keep the rendering children busy when left out.
    pub slots: Option<usize>,
}

impl Plan {
    /// Every kind of work.
    pub fn all(role: &'static str) -> Self {
        Self { role, kinds: KINDS.to_vec(), slots: None }
    }

    fn hands(&self, app: &App) -> Hands {
        let share = app.config.worker_count() * JOBS_PER_CHILD;
        let plain = Hands::new(share);
        let count = self.slots.unwrap_or_else(|| plain.count());
        // One account has at most half of them.
        Hands::with(share.min(count.div_ceil(2)), count, &self.kinds)
    }
}

/// Works until the process is to stop.
pub async fn run(app: App, plan: Plan) {
    let hands = Arc::new(plan.hands(&app));
    let mut tasks = JoinSet::new();
    for _ in 0..hands.count() {
        tasks.spawn(work(app.clone(), hands.clone()));
    }
    tasks.spawn(check::scrub::run(app.clone()));
    tasks.spawn(keep_house(app.clone()));
    let beating = crate::spawn(beat(app.clone(), plan.role, hands));
    while tasks.join_next().await.is_some() {}
    beating.abort();
    let _ = beating.await;
    say_stopped(&app).await;
}

/// Says that this process lives and what it is at, until it is aborted.
async fn beat(app: App, role: &'static str, hands: Arc<Hands>) {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let started_ms = app.clock.now_ms();
    loop {
        let worker = Worker {
            name: app.spool.process_id.clone(),
            host: host.trim().to_owned(),
            pid: i64::from(std::process::id()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            role: role.to_owned(),
            kinds: hands.kinds().join(","),
            slots: hands.count() as i64,
            doing: serde_json::to_string(&hands.doing()).expect("ids, words and numbers"),
            started_ms,
            seen_ms: app.clock.now_ms(),
            stopped_ms: None,
        };
        if let Err(error) = workers::beat(&app.db, worker).await
            && SILENT.speaks()
        {
            tracing::warn!(%error, "could not say that this worker lives");
        }
        tokio::time::sleep(Duration::from_millis(workers::BEAT_MS as u64)).await;
    }
}

async fn say_stopped(app: &App) {
    if let Err(error) = workers::stopped(&app.db, &app.spool.process_id, app.clock.now_ms()).await {
        tracing::warn!(%error, "could not say that this worker stopped");
    }
}

async fn work(app: App, hands: Arc<Hands>) {
    let mut failures = 0;
    while !app.stop.is_cancelled() {
        let is_freeing = app.room.is_low();
        let claimed = hands.take(&app.db, &app.clock, &app.spool.process_id, is_freeing).await;
        if claimed.is_ok() {
            failures = 0;
        }
        match claimed {
            Ok(Some(job)) => work_on(&app, &job.lease).await,
            Ok(None) => wait_for_work(&app, &hands).await,
            Err(cause) => {
                if AWAY.speaks() {
                    complain(&cause, "could not take a job; tries go on, further apart");
                }
                failures += 1;
                tokio::select! {
                    () = app.stop.cancelled() => {}
                    () = tokio::time::sleep(patience(failures)) => {}
                }
            }
        }
    }
}

/// How long a worker waits that could not ask for work: 1 s, 2 s, 4 s, ... at most half a minute.
fn patience(failures: u32) -> Duration {
    let plain = Duration::from_secs(1 << failures.saturating_sub(1).min(5));
    plain.min(Duration::from_secs(30)).mul_f64(rand::random_range(0.8..1.2))
}

async fn wait_for_work(app: &App, hands: &Hands) {
    let vary = rand::random_range(0.9..1.1);
    let wait = async {
        if hands.has_full() {
            tokio::time::sleep(POLL_BESIDE.mul_f64(vary)).await;
        } else {
            app.work.wait(POLL.mul_f64(vary * hands.count() as f64)).await;
        }
    };
    tokio::select! {
        () = app.stop.cancelled() => {}
        () = wait => {}
    }
}

/// Says what went wrong; a full disk is no fault of ours, and passes.
fn complain(cause: &anyhow::Error, what: &'static str) {
    let text = format!("{cause:#}");
    if db::is_full(cause) {
        tracing::warn!(cause = text, "no room on the disk: {what}");
    } else {
        tracing::error!(cause = text, "{what}");
    }
}

/// Works on one job to its end, keeping the lease meanwhile.
async fn work_on(app: &App, lease: &Lease) {
    // One worker was notified; there may be work for the next one too.
    app.work.notify();
    let span = tracing::info_span!("job", id = %lease.id, kind = lease.job.kind());
    async {
        let started = std::time::Instant::now();
        let outcome = tokio::select! {
            outcome = carry_out_if_safe(app, lease) => Some(outcome),
            () = keep_lease(app, lease) => None,
            () = out_of_time(app) => {
                let handed_back = lease.clone();
                let released = app.db.write(handed_back, |tx, lease| Box::pin(release(tx, lease)));
                if let Err(error) = released.await {
                    tracing::warn!(%error, "could not hand a job back");
                }
                return;
            }
        };
        let took = started.elapsed();
        let duration_ms = took.as_millis() as u64;
        let ended = match outcome {
            Some(Ok(())) => {
                tracing::info!(duration_ms, "done");
                "succeeded"
            }
            Some(Err(error)) => record(app, lease, error).await,
            None => {
                tracing::warn!("somebody else has the lease now");
                "fenced"
            }
        };
        measures::JOBS.note([lease.job.kind(), ended], took);
    }
    .instrument(span)
    .await;
}

/// A job whose worker went away time and again is not tried for ever: it may be why they did.
async fn carry_out_if_safe(app: &App, lease: &Lease) -> Result<(), JobError> {
    if lease.kills >= KILLS_MAX {
        return Err(JobError::fail("quarantined", "its workers went away again and again"));
    }
    let carried_out = AssertUnwindSafe(carry_out(app, lease)).catch_unwind().await;
    carried_out.unwrap_or_else(|_| Err(JobError::retry(anyhow::anyhow!("the job panicked"))))
}

/// Returns only when the lease is lost.
async fn keep_lease(app: &App, lease: &Lease) {
    loop {
        tokio::time::sleep(claim::HEARTBEAT).await;
        match claim::renew(&app.db, &app.clock, lease).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "could not renew a lease"),
        }
    }
}

/// Returns some time after the process was told to stop.
async fn out_of_time(app: &App) {
    app.stop.cancelled().await;
    tokio::time::sleep(DRAIN).await;
}

/// Puts a job back that found no room on the disk; a word for how that left it.
async fn put_back(app: &App, lease: &Lease) -> &'static str {
    let later = (lease.clone(), app.clock.now_ms());
    let postponed =
        app.db.write(later, |tx, (lease, now_ms)| Box::pin(postpone(tx, lease, *now_ms)));
    match postponed.await {
        Ok(()) => {
            tracing::warn!("found no room on the disk; waits for it");
            "postponed"
        }
        // The lease runs out, and the job is taken back then.
        Err(error) => {
            tracing::warn!(%error, "found no room on the disk");
            "unrecorded"
        }
    }
}

/// Writes down why a try failed; a word for how that left the job.
async fn record(app: &App, lease: &Lease, error: JobError) -> &'static str {
    if db::is_full(&error.cause) {
        return put_back(app, lease).await;
    }
    let refusal = error.refusal.unwrap_or_else(|| FailureReason {
        code: "processing_failed".to_owned(),
        detail: "the picture could not be processed; the operator's log says why".to_owned(),
    });
    measures::job_failed(lease.job.kind(), &refusal.code);
    // Callers may read what stands in the job; the cause is for operators.
    let text = format!("{}: {}", refusal.code, refusal.detail);
    let cause = format!("{:#}", error.cause);
    let known = (text, redact(&cause), error.words);
    let args = (lease.clone(), known, refusal, error.tries_max, app.clock.now_ms());
    let recorded = app
        .db
        .write(args, |tx, (lease, (text, detail, words), refusal, tries_max, now_ms)| {
            Box::pin(async move {
                let why = Why { cause: &refusal.code, detail, words: words.as_deref() };
                // Before the job's row, as an upload does that finds this job still alive.
                if let Job::Develop { blob } = &lease.job {
                    variants::make::lock(tx, *blob).await?;
                }
                let ending = record_failure(tx, lease, text, why, *tries_max, *now_ms).await?;
                if ending == Ending::Failed {
                    on_gave_up(tx, &lease.job, refusal, *now_ms).await?;
                }
                Ok::<_, sqlx::Error>(ending)
            })
        })
        .await;
    match recorded {
        Ok(Ending::Retry) => {
            tracing::warn!(cause, "failed; will be tried again");
            "retry"
        }
        Ok(Ending::Failed) => {
            tracing::warn!(cause, "failed for good");
            "failed"
        }
        Ok(Ending::Fenced) => {
            tracing::warn!(cause, "failed, but somebody else has it");
            "fenced"
        }
        Err(error) => {
            tracing::warn!(cause, "failed, and it could not be recorded");
            complain(&error.into(), "could not record a failure");
            "unrecorded"
        }
    }
}

/// Small things that are due all the time: expired leases, counters, the hourly sweep.
async fn keep_house(app: App) {
    if let Err(cause) = variants::refine::start_if_new(&app).await {
        tracing::error!(cause = format!("{cause:#}"), "could not look for old variants");
    }
    let mut last_sweep = None::<std::time::Instant>;
    while !app.stop.is_cancelled() {
        if let Err(cause) = keep_house_once(&app).await
            && UNKEPT.speaks()
        {
            complain(&cause, "housekeeping failed");
        }
        if last_sweep.is_none_or(|last| last.elapsed() > check::SWEEP_EVERY) {
            last_sweep = Some(std::time::Instant::now());
            let now_ms = app.clock.now_ms();
            let enqueued = app.db.write(now_ms, |tx, now_ms| {
                Box::pin(jobs::enqueue(tx, &Job::Sweep, None, *now_ms))
            });
            if let Err(cause) = enqueued.await {
                complain(&cause, "could not enqueue the sweep");
            }
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(HOUSEKEEPING) => {}
        }
    }
}

async fn keep_house_once(app: &App) -> anyhow::Result<()> {
    let reaped = claim::reap(&app.db, &app.clock).await.context("reaping expired leases")?;
    if reaped > 0 {
        tracing::info!(reaped, "took jobs back from workers that went away");
    }
    uploads::idempotency::forget(app).await.context("forgetting answers")?;
    events::publish(&app.db).await.context("numbering events")?;
    images::expire::ask_if_due(app).await.context("looking for images that are to go")?;
    counters::fold_if_any(&app.db).await.context("folding counters")
}

/// Carries out everything that is due, one job after the other; for tests and for tools.
pub async fn run_due(app: &App) -> anyhow::Result<()> {
    while let Some(lease) = next_due(app).await? {
        work_on(app, &lease).await;
    }
    Ok(())
}

async fn next_due(app: &App) -> anyhow::Result<Option<Lease>> {
    let worker = &app.spool.process_id;
    let current = pauses::current(&mut app.db.read().await?, app.clock.now_ms()).await?;
    let mut barred = Barred::by(&current, worker);
    if app.room.is_low() {
        barred.kinds.extend(KINDS.into_iter().filter(|kind| !FREEING.contains(kind)));
    }
    claim::claim(&app.db, &app.clock, worker, &barred).await
}
