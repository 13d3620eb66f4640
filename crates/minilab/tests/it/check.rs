//! `minilab check` finds what is wrong, says why, and mends it.

use std::time::Duration;

use minilab::check::{differences, repair};
use minilab::{execute, sql};
use serde_json::json;

use crate::support::Lab;
use crate::support::pictures::{Notes, bmp, photo, undecodable};

mod harm {
    //! What only a fault, or a person with a database client, would do.

    super::sql! {
        DRIFT = "INSERT INTO counter_deltas (scope, name, delta) VALUES ('lab', 'stored_bytes', 7)";
        FORGET_IMAGES = "DELETE FROM images";
        FORGET_JOBS = "DELETE FROM jobs";
        DOOM_ALL = "UPDATE blobs SET doomed = TRUE";
        UNREADY = "UPDATE images SET state = 'processing'";
        FORGET_VARIANTS = "DELETE FROM variants";
        MORE_BMP = "INSERT INTO counter_deltas (scope, name, delta) VALUES ('lab/format', 'bmp', 2)";
        NO_SUCH = "INSERT INTO counters (scope, name, value) VALUES ('lab/camera', 'none', 1)";
        FORGET_DAYS = "DELETE FROM counters WHERE scope LIKE '%/day'";
        LESS_BYTES = "UPDATE counters SET value = value - 1 WHERE scope = 'lab' AND name = 'bytes'";
        FORGET_OF_ACCOUNTS = "DELETE FROM counters WHERE scope LIKE 'account:%/%'";
        /// As after the last try.
        FAIL_ALL = "UPDATE jobs SET state = 'failed', finished_ms = created_ms
            WHERE state IN ('pending', 'retry')";
        FAIL_DISCARDS = sqlite "INSERT INTO jobs (id, kind, payload, unique_key, state, priority, vtime,
                attempts, run_at_ms, lease, created_ms, finished_ms)
            SELECT b.id, 'discard', '{}', 'discard:' || lower(hex(b.id)), 'failed', 0, 0, 1, 0, 0, 0, 0
            FROM blobs b"
        postgres "INSERT INTO jobs (id, kind, payload, unique_key, state, priority, vtime,
                attempts, run_at_ms, lease, created_ms, finished_ms)
            SELECT b.id, 'discard', '{}', 'discard:' || replace(CAST(b.id AS TEXT), '-', ''), 'failed',
                0, 0, 1, 0, 0, 0, 0
            FROM blobs b";
        FAIL_SWEEPS = "UPDATE jobs SET state = 'failed' WHERE kind = 'sweep'";
        COUNT_FAILED = "SELECT COUNT(*) FROM jobs WHERE state = 'failed'";
        COUNT_FAILED_SWEEPS = "SELECT COUNT(*) FROM jobs WHERE state = 'failed' AND kind = 'sweep'";
        COUNT_FAILED_OF_GONE = "SELECT COUNT(*) FROM jobs WHERE state = 'failed' AND kind = 'develop'
            AND NOT EXISTS (SELECT 1 FROM images i WHERE i.blob_id = jobs.blob_id)";
        UNDISCARD = "UPDATE blobs SET discarded = FALSE";
    }
}

on_both_engines! {
    a_healthy_lab_has_no_difference
    each_kind_of_difference_is_found_and_mended
    a_lost_original_is_told_and_not_papered_over
    what_is_not_ours_is_told_and_left_alone
    the_sweep_mends_by_itself
    counts_of_formats_cameras_and_days_are_looked_at
    a_camera_may_be_called_like_one_of_our_counters
    what_is_discarded_is_not_missed
    failed_work_is_forgotten_with_what_it_was_about
}

async fn filled(lab: &Lab) -> String {
    let key = lab.account("ada", "premium").await;
    let id = lab.upload_ok(&key, "a.bmp", bmp(300, 200, 1)).await;
    lab.run_jobs().await;
    assert_eq!(lab.get(&key, &format!("/api/v1/images/{id}")).await.json()["state"], "ready");
    key
}

async fn harm(lab: &Lab, what: minilab::db::sql::Sql) {
    let done = lab.app.db.write(what, |tx, what| Box::pin(async move { execute!(tx, *what) }));
    done.await.unwrap();
}

async fn sweep(lab: &Lab) {
    let enqueued = lab.app.db.write(lab.app.clock.now_ms(), |tx, now_ms| {
        Box::pin(minilab::jobs::enqueue(tx, &minilab::jobs::Job::Sweep, None, *now_ms))
    });
    enqueued.await.unwrap();
    lab.run_jobs().await;
}

