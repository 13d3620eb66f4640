//! Writing: files are placed from the spool without a copy.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use object_store::path::Path as StorePath;

use super::{Blobs, hex};
use crate::{cpu, private};

impl Blobs {
    /// Puts spooled files, already synced, in their places: durable once this returns.
    ///
    /// A spool file stays, as a second name of the same bytes, until its owner removes it.
    pub async fn place(&self, spooled: Vec<(PathBuf, StorePath)>) -> anyhow::Result<()> {
        let root = self.root.clone();
        cpu::run(move || {
            let mut folders = BTreeSet::new();
            for (spooled, path) in spooled {
                let place = root.join(path.as_ref());
                let folder = place.parent().expect("a key has folders").to_owned();
                let placed = make_durably(&folder).and_then(|()| link(&spooled, &place));
                placed.with_context(|| format!("storing {}", place.display()))?;
                folders.insert(folder);
            }
            for folder in folders {
                File::open(&folder)
                    .and_then(|folder| folder.sync_all())
                    .with_context(|| format!("syncing {}", folder.display()))?;
            }
            Ok(())
        })
        .await
    }
}

/// Half a copy has this after its name.
pub const PARTIAL: &str = ".part";

fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::hard_link(from, to) {
        // The spool is on another file system, or the file system has no links; or a print is there
        // from an earlier try, and may be what has to be mended.
        Err(error) if cannot_link(&error) => copy_durably(from, to),
        linked => linked,
    }
}

fn cannot_link(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AlreadyExists
            | ErrorKind::CrossesDevices
            | ErrorKind::Unsupported
            | ErrorKind::PermissionDenied
    )
}

/// A reader never sees half a file: the copy gets its name only when it is complete.
fn copy_durably(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut partial = to.as_os_str().to_owned();
    partial.push(PARTIAL);
    let copy = || {
        let mut copied = private::create(Path::new(&partial))?;
        std::io::copy(&mut File::open(from)?, &mut copied)?;
        copied.sync_all()?;
        fs::rename(&partial, to)
    };
    let copied = copy();
    if copied.is_err() {
        // The disk may be full: do not leave half a file on it.
        let _ = fs::remove_file(&partial);
    }
    copied
}

/// Makes the folders that blobs go to, once and for all: nobody has to wonder later whether a
/// folder's own name is on the disk yet.
pub(super) fn make_shards(root: &Path) -> std::io::Result<()> {
    for kind in ["originals", "variants"] {
        let folder = root.join(kind);
        make_durably(&folder)?;
        for shard in 0..=u8::MAX {
            private::make_directory(&folder.join(hex(&[shard])))?;
        }
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Writes a small file that is whole or not there at all.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension("part");
    let mut written = private::create(&partial)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    fs::rename(&partial, path)?;
    File::open(path.parent().expect("a file has a folder"))?.sync_all()
}

/// Makes a folder whose name survives a power cut, unless it is there.
fn make_durably(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    private::make_directory(folder)?;
    File::open(folder.parent().expect("not the root"))?.sync_all()
}
