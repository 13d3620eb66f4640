//! Where the built binary is, and that it is not older than its source.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::variable;

/// The built `minilab`: of the same profile as these tests, in the same target directory.
///
/// Each test may be a process of its own, so each asks cargo whether the binary is up to date; one
/// at a time, and all but the first hear at once that it is.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = profile_folder();
        build(&folder);
        let program = folder.join("minilab");
        assert!(program.is_file(), "no binary at {}", program.display());
        program
    })
}

/// `<target>/<profile>`: tests lie in its folder `deps`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let deps = test.parent().expect("a file lies in a folder");
    assert!(deps.ends_with("deps"), "unexpected place {}", deps.display());
    deps.parent().expect("deps lies in a folder").to_owned()
}

fn build(folder: &Path) {
    let lock = File::create(folder.join("e2e-build.lock")).expect("a file for the lock");
    lock.lock().expect("nothing but another build to wait for");
    let mut cargo = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo
        .args(["build", "--quiet", "--locked", "--package", "minilab"])
        .arg("--profile")
        .arg(profile(folder))
        .arg("--target-dir")
        .arg(folder.parent().expect("a profile lies in a target directory"))
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let built = cargo.output().expect("cargo can be started");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "minilab cannot be built:\n{said}");
}

/// Cargo calls the folder of its profile `dev` by another name.
fn profile(folder: &Path) -> String {
    let name = folder.file_name().expect("a profile has a name");
    match name.to_string_lossy().as_ref() {
        "debug" => "dev".to_owned(),
        other => other.to_owned(),
    }
}
