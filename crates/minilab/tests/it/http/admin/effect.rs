//! A change holds at once in the process that made it, and within a second in every other one.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::callers::{assert_refused, word};
use super::{ACCOUNTS, TIERS, change};
use crate::support::Lab;
use crate::support::pictures::bmp;

on_both_engines! {
    a_change_holds_at_once_in_the_process_that_made_it
    a_change_holds_within_a_second_in_another_process
    who_is_in_a_tier_of_this_moment_is_served_by_every_process
}

const ME: &str = "/api/v1/me";

/// From now on, no look that begins more than a second later may see what was before.
async fn within_a_second(what: &str, is_so: impl AsyncFn() -> bool) {
    let changed = Instant::now();
    loop {
        let looked = changed.elapsed();
        if is_so().await {
            return;
        }
        assert!(looked < Duration::from_secs(1), "{what}: not after {looked:?}");
        tokio::task::yield_now().await;
    }
}

async fn a_change_holds_at_once_in_the_process_that_made_it(lab: Lab) {
    let root = lab.admin("root").await;
    let new = json!({ "name": "ada", "tier": "free" });
    let ada = lab.json(&root, "POST", ACCOUNTS, new).await;
    let (account, ada) = (format!("{ACCOUNTS}/{}", word(&ada, "id")), word(&ada, "key"));
    let free = format!("{TIERS}/free");
    let id = lab.upload_ok(&ada, "a.bmp", bmp(30, 20, 1)).await;
    lab.run_jobs().await;
    let print = format!("/api/v1/images/{id}/variants/h200");
    assert_eq!(lab.get(&ada, &print).await.status, 200);

    // By its alias, too.
    change(&lab, &root, "PATCH", &format!("{TIERS}/basic"), json!({ "images_max": 1 })).await;
    let refused = lab.upload(&ada, "b.bmp", bmp(30, 20, 2)).await;
    assert_refused(&refused, 403, "quota_reached");
    let problem = refused.json();
    assert_eq!((&problem["used"], &problem["limit"]), (&json!(1), &json!(1)));
    let wider = json!({ "images_max": null, "upload_bytes_max": 1000 });
    change(&lab, &root, "PATCH", &free, wider).await;
    let refused = lab.upload(&ada, "b.bmp", bmp(30, 20, 2)).await;
    assert_refused(&refused, 413, "too_large");
    assert_eq!(refused.json()["limit"], 1000);

    // A variant that was just handed out is refused like any other.
    change(&lab, &root, "PATCH", &free, json!({ "presets": ["thumb"] })).await;
    assert_refused(&lab.get(&ada, &print).await, 403, "preset_not_in_tier");
    assert_eq!(lab.get(&ada, ME).await.json()["presets"], json!(["thumb"]));
    change(&lab, &root, "PATCH", &account, json!({ "tier": "premium" })).await;
    assert_eq!(lab.get(&ada, &print).await.status, 200);
    change(&lab, &root, "PATCH", &account, json!({ "admin": true })).await;
    assert_eq!(lab.get(&ada, TIERS).await.status, 200);
    change(&lab, &root, "PATCH", &account, json!({ "suspended": true })).await;
    assert_refused(&lab.get(&ada, ME).await, 403, "suspended");
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_change_holds_within_a_second_in_another_process(lab: Lab) {
    let root = lab.admin("root").await;
    let new = json!({ "name": "ada", "tier": "free" });
    let ada = lab.json(&root, "POST", ACCOUNTS, new).await;
    let (account, ada) = (format!("{ACCOUNTS}/{}", word(&ada, "id")), word(&ada, "key"));
    let second = lab.json(&ada, "POST", "/api/v1/keys", json!({ "name": "second" })).await;
    let (second, revoked) = (format!("/api/v1/keys/{}", word(&second, "id")), word(&second, "key"));
    lab.upload_ok(&ada, "a.bmp", bmp(30, 20, 1)).await;
    let there = lab.beside().await;
    // It knows the tier, the account and both keys since just now.
    assert_eq!(there.get(&ada, ME).await.json()["limits"]["images"], 5);
    assert_eq!(there.get(&revoked, ME).await.status, 200);

    change(&lab, &root, "PATCH", &format!("{TIERS}/free"), json!({ "images_max": 1 })).await;
    within_a_second("a tier's limit", async || {
        there.get(&ada, ME).await.json()["limits"]["images"] == 1
    })
    .await;
    let refused = there.upload(&ada, "b.bmp", bmp(30, 20, 2)).await;
    assert_refused(&refused, 403, "quota_reached");
    let problem = refused.json();
    assert_eq!((&problem["used"], &problem["limit"]), (&json!(1), &json!(1)));

    assert_eq!(there.get(&revoked, ME).await.status, 200);
    assert_eq!(lab.call(&ada, "DELETE", &second).await.status, 204);
    within_a_second("a revoked key", async || there.get(&revoked, ME).await.status == 401).await;
    change(&lab, &root, "PATCH", &account, json!({ "tier": "premium" })).await;
    within_a_second("another tier", async || there.get(&ada, ME).await.json()["tier"] == "premium")
        .await;
    change(&lab, &root, "PATCH", &account, json!({ "suspended": true })).await;
    within_a_second("a suspension", async || there.get(&ada, ME).await.status == 403).await;
}

async fn who_is_in_a_tier_of_this_moment_is_served_by_every_process(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "free").await;
    let there = lab.beside().await;
    assert_eq!(there.get(&ada, ME).await.status, 200);
    change(&lab, &root, "POST", TIERS, json!({ "name": "studio", "images_max": 7 })).await;
    change(&lab, &root, "PATCH", &lab.account_path("ada").await, json!({ "tier": "studio" })).await;
    // Accounts and tiers are remembered apart: here the account is read anew, and the tiers are not.
    there.app.identities.forget();
    let me = there.get(&ada, ME).await.json();
    assert_eq!((&me["tier"], &me["limits"]["images"]), (&json!("studio"), &json!(7)));
}
