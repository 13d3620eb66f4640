//! The log: lines to stderr, so that stdout is the command's own.

use std::io::{BufWriter, IsTerminal as _};

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

use crate::config::{Config, LogFormat};

/// Lines that wait to be written. When nobody reads them, newer ones are lost: a log keeps nobody waiting.
const LINES_MAX: usize = 16_384;

/// The thread that writes the lines, until this is dropped: some milliseconds later all of them are written.
#[must_use = "what is logged after it is gone is lost"]
pub(super) struct Log(#[expect(dead_code, reason = "its end is what it is for")] WorkerGuard);

/// Starts the log of this process.
pub(super) fn start(config: &Config) -> anyhow::Result<Log> {
    let filter = config.log.filter.parse::<tracing_subscriber::EnvFilter>()?;
    // A request that is answered in 30 µs does not wait for a write of its own.
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_MAX)
        .thread_name("log")
        .finish(BufWriter::new(std::io::stderr()));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(writer);
    match config.log.format {
        LogFormat::Text => log.compact().init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(Log(guard))
}
