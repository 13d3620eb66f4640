//! Old files that others may read: once made by an earlier version, or opened by hand.

use std::fs::{self, Metadata, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Rights of others than the owner.
const OPEN: u32 = 0o077;
/// Bits that somebody sets on purpose: such a directory is not ours alone.
const SPECIAL: u32 = 0o7000;
/// What Minilab puts into a data directory.
const OURS: [&str; 8] = [
    "minilab.db",
    "minilab.db-wal",
    "minilab.db-shm",
    "minilab.lock",
    "minilab.reserve",
    "spool",
    "secrets",
    "blobs",
];
/// What it puts into a directory of blobs.
const BLOBS: [&str; 3] = ["originals", "variants", crate::blobs::LAB_FILE];
/// How far below these is looked in any case: at the shards of blobs, at the files of secrets.
const DEPTH: u32 = 1;

/// Takes the rights of others away from all that is ours in the data directory and among the blobs.
///
/// A directory that is private already hides what is below, so there nothing but the directories is
/// looked at: a start does not walk over a million files. An open one is closed last, so that a walk
/// that broke off is taken up by the next start.
pub fn tighten(data: &Path, blobs: &Path) {
    let mut walk = Tightening::default();
    for (place, ours) in [(blobs, &BLOBS[..]), (data, &OURS[..])] {
        // The blobs have their turn by themselves, wherever they are.
        for name in ours.iter().filter(|name| **name != "blobs") {
            walk.close(&place.join(name), DEPTH);
        }
        if holds_only(place, ours) {
            walk.close_one(place);
        }
    }
    if walk.tightened > 0 {
        let (tightened, data) = (walk.tightened, data.display());
        tracing::warn!(%data, tightened, "others could read files of this lab, and now cannot");
    }
    if let Some(failure) = walk.failure {
        tracing::warn!(failure, "others can read files of this lab");
    }
}

#[derive(Default)]
struct Tightening {
    tightened: u64,
    /// The first one.
    failure: Option<String>,
}

impl Tightening {
    /// Closes what is at `path`, and what is below. Links lead elsewhere.
    fn close(&mut self, path: &Path, depth: u32) {
        let Ok(facts) = path.symlink_metadata() else { return };
        if facts.is_symlink() {
            return;
        }
        if facts.is_dir() && (depth > 0 || facts.mode() & OPEN != 0) {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                self.close(&entry.path(), depth.saturating_sub(1));
            }
        }
        self.close_as(path, &facts);
    }

    fn close_one(&mut self, path: &Path) {
        match path.symlink_metadata() {
            Ok(facts) if facts.mode() & SPECIAL == 0 => self.close_as(path, &facts),
            _ => {}
        }
    }

    fn close_as(&mut self, path: &Path, facts: &Metadata) {
        if facts.mode() & OPEN == 0 {
            return;
        }
        match fs::set_permissions(path, Permissions::from_mode(facts.mode() & 0o700)) {
            Ok(()) => self.tightened += 1,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                self.failure.get_or_insert_with(|| format!("{}: {error}", path.display()));
            }
        }
    }
}

/// Whether a directory holds nothing but ours: else it is not ours to close.
fn holds_only(place: &Path, ours: &[&str]) -> bool {
    let Ok(mut entries) = fs::read_dir(place) else { return false };
    entries.all(|entry| entry.is_ok_and(|entry| ours.iter().any(|name| entry.file_name() == *name)))
}
