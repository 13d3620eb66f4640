//! How slowly bytes may pass, in either direction.

use std::time::Duration;

/// What the other side must keep up. Only time in which it is waited for counts.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Without a byte.
    pub idle: Duration,
    /// Bytes a second on average, once `idle` has been waited for.
    pub rate_min: u64,
}

impl Pace {
    /// How much longer the next byte may take, when `bytes` passed and were waited for so long in all.
    pub fn patience(self, bytes: u64, waited: Duration) -> Duration {
        let earned = self.idle + Duration::from_secs(bytes / self.rate_min);
        self.idle.min(earned.saturating_sub(waited))
    }
}

/// Holds one reader against its pace. Somebody looks again and again; nothing is done in between.
#[derive(Debug, Default)]
pub(super) struct Meter {
    bytes: u64,
    /// Whether it was waited for at the last look.
    was_waited_for: bool,
    waited: Duration,
    still: Duration,
}

impl Meter {
    /// Whether the reader is too slow. `waited` is the time since the last look, if it is waited for now: it
    /// counts if it was then, too. `bytes` is all that it has taken.
    pub(super) fn is_too_slow(&mut self, pace: Pace, bytes: u64, waited: Option<Duration>) -> bool {
        if bytes != self.bytes {
            self.bytes = bytes;
            self.still = Duration::ZERO;
        }
        let was_waited_for = std::mem::replace(&mut self.was_waited_for, waited.is_some());
        let Some(waited) = waited.filter(|_| was_waited_for) else { return false };
        self.waited += waited;
        self.still += waited;
        self.still > pace.patience(bytes, self.waited.saturating_sub(self.still))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { idle: Duration::from_secs(30), rate_min: 1000 };

    /// Looks every second; the second after which the reader is given up.
    fn given_up_after(taken_by: impl Fn(u64) -> u64, is_waited_for: impl Fn(u64) -> bool) -> u64 {
        let mut meter = Meter::default();
        (1..=1000)
            .find(|&second| {
                let waited = is_waited_for(second).then_some(Duration::from_secs(1));
                meter.is_too_slow(PACE, taken_by(second), waited)
            })
            .unwrap_or(u64::MAX)
    }

    #[test]
    fn who_takes_nothing_or_too_little_is_given_up() {
        for (what, taken_by, expected) in [
            ("nothing", (|_| 0) as fn(u64) -> u64, 32),
            ("one byte a second", |second| second, 32),
            ("half of what is due", |second| second * 500, 63),
            ("a lot, then nothing", |second| second.min(100) * 100_000, 130),
            ("what is due", |second| second * 1000, u64::MAX),
        ] {
            assert_eq!(given_up_after(taken_by, |_| true), expected, "{what}");
        }
    }

    #[test]
    fn an_answer_with_nothing_to_send_is_not_slow() {
        assert_eq!(given_up_after(|_| 0, |_| false), u64::MAX);
        assert_eq!(given_up_after(|_| 0, |second| second % 4 != 0), 62);
        // Now and then is not all the time.
        assert_eq!(given_up_after(|_| 0, |second| second % 2 == 0), u64::MAX);
    }
}
