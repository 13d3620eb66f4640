//! `minilab jobs`: the queue from the shell, by the same functions as the API.

mod act;
mod look;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{Settings, existing, runtime};
use crate::clock::Clock;
use crate::db::Db;

#[derive(Subcommand)]
pub(super) enum JobsCommand {
    /// List jobs, newest first
    #[command(
        after_help = "Example:\n  minilab jobs list --filter 'state:failed since:2h' --data ./data"
    )]
    List(List),
    /// Show a job with every try it had, and why it waits
    Show(Show),
    /// Try jobs again that failed or were cancelled
    #[command(after_help = "Examples:\n  \
        minilab jobs retry --filter cause:render_timeout --dry-run\n  \
        minilab jobs retry 01985f4e-7a10-7c55-8b3d-0f4a7f0e8f10")]
    Retry(Act),
    /// Cancel jobs that wait or are at work
    Cancel(Act),
    /// Do not begin jobs of one kind, of account:ID, by worker:NAME, or all
    #[command(
        after_help = "Example:\n  minilab jobs pause develop --reason 'new disk' --until 2026-12-01T06:00:00Z"
    )]
    Pause(Pause),
    /// Begin them again
    Resume(Resume),
    /// List the processes that work on jobs, and what each is at
    Workers(Settings),
    /// List what jobs failed of, the most frequent first
    Causes(Settings),
}

#[derive(Args)]
pub(super) struct List {
    /// Words that must all hold, such as `state:failed kind:develop wait:>1s`
    #[arg(long, value_name = "WORDS", default_value = "")]
    filter: String,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// A line of JSON for each
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Args)]
pub(super) struct Show {
    id: Uuid,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Args)]
pub(super) struct Act {
    #[arg(value_name = "ID", required_unless_present = "filter", conflicts_with = "filter")]
    ids: Vec<Uuid>,
    /// All that it finds; empty is all jobs
    #[arg(long, value_name = "WORDS")]
    filter: Option<String>,
    /// Only count
    #[arg(long)]
    dry_run: bool,
    /// For the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Args)]
pub(super) struct Pause {
    /// `all`, a kind of job, `account:ID` or `worker:NAME`
    subject: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// When it ends by itself, such as 2026-12-01T06:00:00Z
    #[arg(long, value_name = "MOMENT")]
    until: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Args)]
pub(super) struct Resume {
    /// As it was paused
    subject: String,
    #[command(flatten)]
    settings: Settings,
}

pub(super) fn run(command: JobsCommand) -> anyhow::Result<ExitCode> {
    use crate::queue::verb::Verb;
    match command {
        JobsCommand::List(list) => {
            with_db(list.settings.clone(), async |db| look::list(db, &list).await)
        }
        JobsCommand::Show(show) => {
            with_db(show.settings.clone(), async |db| look::show(db, show.id).await)
        }
        JobsCommand::Retry(act) => {
            with_db(act.settings.clone(), async |db| act::act(db, Verb::Retry, &act).await)
        }
        JobsCommand::Cancel(act) => {
            with_db(act.settings.clone(), async |db| act::act(db, Verb::Cancel, &act).await)
        }
        JobsCommand::Pause(pause) => {
            with_db(pause.settings.clone(), async |db| act::pause(db, &pause).await)
        }
        JobsCommand::Resume(resume) => {
            with_db(resume.settings.clone(), async |db| act::resume(db, &resume.subject).await)
        }
        JobsCommand::Workers(settings) => with_db(settings, async |db| look::workers(db).await),
        JobsCommand::Causes(settings) => with_db(settings, async |db| look::causes(db).await),
    }
}

fn with_db(
    settings: Settings,
    body: impl AsyncFnOnce(&Db) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    let config = settings.load(|_| {})?;
    runtime()?.block_on(async {
        let db = existing::open_db(&config).await?;
        let outcome = body(&db).await;
        db.close().await;
        outcome.map(|()| ExitCode::SUCCESS)
    })
}

fn now_ms() -> i64 {
    Clock::default().now_ms()
}
