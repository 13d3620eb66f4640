//! Waiting for something to become true: asked again and again, up to a deadline.

use std::fmt::Display;
use std::time::{Duration, Instant};

const ASK_AGAIN: Duration = Duration::from_millis(15);

/// Asks until there is an answer; panics, naming what was waited for, when there is none in time.
pub fn until<T>(what: impl Display, patience: Duration, ask: impl FnMut() -> Option<T>) -> T {
    try_until(patience, ask).unwrap_or_else(|| panic!("{what}: not within {patience:?}"))
}

/// Asks until there is an answer or the time is over.
pub fn try_until<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(ASK_AGAIN);
    }
}
