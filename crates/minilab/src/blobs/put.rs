//! Writing: an original is placed from the spool without a copy; a variant is a few kilobytes.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use bytes::Bytes;
use object_store::{ObjectStoreExt, PutPayload};

use super::{BlobKey, Blobs, Original};
use crate::cpu;

impl Blobs {
    /// Puts the spooled file, already synced, in its place: durable once this returns.
    ///
    /// The spool file stays, as a second name of the same bytes, until its owner removes it.
    pub async fn place(&self, spooled: PathBuf, original: &Original) -> anyhow::Result<()> {
        let place = self.root.join(BlobKey::Original(original).path().as_ref());
        cpu::run(move || {
            link_durably(&spooled, &place)
                .with_context(|| format!("storing an original at {}", place.display()))
        })
        .await
    }

    /// Stores the bytes of a variant.
    pub async fn put(&self, key: &BlobKey<'_>, bytes: Bytes) -> anyhow::Result<()> {
        let path = key.path();
        self.store
            .put(&path, PutPayload::from_bytes(bytes))
            .await
            .map(|_| ())
            .with_context(|| format!("storing {path}"))
    }
}

fn link_durably(from: &Path, to: &Path) -> std::io::Result<()> {
    let folder = to.parent().expect("a key has folders");
    if !folder.is_dir() {
        make_durably(folder)?;
    }
    match fs::hard_link(from, to) {
        Ok(()) => {}
        // The spool is on another file system, or the file system has no links: copy after all.
        Err(error) if cannot_link(&error) => copy_durably(from, to)?,
        Err(error) => return Err(error),
    }
    File::open(folder)?.sync_all()
}

fn cannot_link(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::CrossesDevices | ErrorKind::Unsupported | ErrorKind::PermissionDenied
    )
}

/// A reader never sees half a file: the copy gets its name only when it is complete.
fn copy_durably(from: &Path, to: &Path) -> std::io::Result<()> {
    let partial = to.with_extension("part");
    fs::copy(from, &partial)?;
    File::open(&partial)?.sync_all()?;
    fs::rename(&partial, to)
}

/// Makes a folder whose name survives a power cut, as do the names of the folders above it.
fn make_durably(folder: &Path) -> std::io::Result<()> {
    let Some(above) = folder.parent() else {
        return Ok(());
    };
    if !above.is_dir() {
        make_durably(above)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    File::open(above)?.sync_all()
}
