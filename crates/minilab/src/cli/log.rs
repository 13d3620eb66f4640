//! The log: lines to stderr, so that stdout is the command's own.
//!
//! Lines are gathered and written many at once by a thread of their own. A request is answered in 30 µs: a
//! write to a file for each would be a tenth of that, and a reader that stops reading would stop everything.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Config, LogFormat};

/// How long a line may lie.
const WRITE_EVERY: Duration = Duration::from_millis(20);
/// Bytes that may lie. When nobody reads them, newer lines are lost: a log keeps nobody waiting.
const BYTES_MAX: usize = 4 << 20;
/// How long the last lines may take.
const END_WITHIN: Duration = Duration::from_secs(1);

/// The log of this process. When it is dropped, all lines are written.
#[must_use = "what is logged after it is gone is lost"]
pub(super) struct Log {
    lines: Arc<Lines>,
    writing: Option<JoinHandle<()>>,
}

/// Starts it.
pub(super) fn start(config: &Config) -> anyhow::Result<Log> {
    let filter = config.log.filter.parse::<tracing_subscriber::EnvFilter>()?;
    let lines = Arc::new(Lines::default());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(lines.clone());
    match config.log.format {
        LogFormat::Text => log.compact().init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    let writing = std::thread::Builder::new().name("log".to_owned()).spawn({
        let lines = lines.clone();
        move || lines.write_out(&mut io::stderr())
    })?;
    Ok(Log { lines, writing: Some(writing) })
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines.waiting().is_over = true;
        self.lines.changed.notify_all();
        let deadline = Instant::now() + END_WITHIN;
        // Whoever does not read the last lines is not waited for longer.
        while self.writing.as_ref().is_some_and(|writing| !writing.is_finished()) {
            if Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some(writing) = self.writing.take() {
            let _ = writing.join();
        }
    }
}

/// Lines that wait to be written.
#[derive(Default)]
struct Lines {
    waiting: Mutex<WaitingLines>,
    changed: Condvar,
}

#[derive(Default)]
struct WaitingLines {
    bytes: Vec<u8>,
    /// Lines for which there was no room.
    lost: u64,
    is_over: bool,
}

impl Lines {
    fn waiting(&self) -> MutexGuard<'_, WaitingLines> {
        self.waiting.lock().expect("nobody panics holding it")
    }

    /// Writes what comes, until it is over.
    fn write_out(&self, out: &mut impl Write) {
        let mut taken = Vec::new();
        loop {
            let mut waiting = self.waiting();
            while waiting.bytes.is_empty() && !waiting.is_over {
                waiting = self.changed.wait(waiting).expect("nobody panics holding it");
            }
            if !waiting.is_over {
                // More come meanwhile.
                waiting = self
                    .changed
                    .wait_timeout_while(waiting, WRITE_EVERY, |waiting| !waiting.is_over)
                    .expect("nobody panics holding it")
                    .0;
            }
            let (is_over, lost) = (waiting.is_over, std::mem::take(&mut waiting.lost));
            std::mem::swap(&mut waiting.bytes, &mut taken);
            drop(waiting);
            // Nowhere to complain to.
            let _ = out.write_all(&taken).and_then(|()| out.flush());
            if lost > 0 {
                let _ =
                    writeln!(out, "minilab: {lost} lines of the log were lost, nobody read them");
            }
            taken.clear();
            if is_over {
                return;
            }
        }
    }
}

/// Takes a line, as one write.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.waiting();
        if waiting.bytes.len() + line.len() > BYTES_MAX {
            waiting.lost += 1;
            return Ok(line.len());
        }
        if waiting.bytes.is_empty() {
            self.changed.notify_one();
        }
        waiting.bytes.extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_written_whole_and_in_order_and_what_has_no_room_is_counted() {
        let lines = Arc::new(Lines::default());
        let writer = std::thread::spawn({
            let lines = lines.clone();
            move || {
                let mut out = Vec::new();
                lines.write_out(&mut out);
                out
            }
        });
        let expected = (0..10_000).map(|n| n.to_string() + "\n").collect::<String>();
        for line in expected.split_inclusive('\n') {
            (&*lines).write_all(line.as_bytes()).unwrap();
        }
        lines.waiting().is_over = true;
        lines.changed.notify_one();
        assert_eq!(String::from_utf8(writer.join().unwrap()).unwrap(), expected);

        let lines = Lines::default();
        for _ in 0..5 {
            (&lines).write_all(&vec![b'a'; BYTES_MAX / 4]).unwrap();
        }
        lines.waiting().is_over = true;
        let mut out = Vec::new();
        lines.write_out(&mut out);
        let told = &out[BYTES_MAX..];
        assert!(told.starts_with(b"minilab: 1 lines of the log were lost"));
    }
}
