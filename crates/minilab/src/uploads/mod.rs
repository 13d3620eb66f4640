//! Bytes coming in: received, verified, stored once, acknowledged when they are safe.

mod batch;
mod body_limits;
mod buffer;
mod error;
mod files;
pub mod idempotency;
mod receive;
pub mod routes;
pub mod sql;
mod store;

pub use batch::{Batch, Brought, UploadItem};
pub use store::StoredImage;

use serde::{Deserialize, Serialize};

/// `[uploads]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct UploadsConfig {
    /// Files in one request.
    pub files_max: usize,
    /// Bytes of all files of one request.
    pub bytes_max: u64,
    /// Seconds without a byte after which a sender is given up.
    pub idle_secs: u64,
    /// Bytes a second that a sender must reach on average, once `idle_secs` were waited for.
    pub rate_min: u64,
}

impl Default for UploadsConfig {
    fn default() -> Self {
        Self { files_max: 100, bytes_max: 4 << 30, idle_secs: 30, rate_min: 4096 }
    }
}

impl UploadsConfig {
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !(1..=10_000).contains(&self.files_max) {
            problems.push("uploads.files_max: must be between 1 and 10000".to_owned());
        }
        if self.bytes_max == 0 {
            problems.push("uploads.bytes_max: starts at 1".to_owned());
        }
        if !(1..=3600).contains(&self.idle_secs) {
            problems.push("uploads.idle_secs: must be between 1 and 3600".to_owned());
        }
        if self.rate_min == 0 {
            problems.push("uploads.rate_min: starts at 1".to_owned());
        }
        problems
    }
}
