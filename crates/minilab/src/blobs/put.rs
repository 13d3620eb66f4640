//! Writing: an original is placed from the spool without a copy; a variant is a few kilobytes.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use bytes::Bytes;
use object_store::{ObjectStoreExt, PutPayload};

use super::{BlobKey, Blobs, Original, hex};
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
    let mut partial = to.as_os_str().to_owned();
    partial.push(".part");
    let copied = fs::copy(from, &partial)
        .and_then(|_| File::open(&partial)?.sync_all())
        .and_then(|()| fs::rename(&partial, to));
    if copied.is_err() {
        // The disk may be full: do not leave half a file on it.
        let _ = fs::remove_file(&partial);
    }
    copied
}

/// Makes the folders that originals go to, once and for all: nobody has to wonder later whether a
/// folder's own name is on the disk yet.
pub(super) fn make_shards(root: &Path) -> std::io::Result<()> {
    let originals = root.join("originals");
    make_durably(&originals)?;
    for shard in 0..=u8::MAX {
        fs::create_dir_all(originals.join(hex(&[shard])))?;
    }
    File::open(originals)?.sync_all()
}

/// Writes a small file that is whole or not there at all.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension("part");
    fs::write(&partial, bytes)?;
    File::open(&partial)?.sync_all()?;
    fs::rename(&partial, path)?;
    File::open(path.parent().expect("a file has a folder"))?.sync_all()
}

/// Makes a folder whose name survives a power cut.
fn make_durably(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    File::open(folder.parent().expect("not the root"))?.sync_all()
}
