//! Sizes of a picture: what is made, the making, the serving.

pub mod discard;
pub mod location;
pub mod make;
pub mod on_demand;
pub mod owners;
pub mod previews;
pub mod prune;
pub mod refine;
pub mod remake;
pub mod resolved;
pub mod routes;
pub mod sql;

use serde::{Deserialize, Serialize};

use crate::blobs::{BlobKey, Original};
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::http::prefer;
use crate::ids::BlobId;
use crate::shares::Bounds;
use crate::tiers::Preset;
use crate::{execute, fetch_all, fetch_one};

/// `[variants]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct VariantsConfig {
    /// Seconds a GET waits for a variant that is not made yet; `Prefer: wait=N` changes it.
    pub wait_secs: u64,
    /// Requests that may wait so at the same time, a quarter of them of one account; more are told at
    /// once to come again.
    pub waiters_max: usize,
}

impl Default for VariantsConfig {
    fn default() -> Self {
        Self { wait_secs: 10, waiters_max: 512 }
    }
}

impl VariantsConfig {
    /// Places of requests that wait, by account.
    pub fn waiting_places(&self) -> Bounds {
        Bounds { all: self.waiters_max, each: self.waiters_max.div_ceil(4), queue: 0 }
    }

    /// Turns at one blob. Whoever waits for one has a waiting place, and there are no more of those.
    pub fn strips(&self) -> Bounds {
        Bounds { all: self.waiters_max, each: 1, queue: self.waiters_max }
    }

    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.wait_secs > prefer::WAIT_SECS_MAX {
            let most = prefer::WAIT_SECS_MAX;
            problems.push(format!("variants.wait_secs: must be at most {most}"));
        }
        if !(1..=100_000).contains(&self.waiters_max) {
            problems.push("variants.waiters_max: must be between 1 and 100000".to_owned());
        }
        problems
    }
}

/// A variant that was made and stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Variant {
    pub blob_id: BlobId,
    pub preset: String,
    pub version: i64,
    pub pixels_version: i64,
    pub format: String,
    pub width: i64,
    pub height: i64,
    pub bytes: i64,
    pub hash: Vec<u8>,
}

impl Variant {
    /// Where its bytes are. `original` is that of its blob.
    pub fn key<'a>(&'a self, original: &'a Original) -> BlobKey<'a> {
        BlobKey::Variant {
            original,
            preset: &self.preset,
            version: self.version,
            pixels_version: self.pixels_version,
        }
    }
}

/// The version of `pixels` that makes variants now.
pub const PIXELS_VERSION: i64 = pixels::VERSION as i64;

impl Variant {
    pub fn is_current(&self, preset: &Preset) -> bool {
        self.preset == preset.name
            && self.version == preset.version
            && self.pixels_version == PIXELS_VERSION
    }
}

pub async fn of_blob(conn: &mut Conn, blob: BlobId) -> sqlx::Result<Vec<Variant>> {
    fetch_all!(conn, Variant, sql::SELECT_OF_BLOB, blob)
}

/// The newest variant of that name: an old one serves until the new one exists.
pub fn latest<'a>(made: &'a [Variant], blob: BlobId, preset: &str) -> Option<&'a Variant> {
    let candidates = made.iter().filter(|v| v.blob_id == blob && v.preset == preset);
    candidates.max_by_key(|variant| (variant.version, variant.pixels_version))
}

/// Removes the rows of all variants of a blob; their bytes go with the blob's.
pub async fn forget(tx: &mut Conn, blob: BlobId) -> sqlx::Result<()> {
    let (bytes,) = fetch_one!(tx, (i64,), sql::SUM_BYTES, blob)?;
    execute!(tx, sql::DELETE_OF_BLOB, blob)?;
    counters::add(tx, CounterScope::Lab, counters::VARIANT_BYTES, -bytes).await
}
