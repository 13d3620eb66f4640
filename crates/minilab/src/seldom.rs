//! What goes on and on is said once a minute.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const EVERY_SECS: u64 = 60;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Lets one through, and the next one a minute later.
pub struct Seldom {
    quiet_until: AtomicU64,
}

impl Seldom {
    pub const fn new() -> Self {
        Self { quiet_until: AtomicU64::new(0) }
    }

    /// Whether it may be said now; of many who ask at once one may.
    pub fn speaks(&self) -> bool {
        let now = START.elapsed().as_secs();
        let until = self.quiet_until.load(Ordering::Relaxed);
        let next = now + EVERY_SECS;
        now >= until
            && self
                .quiet_until
                .compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_minute_is_not_twice() {
        let seldom = Seldom::new();
        assert_eq!([(); 3].map(|()| seldom.speaks()), [true, false, false]);
    }
}
