//! How long ended jobs are kept.

use serde::{Deserialize, Serialize};

/// `[jobs]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct JobsConfig {
    /// Days that jobs are kept which succeeded or were cancelled.
    pub kept_days: u32,
    /// Failed jobs that are kept, until they are resolved; beyond them the oldest go.
    pub failed_max: u32,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self { kept_days: 7, failed_max: 100_000 }
    }
}

impl JobsConfig {
    /// Everything that is wrong, each problem naming its key.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !(1..=3650).contains(&self.kept_days) {
            problems.push(format!("jobs.kept_days: {} is not from 1 to 3650", self.kept_days));
        }
        if !(1..=10_000_000).contains(&self.failed_max) {
            let wrong = self.failed_max;
            problems.push(format!("jobs.failed_max: {wrong} is not from 1 to 10000000"));
        }
        problems
    }
}
