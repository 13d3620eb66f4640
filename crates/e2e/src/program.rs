//! Where the built binary is, and that it is not older than its source.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{files_below, variable};

/// The built `minilab`: of the same profile as these tests, in the same target directory.
///
/// A run of the whole workspace has just built it. A run of these stories alone builds it first when
/// a source is newer: one test at a time, and all but the first find it done.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = profile_folder();
        let program = folder.join("minilab");
        if !is_fresh(&program) {
            build(&folder);
        }
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

/// Whether no source is newer than the binary.
fn is_fresh(program: &Path) -> bool {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified());
    let Ok(built) = changed(program) else { return false };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = ["crates/minilab/src", "crates/minilab/migrations", "crates/pixels/src", "ui"];
    let mut sources: Vec<_> =
        folders.iter().flat_map(|folder| files_below(&root.join(folder))).collect();
    let manifests = ["Cargo.toml", "Cargo.lock", "crates/minilab/Cargo.toml"];
    sources.extend(manifests.map(|name| root.join(name)));
    sources.iter().all(|source| changed(source).is_ok_and(|changed| changed <= built))
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
