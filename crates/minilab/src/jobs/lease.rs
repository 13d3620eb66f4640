//! Lease, what a worker holds of the job that it works on.

use std::sync::Arc;

use super::Job;
use super::stages::Stages;
use crate::ids::{AccountId, JobId};

/// Lease of a job: this worker may work on it, for now.
#[derive(Clone, Debug)]
pub struct Lease {
    pub id: JobId,
    /// The fencing number: raised by every claim.
    pub number: i64,
    pub job: Job,
    pub account: Option<AccountId>,
    /// This try counted, 1-based.
    pub attempts: i64,
    /// Workers that went away with it in hand.
    pub kills: i64,
    pub worker: String,
    pub claimed_ms: i64,
    /// How long it could have been claimed before it was.
    pub waited_ms: i64,
    /// What this try is at.
    pub stages: Arc<Stages>,
}
