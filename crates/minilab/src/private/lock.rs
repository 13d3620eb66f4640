//! Locks between the processes of a lab.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use super::whose;

/// So long a lock may be held before somebody is told; others start in less.
const SOON: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(50);

/// Opens and locks a file, as long as it is held open. Blocks until nobody else has the lock, and says in
/// the log who does.
pub fn lock(path: &Path) -> anyhow::Result<File> {
    let file = super::open(path).context("taking a lock")?;
    let mut waited = Duration::ZERO;
    while waited < SOON {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(STEP),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("locking {}", path.display()));
            }
        }
        waited += STEP;
    }
    let holder = holder(&file).unwrap_or_else(|| "another process".to_owned());
    tracing::warn!(path = %path.display(), holder, "waiting for a lock that somebody else holds");
    file.lock().with_context(|| format!("waiting for {}", path.display()))?;
    Ok(file)
}

/// The process that has the lock, as the kernel knows it.
fn holder(file: &File) -> Option<String> {
    let inode = format!(":{}", file.metadata().ok()?.ino());
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let line = locks.lines().find(|line| {
        let mut words = line.split_whitespace();
        // Those that wait have an arrow before the kind of their lock.
        words.nth(1) == Some("FLOCK") && words.nth(3).is_some_and(|place| place.ends_with(&inode))
    })?;
    let process = line.split_whitespace().nth(4)?;
    let owner = std::fs::metadata(format!("/proc/{process}")).ok()?.uid();
    Some(format!("process {process} of {}", whose::user(owner)))
}
