//! The only way to tell time. Tests turn it forward instead of waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Clone, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicI64>,
}

impl Clock {
    /// Milliseconds since 1970 UTC.
    #[expect(clippy::disallowed_methods, reason = "the one place that may")]
    pub fn now_ms(&self) -> i64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since_epoch.as_millis() as i64 + self.ahead_ms.load(Ordering::Relaxed)
    }

    /// Turns this clock, and every clone of it, forward.
    pub fn advance(&self, by: Duration) {
        self.ahead_ms.fetch_add(by.as_millis() as i64, Ordering::Relaxed);
    }
}

/// `2026-11-21`, UTC.
pub fn day(ms: i64) -> String {
    let timestamp = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    timestamp.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// `2026-11-21T09:30:00.125Z`, as every time in an answer is written.
pub fn rfc3339(ms: i64) -> String {
    let timestamp = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    format!("{timestamp:.3}")
}
