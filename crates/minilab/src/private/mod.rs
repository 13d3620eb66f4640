//! Files that nobody but this service's user may read: directories 0700, files 0600.
//!
//! The binary takes the rights of others away once for all it makes ([`take_umask`]); these functions ask
//! for no more in the first place, so it holds for whoever uses the library as well.

mod lock;
mod tighten;
mod whose;

pub use lock::lock;
pub use tighten::tighten;

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, Mode, accessat};
use rustix::io::Errno;

const DIRECTORY: u32 = 0o700;
const FILE: u32 = 0o600;

/// From now on this process makes nothing that others may read.
pub fn take_umask() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Makes a directory, and those above it, unless they are there.
pub fn make_directory(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIRECTORY).create(path)
}

/// Opens a file for writing, made or emptied.
pub fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(FILE).open(path)
}

/// Makes a file that is not there yet.
pub fn create_new(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(FILE).open(path)
}

/// Opens a file for reading and writing as it is, made if need be. What stands in the way is told.
pub fn open(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    let opened = options.read(true).write(true).create(true).truncate(false).mode(FILE).open(path);
    opened.map_err(|error| explain(path, error))
}

/// Makes an empty file unless there is one, and sees to it that this process may use it.
///
/// One that is there is not opened: closing it would end the locks that SQLite has on it.
pub fn make(path: &Path) -> anyhow::Result<()> {
    match create_new(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            is_there(path).map(|_| ())
        }
        Err(error) => Err(explain(path, error)),
    }
}

/// Whether a file is there; one that this process may not use is told.
pub fn is_there(path: &Path) -> anyhow::Result<bool> {
    let (wanted, as_whom) = (Access::READ_OK | Access::WRITE_OK, AtFlags::EACCESS);
    match accessat(CWD, path, wanted, as_whom) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(explain(path, error.into())),
    }
}

/// The data directory of a lab, made if need be.
pub fn open_directory(path: &Path) -> anyhow::Result<()> {
    make_directory(path).map_err(|error| explain(path, error))
}

/// Says whose a file is that this process may not use.
fn explain(path: &Path, error: std::io::Error) -> anyhow::Error {
    match whose::trouble(path).filter(|_| error.kind() == std::io::ErrorKind::PermissionDenied) {
        Some(trouble) => anyhow::anyhow!("{trouble}"),
        None => anyhow::Error::new(error),
    }
}