async fn mend(lab: &Lab) {
    for difference in differences(&lab.app, true).await.unwrap() {
        repair(&lab.app, &difference, Duration::ZERO).await.unwrap();
    }
    lab.run_jobs().await;
}

async fn a_healthy_lab_has_no_difference(lab: Lab) {
    let key = filled(&lab).await;
    assert_eq!(lab.differences().await, [""; 0]);
    lab.upload_ok(&key, "b.bmp", bmp(30, 20, 2)).await;
    assert_eq!(lab.differences().await, [""; 0], "an image may wait for its job");
}

async fn each_kind_of_difference_is_found_and_mended(lab: Lab) {
    filled(&lab).await;
    let expect = async |part: &str| {
        let found = lab.differences().await;
        assert!(found.iter().any(|line| line.contains(part)), "{part}: {found:?}");
        mend(&lab).await;
        assert_eq!(lab.differences().await, [""; 0], "after mending: {part}");
    };
    harm(&lab, harm::DRIFT).await;
    expect("counter stored_bytes of lab: counted").await;

    let hash = "ab".repeat(32);
    let stray = format!("blobs/originals/ab/{hash}.{}", uuid::Uuid::now_v7().simple());
    std::fs::write(lab.data().join(stray), "x").unwrap();
    expect("orphan file").await;

    let variant = |lab: &Lab| {
        let stored = lab.stored();
        let path = stored.iter().find(|path| path.contains("/h200.1.")).unwrap();
        lab.data().join("blobs").join(path)
    };
    std::fs::remove_file(variant(&lab)).unwrap();
    expect("variant h200").await;
    // What was mended by forgetting is made again when its image is looked at anew.
    harm(&lab, harm::UNREADY).await;
    expect("stuck image").await;
    std::fs::write(variant(&lab), "not the print").unwrap();
    expect("bytes, its row says").await;

    harm(&lab, harm::FORGET_VARIANTS).await;
    expect("orphan file").await;
    harm(&lab, harm::FORGET_IMAGES).await;
    expect("orphan blob").await;
    assert_eq!(lab.stored(), [""; 0], "the last image took everything with it");
}

async fn a_lost_original_is_told_and_not_papered_over(lab: Lab) {
    filled(&lab).await;
    let stored = lab.stored();
    let original = stored.iter().find(|path| path.starts_with("originals/")).unwrap();
    let original = lab.data().join("blobs").join(original);
    let bytes = std::fs::read(&original).unwrap();
    let changed = bytes.iter().map(|byte| !byte).collect::<Vec<_>>();
    std::fs::write(&original, changed).unwrap();
    mend(&lab).await;
    let found = lab.differences().await;
    assert!(found[0].contains("content is not what its row says"), "{found:?}");

    std::fs::remove_file(&original).unwrap();
    mend(&lab).await;
    let found = lab.differences().await;
    assert!(found[0].contains("the file is missing"), "{found:?}");
}

async fn what_is_not_ours_is_told_and_left_alone(lab: Lab) {
    let foreign = lab.data().join("blobs/holiday.jpg");
    std::fs::write(&foreign, "x").unwrap();
    mend(&lab).await;
    let found = lab.differences().await;
    assert!(found[0].contains("foreign file: holiday.jpg"), "{found:?}");
    assert!(foreign.exists());

    // Nor does a new database take the files of an old one for orphans.
    let mut config = lab.app.config.clone();
    let other = tempfile::tempdir().unwrap();
    config.blobs.url = format!("file://{}", lab.data().join("blobs").display());
    config.data = other.path().to_owned();
    config.database.url = String::new();
    let program = std::path::PathBuf::from(env!("CARGO_BIN_EXE_minilab"));
    let refused = minilab::start::open(config, program).await.err().unwrap().to_string();
    assert!(refused.contains("belongs to another database"), "{refused}");
}

async fn the_sweep_mends_by_itself(lab: Lab) {
    let key = filled(&lab).await;
    harm(&lab, harm::DOOM_ALL).await;
    harm(&lab, harm::FORGET_JOBS).await;
    harm(&lab, harm::DRIFT).await;
    assert!(!lab.differences().await.is_empty());
    sweep(&lab).await;
    let _ = key;
    let left = lab.differences().await;
    assert!(left.iter().all(|line| !line.contains("counter stored_bytes")), "{left:?}");
}

