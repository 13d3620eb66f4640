//! Outcome of a try, and the word it is stored as.

use serde::Serialize;

/// Outcome: how a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Succeeded,
    /// It failed, and the job is tried again.
    Retry,
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// Its process went away.
    Lost,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Retry => "retry",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}
