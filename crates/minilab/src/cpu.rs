//! The only way to leave the async threads: for file calls and short computations.

use anyhow::Context;

/// Runs `work` on the blocking pool, inside the caller's span.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub async fn run<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
        .await
        .context("a worker thread died")?
}

/// How many cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
