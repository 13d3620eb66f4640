//! Background work: a row is the truth, a notification is the speed.
//!
//! A job is enqueued in the transaction of the row it concerns. Workers claim the best row under a
//! lease with a fencing number; whoever comes with an old number cannot commit. Jobs may run twice.

pub mod attempts;
pub mod claim;
mod config;
pub mod enqueue;
pub mod finish;
pub mod hands;
mod lease;
mod notifier;
pub mod outcome;
pub mod pauses;
mod prune;
pub mod rollup;
pub mod sql;
pub mod stages;
pub mod workers;

pub use config::JobsConfig;
pub use enqueue::{Priority, enqueue, enqueue_for, is_live, is_live_state};
pub use finish::{Fenced, JobError, cancel_waiting, complete, complete_alone};
pub use lease::Lease;
pub use notifier::Notifier;
pub use pauses::Barred;
pub use prune::prune;

use crate::ids::{AccountId, ActionId, BlobId, ImageId};
use serde::{Deserialize, Serialize};

/// Everything a worker can be asked to do. Ids only: the handler reads the rows anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Every image of the blob has what its owner's tier wants at upload, or is failed.
    Develop { blob: BlobId },
    /// The blob has this variant.
    MakeVariant { blob: BlobId, preset: String, version: i64 },
    /// Every image of the blob has what its owner's tier wants now, in the versions of now.
    Refine { blob: BlobId },
    /// There is a `Refine` for whatever the images of an account, or of all, lack.
    BackFill { account: Option<AccountId>, since_ms: i64, after: ImageId },
    /// The original of a blob whose image is ready is gone.
    Discard { blob: BlobId },
    /// Images whose time is over are deleted.
    Expire,
    /// A blob that nobody refers to any more is gone, with all its variants.
    DeleteBlob { blob: BlobId },
    /// Nothing is stored that no row refers to; rows of finished jobs are not kept for ever.
    Sweep,
    /// What somebody wanted done to many jobs is done.
    Act { action: ActionId },
}

/// Every kind there is.
pub const KINDS: [&str; 9] = [
    "develop",
    "make_variant",
    "refine",
    "back_fill",
    "discard",
    "expire",
    "delete_blob",
    "sweep",
    "act",
];
/// Those that store nothing: while the disk is full they make room.
pub const FREEING: [&str; 4] = ["discard", "expire", "delete_blob", "sweep"];

impl Job {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Develop { .. } => "develop",
            Self::MakeVariant { .. } => "make_variant",
            Self::Refine { .. } => "refine",
            Self::BackFill { .. } => "back_fill",
            Self::Discard { .. } => "discard",
            Self::Expire => "expire",
            Self::DeleteBlob { .. } => "delete_blob",
            Self::Sweep => "sweep",
            Self::Act { .. } => "act",
        }
    }

    /// At most one live job has a key: asking twice for the same work gives one job.
    pub fn unique_key(&self) -> String {
        match self {
            Self::Develop { blob } => format!("develop:{}", blob.simple()),
            Self::MakeVariant { blob, preset, version } => {
                format!("variant:{}:{preset}:{version}", blob.simple())
            }
            Self::Refine { blob } => refine_key(*blob),
            Self::BackFill { account, since_ms, after } => {
                let whose = account.unwrap_or_default().simple();
                format!("back_fill:{whose}:{since_ms}:{}", after.simple())
            }
            Self::Discard { blob } => format!("discard:{}", blob.simple()),
            Self::Expire => "expire".to_owned(),
            Self::DeleteBlob { blob } => format!("delete:{}", blob.simple()),
            Self::Sweep => "sweep".to_owned(),
            Self::Act { action } => format!("act:{}", action.simple()),
        }
    }

    fn priority(&self) -> Priority {
        match self {
            Self::MakeVariant { .. } => Priority::Awaited,
            Self::Develop { .. } | Self::DeleteBlob { .. } | Self::Expire => Priority::Normal,
            Self::Discard { .. } | Self::Refine { .. } | Self::Sweep | Self::Act { .. } => {
                Priority::Low
            }
            Self::BackFill { .. } => Priority::Idle,
        }
    }

    pub fn blob(&self) -> Option<BlobId> {
        match self {
            Self::Develop { blob }
            | Self::MakeVariant { blob, .. }
            | Self::Refine { blob }
            | Self::DeleteBlob { blob } => Some(*blob),
            // Discarding waits for work on the blob, and is none itself.
            Self::Discard { .. }
            | Self::BackFill { .. }
            | Self::Expire
            | Self::Sweep
            | Self::Act { .. } => None,
        }
    }
}

/// The key of the job that refines a blob: who wants one of its variants looks whether it is at work.
pub fn refine_key(blob: BlobId) -> String {
    format!("refine:{}", blob.simple())
}
