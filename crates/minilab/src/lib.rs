//! Minilab: a photo lab in one binary.
//!
//! A request comes in through [`router`]; a feature decides; rows go to [`db`], bytes to [`blobs`];
//! background work is a row in [`jobs`] that [`worker`] carries out, and strangers' pictures are
//! only ever decoded in the child processes of [`render_pool`].

pub mod cli;
pub mod config;

pub mod app;
pub mod archive;
pub mod openapi;
pub mod router;
pub mod start;
pub mod waiting;
pub mod worker;

pub mod accounts;
pub mod admin;
pub mod check;
pub mod counters;
pub mod dropin;
pub mod events;
pub mod feed;
pub mod gallery;
pub mod health;
pub mod images;
pub mod jobs;
pub mod links;
pub mod metrics;
pub mod sharing;
pub mod stats;
pub mod tiers;
pub mod upload_links;
pub mod uploads;
pub mod variants;

pub mod blobs;
pub mod cache;
pub mod clock;
pub mod cpu;
pub mod db;
pub mod http;
pub mod ids;
pub mod limits;
pub mod measures;
pub mod memory;
pub mod private;
pub mod queue;
pub mod redact;
pub mod render_pool;
pub mod room;
pub mod seldom;
pub mod shares;
pub mod spool;
pub mod text;
pub mod ui;

/// Starts a task that keeps the span it was started in, so its log lines name their request.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub fn spawn<F>(task: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    use tracing::Instrument;
    tokio::spawn(task.in_current_span())
}
