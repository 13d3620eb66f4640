//! Pictures of which a part is missing: what is there is shown and told, unless the tier refuses it.

use serde_json::{Value, json};

use super::callers::assert_refused;
use crate::support::{Lab, ids};

on_both_engines! {
    a_picture_of_which_a_little_is_missing_is_shown_and_told
    a_tier_may_refuse_pictures_of_which_something_is_missing
    what_one_tier_refuses_stays_with_another
}

/// A JPEG without the last bytes of its pixels.
fn cut() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/cases/jpeg_control.jpg");
    let mut bytes = std::fs::read(path).unwrap();
    bytes.truncate(bytes.len() - 40);
    bytes
}

/// The same with an end marker: only decoding tells.
fn ended() -> Vec<u8> {
    [cut(), vec![0xFF, 0xD9]].concat()
}

async fn image(lab: &Lab, key: &str, id: &str) -> Value {
    lab.get(key, &format!("/api/v1/images/{id}")).await.json()
}

async fn refuse(lab: &Lab, tier: &str) {
    let root = lab.admin("root").await;
    let path = format!("/api/v1/tiers/{tier}");
    let changed = lab.json(&root, "PATCH", &path, json!({ "truncated": "refuse" })).await;
    assert_eq!(changed.json()["truncated"], "refuse");
}

async fn a_picture_of_which_a_little_is_missing_is_shown_and_told(lab: Lab) {
    let ada = lab.account("ada", "free").await;
    let known = lab.upload_ok(&ada, "cut.jpg", cut()).await;
    let shown_later = lab.upload_ok(&ada, "ended.jpg", ended()).await;
    assert_eq!(image(&lab, &ada, &known).await["truncated"], true);
    lab.run_jobs().await;
    let listed = lab.get(&ada, "/api/v1/images?truncated=true").await.json();
    assert_eq!(ids(&listed["items"]), [&*shown_later, &known]);
    for id in [known, shown_later] {
        let image = image(&lab, &ada, &id).await;
        assert_eq!((&image["state"], &image["truncated"]), (&json!("ready"), &json!(true)));
        let print = lab.get(&ada, &format!("/api/v1/images/{id}/variants/h200")).await;
        assert_eq!(print.status, 200);
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_tier_may_refuse_pictures_of_which_something_is_missing(lab: Lab) {
    refuse(&lab, "free").await;
    let ada = lab.account("ada", "free").await;
    assert_refused(&lab.upload(&ada, "cut.jpg", cut()).await, 422, "truncated");
    let id = lab.upload_ok(&ada, "ended.jpg", ended()).await;
    lab.run_jobs().await;
    let listed = lab.get(&ada, "/api/v1/images?state=failed&truncated=true").await.json();
    assert_eq!(ids(&listed["items"]), [&*id]);
    let image = image(&lab, &ada, &id).await;
    assert_eq!((&image["state"], &image["error"]["code"]), (&json!("failed"), &json!("truncated")));
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_one_tier_refuses_stays_with_another(lab: Lab) {
    refuse(&lab, "free").await;
    let (ada, bob) = (lab.account("ada", "free").await, lab.account("bob", "premium").await);
    let of_ada = lab.upload_ok(&ada, "ended.jpg", ended()).await;
    let of_bob = lab.upload_ok(&bob, "ended.jpg", ended()).await;
    lab.run_jobs().await;
    assert_eq!(image(&lab, &ada, &of_ada).await["state"], "failed");
    assert_eq!(image(&lab, &bob, &of_bob).await["state"], "ready");
    // It is known by now, although no look at the file tells.
    let eve = lab.account("eve", "free").await;
    let of_eve = lab.upload_ok(&eve, "ended.jpg", ended()).await;
    lab.run_jobs().await;
    assert_eq!(image(&lab, &eve, &of_eve).await["state"], "failed");
    assert_eq!(lab.differences().await, [""; 0]);
}
