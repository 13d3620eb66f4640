//! What lies in the data directory, and a disk that is full soon.

use std::path::{Path, PathBuf};
use std::process::Command;

/// All files below a folder, in order; none when there is no such folder. Files and folders that
/// vanish meanwhile are left out.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) => files.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    files.sort();
    files
}

/// A file system in memory, of a size of one's choice; unmounted when this is dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn mount(place: &Path, mib: u32) -> Self {
        std::fs::create_dir(place).expect("a folder");
        let disk = Self(place.to_owned());
        disk.run("mount", &["-t", "tmpfs", "-o", &format!("size={mib}m,mode=700"), "tmpfs"]);
        disk
    }

    /// Another size, while it is in use.
    pub(crate) fn resize(&self, mib: u32) {
        self.run("mount", &["-o", &format!("remount,size={mib}m")]);
    }

    fn run(&self, command: &str, args: &[&str]) {
        let done = Command::new(command).args(args).arg(&self.0).status();
        assert!(done.is_ok_and(|done| done.success()), "{command} {args:?}: this story needs root");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Also when processes still have it open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
