//! What Minilab keeps is nobody else's to read, whatever the umask.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

use crate::support::pictures::bmp;
use crate::support::{Lab, Server};

/// The directory and all that is in it, with the rights that others have.
fn open_to_others(root: &Path) -> Vec<(PathBuf, u32)> {
    let mut places = vec![root.to_owned()];
    let mut open = Vec::new();
    while let Some(place) = places.pop() {
        let facts = place.symlink_metadata().unwrap();
        if facts.is_dir() {
            places.extend(place.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        }
        let rights = facts.permissions().mode() & 0o7777;
        let wanted = if facts.is_dir() { 0o700 } else { 0o600 };
        if rights != wanted {
            open.push((place, rights));
        }
    }
    open
}

/// One process is one test here: the umask is the process's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_made_is_private_under_any_umask() {
    for umask in [Mode::empty(), Mode::RWXG | Mode::RWXO] {
        rustix::process::umask(umask);
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("not/there/yet");
        let lab = Lab::with(Server::Sqlite, |config| config.data = data.clone()).await;
        let key = lab.account("ada", "premium").await;
        lab.ready(&key, "a.bmp", bmp(300, 200, 1)).await;
        lab.upload_ok(&key, "b.bmp", bmp(30, 20, 2)).await;
        assert_eq!(open_to_others(&data), [], "{umask:?}");
    }
}

fn open_all(root: &Path) {
    let mut places = vec![root.to_owned()];
    while let Some(place) = places.pop() {
        let is_dir = place.is_dir();
        if is_dir {
            places.extend(place.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        }
        let rights = if is_dir { 0o755 } else { 0o644 };
        std::fs::set_permissions(&place, Permissions::from_mode(rights)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_open_is_closed_at_the_start_and_what_is_not_ours_is_left() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "premium").await;
    lab.ready(&key, "a.bmp", bmp(300, 200, 1)).await;
    open_all(&lab.data());
    let beside = lab.beside().await;
    assert_eq!(open_to_others(&lab.data()), []);
    assert_eq!(beside.differences().await, [""; 0]);

    // A directory with something else in it may be meant for others.
    std::fs::write(lab.data().join("notes.txt"), "x").unwrap();
    open_all(&lab.data());
    lab.beside().await;
    let open = open_to_others(&lab.data());
    let names = open.iter().map(|(path, _)| path.strip_prefix(lab.data()).unwrap().to_owned());
    assert_eq!(names.collect::<Vec<_>>(), [PathBuf::new(), PathBuf::from("notes.txt")]);
}
