//! The running service is held against its own OpenAPI document, by a tool that tries to break it.

use std::path::Path;
use std::process::Command;

use e2e::{Engine, Lab, on_both_engines};

on_both_engines!(the_api_keeps_its_description);

#[expect(clippy::disallowed_methods, reason = "the tool is where the environment says")]
fn schemathesis() -> String {
    std::env::var("SCHEMATHESIS").expect("SCHEMATHESIS names the tool; `make test` installs it")
}

fn the_api_keeps_its_description(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.admin("ada");
    let work = tempfile::tempdir().expect("a temporary directory");
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract");
    let tried = Command::new(schemathesis())
        .arg("--config-file")
        .arg(contract.join("schemathesis.toml"))
        .args(["--no-color", "run"])
        .arg(format!("http://{}/api/openapi.json", ada.address()))
        .env("MINILAB_KEY", ada.key())
        .env("SCHEMATHESIS_HOOKS", contract.join("pictures.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(work.path())
        .output()
        .expect("schemathesis can be started");
    let told = String::from_utf8_lossy(&tried.stdout);
    let complaints = String::from_utf8_lossy(&tried.stderr);
    assert!(tried.status.success(), "{told}\n{complaints}");
    // A run that reached nothing would be clean as well.
    assert!(told.contains("No issues found") && !told.contains("WARNINGS"), "{told}");
    lab.close();
}
