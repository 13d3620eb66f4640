//! How long events are kept.

use serde::{Deserialize, Serialize};

/// `[events]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct EventsConfig {
    /// Days that events are kept.
    pub kept_days: u32,
    /// Days that events of the audit log are kept.
    pub audit_kept_days: u32,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self { kept_days: 30, audit_kept_days: 730 }
    }
}

impl EventsConfig {
    /// Everything that is wrong, each problem naming its key.
    pub fn problems(&self) -> Vec<String> {
        [("events.kept_days", self.kept_days), ("events.audit_kept_days", self.audit_kept_days)]
            .into_iter()
            .filter(|(_, days)| !(1..=36_500).contains(days))
            .map(|(key, days)| format!("{key}: {days} is not from 1 to 36500"))
            .collect()
    }
}
