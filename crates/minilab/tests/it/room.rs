//! A full disk is a state: nothing new comes in, all else goes on, and it passes by itself.

use serde_json::json;

use crate::support::Lab;
use crate::support::pictures::bmp;

mod look {
    minilab::sql! {
        TRIES = "SELECT CAST(COALESCE(SUM(attempts), 0) AS BIGINT) FROM jobs WHERE kind = 'develop'";
        WAITING = "SELECT COUNT(*) FROM jobs WHERE kind = 'develop' AND state = 'pending'";
    }
}

on_both_engines! {
    under_the_floor_uploads_wait_and_all_else_goes_on
}

/// More than any disk has.
const NEVER: u64 = 1 << 60;

async fn under_the_floor_uploads_wait_and_all_else_goes_on(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let id = lab.ready(&key, "a.bmp", bmp(300, 200, 1)).await;
    let waits = lab.upload_ok(&key, "b.bmp", bmp(200, 300, 2)).await;
    let ready = lab.get("", "/readyz").await.json();
    assert_eq!(ready, json!({"status": "ready"}));

    let full = lab.beside_with(|config| config.room.floor_bytes = NEVER).await;
    let ready = full.get("", "/readyz").await;
    assert_eq!(ready.status, 200);
    assert_eq!(ready.json(), json!({"status": "ready", "degraded": ["disk_full"]}));
    let before = full.stored();
    for refused in [
        full.upload(&key, "c.bmp", bmp(30, 20, 3)).await,
        full.form(&key, "/api/v1/images", &[("file", Some("c.bmp"), &bmp(30, 20, 3))]).await,
    ] {
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (507, "disk_full"));
        assert_eq!(refused.header("retry-after"), "30");
    }
    // The variants that are missing wait, and no try is counted.
    full.run_jobs().await;
    assert_eq!((lab.number(look::TRIES).await, lab.number(look::WAITING).await), (1, 1));
    assert_eq!(full.image(&key, &waits).await["state"], "processing");
    assert_eq!(full.stored(), before);

    // Reads and deletes go on, and the bytes go.
    let original = format!("/api/v1/images/{id}/original");
    assert_eq!(full.get(&key, &original).await.status, 200);
    assert_eq!(full.get(&key, &format!("/api/v1/images/{id}/variants/h200")).await.status, 200);
    assert_eq!(full.call(&key, "DELETE", &format!("/api/v1/images/{id}")).await.status, 204);
    full.run_jobs().await;
    assert!(full.stored().len() < before.len());

    // Room again: all goes on by itself.
    lab.run_jobs().await;
    assert_eq!(lab.image(&key, &waits).await["state"], "ready");
    lab.upload_ok(&key, "c.bmp", bmp(30, 20, 3)).await;
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

/// A key that met a full disk is free for another try.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_no_answer_to_keep() {
    let lab = Lab::open(crate::support::Server::Sqlite).await;
    let key = lab.account("ada", "premium").await;
    let full = lab.beside_with(|config| config.room.floor_bytes = NEVER).await;
    let send = async |lab: &Lab| {
        let sent = crate::support::request(&key, "POST", "/api/v1/images")
            .header("idempotency-key", "again");
        lab.send(sent.body(bmp(30, 20, 3).into()).unwrap()).await.status
    };
    assert_eq!(send(&full).await, 507);
    assert_eq!(send(&lab).await, 201);
    assert_eq!(send(&lab).await, 201);
}