async fn counts_of_formats_cameras_and_days_are_looked_at(lab: Lab) {
    let key = filled(&lab).await;
    let root = lab.admin("root").await;
    let model = Notes { model: "X-T5", ..Notes::default() };
    lab.ready(&key, "a.jpg", photo(model, 1)).await;
    let stats = lab.get(&root, "/api/v1/stats").await.json();
    minilab::counters::fold_if_any(&lab.app.db).await.unwrap();
    for (what, part) in [
        (harm::MORE_BMP, "counter bmp of lab/format: counted 3, there are 1"),
        (harm::NO_SUCH, "counter none of lab/camera: counted 1, there are 0"),
        (harm::FORGET_DAYS, "of lab/day: counted 0, there are 2"),
        (harm::LESS_BYTES, "counter bytes of lab: counted"),
        (harm::FORGET_OF_ACCOUNTS, "counter X-T5 of account:"),
    ] {
        harm(&lab, what).await;
        let found = lab.differences().await;
        assert!(found.iter().any(|line| line.contains(part)), "{part}: {found:?}");
        mend(&lab).await;
        assert_eq!(lab.differences().await, [""; 0], "after mending: {part}");
        minilab::counters::fold_if_any(&lab.app.db).await.unwrap();
    }
    assert_eq!(lab.get(&root, "/api/v1/stats").await.json(), stats);
}

async fn a_camera_may_be_called_like_one_of_our_counters(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let names =
        ["changes", "jobs_succeeded", "jobs_", "images", "bytes", "stored_bytes", "2008-05-30"];
    for (seed, model) in (1..).zip(names) {
        lab.ready(&key, "a.jpg", photo(Notes { model, ..Notes::default() }, seed)).await;
    }
    assert_eq!(lab.differences().await, [""; 0]);
    minilab::counters::fold_if_any(&lab.app.db).await.unwrap();
    mend(&lab).await;
    assert_eq!(lab.differences().await, [""; 0]);
    let stats = lab.get(&key, "/api/v1/me/stats").await.json();
    let cameras = stats["cameras"].as_array().unwrap();
    assert_eq!((cameras.len(), &stats["images"]), (7, &7.into()));
    assert!(cameras.iter().all(|camera| camera["count"] == 1), "{stats}");
}

async fn what_is_discarded_is_not_missed(lab: Lab) {
    let root = lab.admin("root").await;
    lab.patch(&root, "/api/v1/tiers/premium", json!({"keeping": {"original": false}})).await;
    filled(&lab).await;
    assert_eq!(lab.differences().await, [""; 0]);
    harm(&lab, harm::UNDISCARD).await;
    let found = lab.differences().await;
    assert!(found.iter().any(|line| line.contains("the file is missing")), "{found:?}");
    assert!(found.iter().any(|line| line.contains("counter stored_bytes of lab")), "{found:?}");
}

async fn failed_work_is_forgotten_with_what_it_was_about(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let gone = lab.upload_ok(&key, "a.jpg", undecodable(1)).await;
    lab.run_jobs().await;
    assert_eq!(lab.image(&key, &gone).await["state"], "failed");
    let stays = lab.upload_ok(&key, "b.bmp", bmp(30, 20, 1)).await;
    harm(&lab, harm::FAIL_ALL).await;
    harm(&lab, harm::FAIL_DISCARDS).await;
    let discards = lab.number(harm::COUNT_FAILED).await;
    assert!(discards >= 3, "{discards}");
    sweep(&lab).await;
    assert_eq!(lab.number(harm::COUNT_FAILED).await, discards, "what is there keeps its failures");
    assert_eq!(lab.call(&key, "DELETE", &format!("/api/v1/images/{gone}")).await.status, 204);
    lab.run_jobs().await;
    sweep(&lab).await;
    assert_eq!(lab.number(harm::COUNT_FAILED_OF_GONE).await, 0);
    assert!(lab.number(harm::COUNT_FAILED).await >= 1);
    assert_eq!(lab.image(&key, &stays).await["id"], stays.as_str());
    // Of what is about no image, the old ones go.
    harm(&lab, harm::FAIL_SWEEPS).await;
    lab.app.clock.advance(Duration::from_hours(31 * 24));
    sweep(&lab).await;
    assert_eq!(lab.number(harm::COUNT_FAILED_SWEEPS).await, 0);
}
