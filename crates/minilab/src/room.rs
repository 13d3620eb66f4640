//! Free disk: under a floor nothing new is taken in, so that what makes room can still be written.
//!
//! The state is looked at, not kept: when there is room again, all goes on by itself. A write that finds
//! the disk full all the same is told by [`db::is_full`](crate::db::is_full) from a fault of ours.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::http::Problem;
use crate::http::problem::disk_full;
use crate::limits::Limit;

/// `[room]`
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct RoomConfig {
    /// Bytes of disk that stay free: under them uploads are refused and no variants are made. 0 is the
    /// smaller of 512 MiB and 2 % of the file system.
    pub floor_bytes: u64,
}

const FLOOR_BYTES_MAX: u64 = 512 << 20;
/// One in so many parts of a file system.
const FLOOR_PART: u64 = 50;
/// Files that can still be made; with fewer the disk is as good as full.
const FILES_MIN: u64 = 64;
/// What was seen is believed so long.
const FRESH: Duration = Duration::from_millis(200);

/// Watches the file systems that bytes go to. A clone watches the same ones.
#[derive(Clone)]
pub struct Room(Arc<RoomInner>);

struct RoomInner {
    /// The data directory, and the blobs if they are elsewhere.
    places: Vec<PathBuf>,
    floor_bytes: u64,
    start: Instant,
    /// Milliseconds after `start` until which `above` is believed.
    fresh_until: AtomicU64,
    /// Bytes above the floor, where there are the fewest; 0 is none.
    above: AtomicU64,
    /// What uploads under way are about to write.
    promised: AtomicU64,
    /// Whether the log knows.
    told: AtomicBool,
}

/// Bytes that are about to be written. Given back when this is dropped: by then the disk shows them.
pub struct Promise {
    room: Room,
    bytes: u64,
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.room.0.promised.fetch_sub(self.bytes, Ordering::Relaxed);
        self.room.0.fresh_until.store(0, Ordering::Relaxed);
    }
}

impl Room {
    pub fn new(config: &RoomConfig, data: &Path, blobs: &Path) -> Self {
        let is_inside = blobs.starts_with(data);
        let places = [Some(data), Some(blobs).filter(|_| !is_inside)];
        Self(Arc::new(RoomInner {
            places: places.into_iter().flatten().map(Path::to_owned).collect(),
            floor_bytes: config.floor_bytes,
            start: Instant::now(),
            fresh_until: AtomicU64::new(0),
            above: AtomicU64::new(0),
            promised: AtomicU64::new(0),
            told: AtomicBool::new(false),
        }))
    }

    /// Whether the disk is as good as full.
    pub fn is_low(&self) -> bool {
        self.above() == 0
    }

    /// Refuses what would go under the floor.
    pub fn check(&self, bytes: u64) -> Result<(), Problem> {
        let above = self.above();
        if above == 0 || above < bytes { Err(disk_full()) } else { Ok(()) }
    }

    /// The same, and counts these bytes as written until they are.
    pub fn promise(&self, bytes: u64) -> Result<Promise, Problem> {
        self.0.promised.fetch_add(bytes, Ordering::Relaxed);
        let promise = Promise { room: self.clone(), bytes };
        // Its own bytes are among those promised.
        if self.above() == 0 { Err(disk_full()) } else { Ok(promise) }
    }

    /// Bytes that may be written yet.
    fn above(&self) -> u64 {
        let now_ms = self.0.start.elapsed().as_millis() as u64;
        if now_ms >= self.0.fresh_until.load(Ordering::Relaxed) {
            let above = self.0.places.iter().map(|place| self.look(place)).min().unwrap_or(0);
            self.0.above.store(above, Ordering::Relaxed);
            let until = now_ms + FRESH.as_millis() as u64;
            self.0.fresh_until.store(until, Ordering::Relaxed);
            self.tell(above == 0);
        }
        let above = self.0.above.load(Ordering::Relaxed);
        above.saturating_sub(self.0.promised.load(Ordering::Relaxed))
    }

    fn look(&self, place: &Path) -> u64 {
        // What cannot be asked is not taken for full: the write itself will tell.
        let Ok(facts) = rustix::fs::statvfs(place) else { return u64::MAX };
        let (all, free) = (facts.f_blocks * facts.f_frsize, facts.f_bavail * facts.f_frsize);
        let floor = match self.0.floor_bytes {
            0 => FLOOR_BYTES_MAX.min(all / FLOOR_PART),
            floor => floor,
        };
        // Some file systems tell of no files at all: they have no bound.
        if facts.f_files > 0 && facts.f_favail < FILES_MIN {
            return 0;
        }
        free.saturating_sub(floor)
    }

    fn tell(&self, is_low: bool) {
        if self.0.told.swap(is_low, Ordering::Relaxed) == is_low {
            return;
        }
        if is_low {
            let settings = Limit::Disk.settings();
            tracing::warn!(settings, "the disk is full: no uploads, no new variants");
        } else {
            tracing::info!("there is room on the disk again");
        }
    }
}
