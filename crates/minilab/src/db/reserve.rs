//! A file that holds room for the database: given up when a write finds the disk full.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};

use crate::private;

const FILE: &str = "minilab.reserve";
const BYTES_MAX: u64 = 4 << 20;
/// One in so many parts of a file system.
const PART: u64 = 40;

/// With less, a write that failed may have failed for want of room.
const FULL_BYTES: u64 = 512 << 10;

/// Room for some writes more: deletes go on when others have filled the disk to the last byte.
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// The reserve of a data directory; filled when there is room.
    pub fn open(data: &Path) -> Self {
        let reserve = Self { path: data.join(FILE) };
        reserve.fill();
        reserve
    }

    /// Takes room again, if there is plenty; false when there is not.
    pub fn fill(&self) -> bool {
        let place = self.path.parent().expect("a file has a folder");
        let Ok(facts) = rustix::fs::statvfs(place) else { return true };
        let all = facts.f_blocks * facts.f_frsize;
        let bytes = BYTES_MAX.min(all / PART);
        if self.path.exists() {
            return true;
        }
        if facts.f_bavail * facts.f_frsize < 4 * bytes {
            return false;
        }
        let filled = private::create(&self.path)
            .and_then(|file| Ok(fallocate(&file, FallocateFlags::empty(), 0, bytes)?));
        if filled.is_err() {
            // A file system that cannot hold room for later: then there is none.
            let _ = std::fs::remove_file(&self.path);
        }
        true
    }

    /// Gives the room up if the disk is full; false when it is not.
    pub fn give_up_if_full(&self) -> bool {
        let place = self.path.parent().expect("a file has a folder");
        let free = rustix::fs::statvfs(place).map_or(0, |facts| facts.f_bavail * facts.f_frsize);
        if free >= FULL_BYTES {
            return false;
        }
        match std::fs::remove_file(&self.path) {
            Ok(()) => tracing::warn!("the disk is full: gave up what was reserved"),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(%error, "could not give up what was reserved on the disk");
            }
        }
        true
    }
}
