//! An operator at the shell looks after accounts, beside the running service.

use std::time::Duration;

use e2e::{Engine, Lab, on_both_engines, picture, run_alone, wait};

const SOON: Duration = Duration::from_secs(5);

on_both_engines!(accounts_are_looked_after_from_the_shell);

fn accounts_are_looked_after_from_the_shell(engine: Engine) {
    let lab = Lab::open(engine);
    // The first account is no admin: the log still shows the way to one.
    let ada = lab.account("ada", "premium");
    lab.admin("root");
    let id = ada.upload_new("a.png", &picture::small(1));
    ada.ready(&id);

    let listed = lab.run(&["account", "list"]);
    let lines = listed.stdout.lines().collect::<Vec<_>>();
    assert!(lines.len() == 3 && lines[0].starts_with("NAME"), "{listed:?}");
    let words = lines[1].split_whitespace().collect::<Vec<_>>();
    assert_eq!(words[..5], ["ada", "premium", "no", "active", "1"], "{listed:?}");

    let weak = lab.run_with_input(&["account", "password", "ada"], "password\n");
    assert!(!weak.status.success() && weak.stderr.contains("easily guessed"), "{weak:?}");
    let set = lab.run_with_input(&["account", "password", "ada"], "correct horse battery\n");
    assert!(set.status.success() && set.stdout.is_empty(), "{set:?}");
    let form = serde_json::json!({ "account": "ada", "password": "correct horse battery" });
    lab.nobody().json("POST", "/api/v1/tokens", &form).expect(200);

    let made = lab.run(&["account", "key", "ada", "--expires", "48h", "--scope", "read"]);
    let reader = lab.nobody().with_key(Some(made.stdout.trim_end()));
    reader.get("/api/v1/images").expect(200);
    reader.delete(&format!("/api/v1/images/{id}")).problem(403, "out_of_scope");
    let keys = ada.get("/api/v1/keys").expect(200).json();
    assert!(keys["items"][1]["expires_at"].is_string(), "{keys}");

    assert!(lab.run(&["account", "suspend", "ada"]).status.success());
    let becomes = |status| move || (ada.get("/api/v1/me").status == status).then_some(());
    wait::until("suspended", SOON, becomes(403));
    assert!(lab.run(&["account", "unsuspend", "ada"]).status.success());
    let ada = reader.with_key(Some(made.stdout.trim_end()));
    let becomes = |status| {
        let ada = ada.clone();
        move || (ada.get("/api/v1/me").status == status).then_some(())
    };
    wait::until("let in again", SOON, becomes(200));

    // What is missing is told by the names that an operator knows.
    let original = lab.originals().pop().expect("one original");
    let aside = original.with_extension("aside");
    std::fs::rename(&original, &aside).expect("an own file");
    let checked = lab.run(&["check"]);
    for word in ["the file is missing", "account \"ada\" has it as \"a.png\"", &id] {
        assert!(checked.stdout.contains(word), "{word}: {checked:?}");
    }
    std::fs::rename(&aside, &original).expect("an own file");

    let refused = lab.run(&["account", "delete", "ada"]);
    for word in ["1 images", "--with-everything"] {
        assert!(refused.stderr.contains(word), "{word}: {refused:?}");
    }
    let deleted = lab.run(&["account", "delete", "ada", "--with-everything"]);
    assert!(deleted.status.success(), "{deleted:?}");
    wait::until("gone", SOON, becomes(401));
    lab.expect_nothing_stored();
    for refused in [
        lab.run(&["account", "suspend", "root"]),
        lab.run(&["account", "delete", "root", "--with-everything"]),
    ] {
        assert!(refused.stderr.contains("last admin"), "{refused:?}");
    }
    let unknown = lab.run(&["account", "key", "ada"]);
    assert!(unknown.stderr.contains("no account named \"ada\""), "{unknown:?}");
    lab.close();
}

#[test]
fn what_reads_or_changes_a_lab_makes_none() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let typo = folder.path().join("tpyo");
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    for data in [&typo, &empty] {
        let data = data.to_str().expect("UTF-8");
        for command in [
            &["check"][..],
            &["check", "--deep", "--repair"],
            &["secrets", "rotate"],
            &["account", "add", "ada", "--tier", "free"],
            &["account", "list"],
            &["account", "key", "ada"],
            &["account", "suspend", "ada"],
            &["account", "unsuspend", "ada"],
            &["account", "delete", "ada"],
        ] {
            let refused = run_alone(&[command, &["--data", data]].concat(), &[]);
            assert_eq!(refused.status.code(), Some(1), "{command:?}: {refused:?}");
            assert_eq!(refused.stdout, "", "{command:?}");
            for word in ["no lab", data, "minilab serve"] {
                assert!(refused.stderr.contains(word), "{command:?}: {refused:?}");
            }
        }
    }
    assert!(!typo.exists());
    assert_eq!(std::fs::read_dir(&empty).expect("it is there").count(), 0);
}
