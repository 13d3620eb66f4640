//! `[scrub]`: how fast everything that is stored is read over.

use serde::{Deserialize, Serialize};

/// `[scrub]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct ScrubConfig {
    /// Stored bytes that are read over in a second, beside all other work; 0 never does.
    pub rate_bytes: u64,
    /// Hours from the beginning of one pass over everything to that of the next, at least.
    pub every_hours: u64,
}

impl Default for ScrubConfig {
    fn default() -> Self {
        Self { rate_bytes: 4 << 20, every_hours: 7 * 24 }
    }
}

impl ScrubConfig {
    pub fn problems(&self) -> Vec<String> {
        let is_slow = self.rate_bytes > 0 && self.rate_bytes < 64 * 1024;
        let mut problems = Vec::new();
        if is_slow {
            problems.push("scrub.rate_bytes: must be 0, or at least 65536".to_owned());
        }
        if !(1..=100_000).contains(&self.every_hours) {
            problems.push("scrub.every_hours: must be between 1 and 100000".to_owned());
        }
        problems
    }
}
