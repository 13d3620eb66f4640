//! The spool: where bytes wait until their row is committed.
//!
//! Each process has a folder of its own, locked as long as it lives. Whoever starts removes the
//! folders that nobody holds any more: what a crash left behind.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use bytes::Bytes;
use uuid::Uuid;

use crate::private;

pub struct Spool {
    /// Names this process among those that share the data.
    pub process_id: String,
    folder: PathBuf,
    /// Bytes of files that are in memory yet.
    held: AtomicUsize,
    /// Held, not read: the lock ends with the process.
    _lock: File,
}

/// Held while a process starts: between the making of its lock file and the locking it looks dead.
const GATE: &str = "gate.lock";

/// A file in the spool. It is removed when this is dropped.
pub struct Spooled {
    pub path: PathBuf,
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "could not tidy the spool");
        }
    }
}

impl Spool {
    /// Takes a folder of its own below `spools`, tidies up after the dead and names them.
    pub fn open(spools: &Path) -> anyhow::Result<(Self, Vec<String>)> {
        let _gate = private::lock(&spools.join(GATE)).context("waiting at the spool's gate")?;
        let name = Uuid::now_v7().simple().to_string();
        let folder = spools.join(&name);
        let lock = private::create(&spools.join(format!("{name}.lock")))
            .with_context(|| format!("opening the spool in {}", spools.display()))?;
        lock.try_lock().context("locking a spool folder that nobody else can know")?;
        private::make_directory(&folder).with_context(|| format!("making {}", folder.display()))?;
        let dead = tidy(spools, &name).context("tidying the spool")?;
        Ok((Self { process_id: name, folder, held: AtomicUsize::new(0), _lock: lock }, dead))
    }

    /// Writes files that are on the disk when this returns. Blocks.
    pub fn write_all(&self, files: Vec<Bytes>) -> anyhow::Result<Vec<Spooled>> {
        let mut written = Vec::with_capacity(files.len());
        for bytes in files {
            let (spooled, mut file) = self.create()?;
            file.write_all(&bytes).context("writing to the spool")?;
            written.push((spooled, file));
        }
        // Synced after all were written: the first sync does most of the work of the others.
        let sync = |(spooled, file): (Spooled, File)| {
            file.sync_all().context("syncing the spool").map(|()| spooled)
        };
        written.into_iter().map(sync).collect()
    }

    /// Creates an empty file. Blocks.
    pub fn create(&self) -> anyhow::Result<(Spooled, File)> {
        let path = self.folder.join(Uuid::now_v7().simple().to_string());
        let file =
            private::create_new(&path).with_context(|| format!("making {}", path.display()))?;
        Ok((Spooled { path }, file))
    }
}

/// Bytes of all files that are in memory yet.
const HELD_MAX: usize = 32 << 20;

/// A share of the memory for files on their way in, given back when this is dropped.
pub(super) struct Held {
    spool: Arc<Spool>,
    bytes: usize,
}

impl Held {
    pub(super) fn nothing(spool: &Arc<Spool>) -> Self {
        Self { spool: spool.clone(), bytes: 0 }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes more; false when all files together have more than they should.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.spool.held.fetch_add(bytes, Ordering::Relaxed) + bytes <= HELD_MAX
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.spool.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn tidy(spools: &Path, own: &str) -> anyhow::Result<Vec<String>> {
    let mut dead = Vec::new();
    for entry in fs::read_dir(spools)? {
        let path = entry?.path();
        let is_lock = path.extension().is_some_and(|extension| extension == "lock");
        let is_gate = path.file_name().is_some_and(|name| name == GATE);
        if !is_lock || is_gate || path.file_stem().is_some_and(|stem| stem == own) {
            continue;
        }
        let held = match File::open(&path).map(|lock| lock.try_lock()) {
            Ok(Ok(())) => false,
            Ok(Err(TryLockError::WouldBlock)) => true,
            Ok(Err(TryLockError::Error(error))) | Err(error) => {
                tracing::warn!(%error, path = %path.display(), "could not look at a spool folder");
                true
            }
        };
        if !held {
            tracing::info!(path = %path.display(), "removing what an ended process left");
            let _ = fs::remove_dir_all(path.with_extension(""));
            let _ = fs::remove_file(&path);
            dead.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
        }
    }
    Ok(dead)
}
