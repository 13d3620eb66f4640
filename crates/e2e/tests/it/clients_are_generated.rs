//! The description is valid, and clients that others' tools make from it upload a picture.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use e2e::{Engine, Lab};

fn contract() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contract")
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")
}

fn picture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/formats/image__cat.jpg")
}

fn tools() -> PathBuf {
    std::env::var_os("OPENAPI_TOOLS")
        .expect("OPENAPI_TOOLS names a folder; `make test` fills it")
        .into()
}

/// What it said; it ends well.
fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the tool can be started");
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {said}");
    said
}

#[test]
fn the_description_is_valid_openapi() {
    let said = run(Command::new(tools().join("python/bin/openapi-spec-validator")).arg(document()));
    assert!(said.contains("OK"), "{said}");
}

#[test]
fn a_client_in_python_is_made_without_a_warning_and_uploads() {
    let lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "business");
    let work = tempfile::tempdir().expect("a temporary directory");
    let python = tools().join("python/bin");
    let said = run(Command::new(python.join("openapi-python-client"))
        .args(["generate", "--meta", "none", "--output-path", "minilab_client", "--path"])
        .arg(document())
        .env("PATH", &python)
        .env("PYTHONWARNINGS", "ignore")
        .current_dir(work.path()));
    assert!(!said.to_lowercase().contains("warning"), "{said}");
    let said = run(Command::new(python.join("python"))
        .arg(contract().join("client.py"))
        .arg(format!("http://{}", ada.address()))
        .arg(ada.key())
        .arg(picture())
        .env("PYTHONPATH", work.path())
        .env("PYTHONDONTWRITEBYTECODE", "1"));
    assert!(said.contains("uploaded"), "{said}");
    lab.close();
}

#[test]
fn a_client_in_typescript_is_made_and_uploads() {
    let lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "business");
    let work = tempfile::tempdir().expect("a temporary directory");
    let modules = tools().join("node/node_modules");
    std::os::unix::fs::symlink(&modules, work.path().join("node_modules")).expect("a link");
    std::fs::copy(contract().join("client.ts"), work.path().join("client.ts")).expect("a copy");
    std::fs::write(work.path().join("package.json"), r#"{"type": "module"}"#).expect("a file");
    let bin = modules.join(".bin");
    run(Command::new(bin.join("openapi-typescript"))
        .arg(document())
        .args(["--output", "minilab.d.ts"])
        .current_dir(work.path()));
    run(Command::new(bin.join("tsc"))
        .args(["--strict", "--target", "es2022", "--module", "esnext", "--skipLibCheck"])
        .args(["--moduleResolution", "bundler", "--types", "node", "client.ts"])
        .current_dir(work.path()));
    let said = run(Command::new("node")
        .arg("client.js")
        .arg(format!("http://{}", ada.address()))
        .arg(ada.key())
        .arg(picture())
        .current_dir(work.path()));
    assert!(said.contains("uploaded"), "{said}");
    lab.close();
}
