//! A process that ends without an error leaves the database as one file, and waits for others aloud.

use std::fs::File;
use std::time::Duration;

use e2e::{Engine, Lab, files_below, picture, run_alone, wait};

/// The database's own files.
fn database(lab: &Lab) -> Vec<String> {
    let names = files_below(&lab.data()).into_iter().filter_map(|path| {
        let is_top = path.parent() == Some(&lab.data());
        let name = path.file_name()?.to_str()?.to_owned();
        (is_top && name.starts_with("minilab.db")).then_some(name)
    });
    names.collect()
}

#[test]
fn every_command_leaves_one_file_and_it_is_everything() {
    let mut lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "premium");
    let photo = picture::jpeg(&picture::photograph(800, 600), 1);
    let id = ada.upload_new("cat.jpg", &photo);
    ada.ready(&id);
    lab.stop();
    assert_eq!(database(&lab), ["minilab.db"], "after serve");
    for args in [
        &["account", "add", "bob", "--tier", "free"][..],
        &["check", "--deep"],
        &["secrets", "rotate"],
    ] {
        let ended = lab.run(args);
        assert!(ended.status.success(), "{ended:?}");
        assert_eq!(database(&lab), ["minilab.db"], "after {args:?}");
    }
    let worker = lab.start_worker();
    wait::until("the worker works", Duration::from_secs(30), || {
        worker.log_text().contains("\"working\"").then_some(())
    });
    worker.stop();
    assert_eq!(database(&lab), ["minilab.db"], "after work");

    // That one file, with the folders beside it, is a copy of the lab.
    let copy = lab.notes("copy");
    std::fs::create_dir(&copy).expect("a folder");
    let parts = ["minilab.db", "blobs", "secrets"].map(|part| lab.data().join(part));
    let copied = std::process::Command::new("cp").arg("-r").args(parts).arg(&copy).status();
    assert!(copied.expect("cp is there").success());
    let checked = run_alone(&["check", "--deep", "--data", copy.to_str().expect("UTF-8")], &[]);
    assert_eq!(checked.stdout, "no difference\n", "{checked:?}");

    lab.restart();
    assert_eq!(ada.original(&id).expect(200).body, photo);
    lab.close();
}

#[test]
fn a_lock_that_somebody_else_holds_is_told() {
    let mut lab = Lab::open(Engine::Sqlite);
    lab.stop();
    let held = File::open(lab.data().join("minilab.lock")).expect("it is there");
    held.lock().expect("nobody has it");
    let worker = lab.start_worker();
    let me = format!("process {} of user", std::process::id());
    wait::until("the log says who has the lock", Duration::from_secs(20), || {
        let text = worker.log_text();
        (text.contains("minilab.lock") && text.contains(&me)).then_some(())
    });
    drop(held);
    wait::until("it goes on", Duration::from_secs(30), || {
        worker.log_text().contains("\"working\"").then_some(())
    });
    worker.stop();
    lab.restart();
    lab.close();
}
