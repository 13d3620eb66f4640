//! The command line says what is wrong, all of it, where programs and people expect it.

use e2e::{Engine, Lab, Settings, picture, run_alone};
use serde_json::json;

#[test]
fn wrong_settings_stop_the_start_and_all_are_named() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("minilab.toml");
    std::fs::write(&file, "wrokers = 3\n[variants]\nwait_secs = 3600\n").expect("a file");
    let data = folder.path().join("data");
    let [file, data_text] = [&file, &data].map(|path| path.to_str().expect("UTF-8"));
    let wrong = [
        ("MINILAB__LISTEN", "nowhere"),
        ("MINILAB__WORKERS", "many"),
        ("MINILAB__PUBLIC_URL", "https://lab.example/photos"),
        ("MINILAB__LOG__FILTER", "inof"),
        ("MINILAB__PROXIES", "10.0.0.0/33"),
        ("MINILAB__DATABASE__URL", "mysql://db.example/lab"),
        ("MINILAB__DATABSE__URL", "postgres://db.example/lab"),
    ];
    for command in [&["serve"][..], &["work"], &["config", "check"]] {
        let args = [command, &["--config", file, "--data", data_text]].concat();
        let refused = run_alone(&args, &wrong);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert_eq!(refused.stdout, "");
        for name in [
            "listen",
            "MINILAB__WORKERS",
            "public_url",
            "log.filter",
            "proxies",
            "database.url",
            "MINILAB__DATABSE__URL",
            "wrokers",
            "variants.wait_secs",
        ] {
            assert!(refused.stderr.contains(name), "{name}: {refused:?}");
        }
    }
    assert!(!data.exists(), "nothing is begun with settings that are wrong");
}

#[test]
fn config_check_prints_the_settings_without_their_secrets() {
    let url = "postgres://lab:sesame@db.example/lab";
    let printed = run_alone(&["config", "check"], &[("MINILAB__DATABASE__URL", url)]);
    assert!(printed.status.success(), "{printed:?}");
    assert!(printed.stdout.contains("postgres://lab:***@db.example/lab"), "{printed:?}");
    assert!(printed.stdout.contains("127.0.0.1:8000"), "{printed:?}");
    assert!(!format!("{printed:?}").contains("sesame"), "{printed:?}");
    assert_eq!(printed.stderr, "");
}

#[test]
fn no_form_of_a_secret_is_printed_or_logged() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for url in [
        "postgres://sesame@db.example/lab",
        "postgres://lab:open@sesame@db.example/lab",
        "postgres://db.example/lab?user=lab&password=sesame",
        "postgres://127.0.0.1:1/lab?sslpassword=sesame&sslmode=disable",
        "postgres://127.0.0.1:1/lab?pass%77ord=sesame&token=sesame#sesame",
    ] {
        let variables = [("MINILAB__DATABASE__URL", url), ("MINILAB__LOG__FILTER", "trace")];
        let printed = run_alone(&["config", "check"], &variables);
        assert!(printed.status.success(), "{printed:?}");
        assert!(!format!("{printed:?}").contains("sesame"), "{printed:?}");
        if url.contains("127.0.0.1") {
            // Nobody listens there.
            let data = folder.path().to_str().expect("UTF-8");
            let refused =
                run_alone(&["account", "add", "a", "--tier", "free", "--data", data], &variables);
            assert_eq!(refused.status.code(), Some(1), "{refused:?}");
            assert!(!format!("{refused:?}").contains("sesame"), "{refused:?}");
        }
    }
    // Nor where it is what is wrong with the settings.
    for text in [
        "[blobs]\nurl = \"s3://me:sesame@store/x\"\n",
        "[database]\nurl = \"postgres://me:sesame@db\n",
    ] {
        let file = folder.path().join("minilab.toml");
        std::fs::write(&file, text).expect("a file");
        let refused =
            run_alone(&["config", "check", "--config", file.to_str().expect("UTF-8")], &[]);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert!(!format!("{refused:?}").contains("sesame"), "{refused:?}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let data = folder.path().to_str().expect("UTF-8");
    let refused = run_alone(&["serve", "--listen", &address, "--data", data], &[]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(refused.stderr.contains(&address), "{refused:?}");
}

#[test]
fn an_anonymous_tier_that_does_not_exist_stops_the_start() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let data = folder.path().to_str().expect("UTF-8");
    let args = ["serve", "--listen", "127.0.0.1:0", "--data", data];
    let refused = run_alone(&args, &[("MINILAB__ANONYMOUS", "gold")]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    for word in ["anonymous", "gold", "business, free, premium"] {
        assert!(refused.stderr.contains(word), "{word}: {refused:?}");
    }
}

e2e::on_both_engines!(
    accounts_are_refused_with_reasons,
    callers_without_a_key_come_in_only_if_told
);

fn accounts_are_refused_with_reasons(engine: Engine) {
    let lab = Lab::open(engine);
    lab.account("ada", "basic");
    let too_long = "x".repeat(65);
    for (name, tier, reasons) in [
        ("bob", "gold", ["gold", "business, free, premium"]),
        ("ada", "free", ["already", "\"ada\""]),
        ("", "free", ["1 to 64", "can be seen"]),
        ("two  words", "free", ["1 to 64", "can be seen"]),
        ("line\nbreak", "free", ["1 to 64", "can be seen"]),
        (&too_long, "free", ["1 to 64", "can be seen"]),
    ] {
        let refused = lab.run(&["account", "add", name, "--tier", tier]);
        assert_eq!(refused.status.code(), Some(1), "{name:?}: {refused:?}");
        assert_eq!(refused.stdout, "", "{name:?}");
        for reason in reasons {
            assert!(refused.stderr.contains(reason), "{reason}: {refused:?}");
        }
    }
    for (name, tier, seeded) in [
        ("42", "professional", "premium"),
        ("ein-Fräulein", "enterprise", "business"),
        (&too_long[1..], "free", "free"),
    ] {
        let me = lab.account(name, tier).get("/api/v1/me").expect(200).json();
        assert_eq!((&me["account"], &me["tier"]), (&json!(name), &json!(seeded)));
    }
    lab.close();
}

fn callers_without_a_key_come_in_only_if_told(engine: Engine) {
    let closed = Lab::open(engine);
    closed.nobody().get("/api/v1/me").problem(401, "unauthorized");
    closed.close();

    let open = Settings::on(engine).variable("MINILAB__ANONYMOUS", "professional").open();
    let anyone = open.nobody();
    assert_eq!(anyone.get("/api/v1/me").expect(200).json()["tier"], "premium");
    let id = anyone.upload_new("ours.png", &picture::small(1));
    anyone.ready(&id);
    // A key that is wrong is not as good as none.
    anyone.with_key(Some("mlk_guess")).get("/api/v1/me").problem(401, "unauthorized");
    // Accounts keep their own.
    let ada = open.account("ada", "free");
    ada.get(&format!("/api/v1/images/{id}")).problem(404, "not_found");
    open.close();
}
