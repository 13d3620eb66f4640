//! Trying again and cancelling: one, some, all that a filter finds.

use serde_json::{Value, json};

use super::{job, jobs};
use crate::support::pictures::{bmp, undecodable};
use crate::support::{Lab, soon};

on_both_engines! {
    what_failed_is_tried_again_once
    what_is_cancelled_is_not_done
    what_others_wait_for_is_not_cancelled
    many_are_tried_again_in_the_background
    keys_do_what_their_scopes_say
}

async fn act(lab: &Lab, key: &str, verb: &str, body: Value) -> Value {
    let answer = lab.json(key, "POST", &format!("/api/v1/jobs/{verb}"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

async fn what_failed_is_tried_again_once(lab: Lab) {
    let (ada, bob) = (lab.account("ada", "premium").await, lab.account("bob", "premium").await);
    let image = lab.ready(&ada, "a.png", undecodable(1)).await;
    let id = jobs(&lab, &ada, "state:failed").await[0]["id"].clone();
    let ids = json!({ "ids": [id] });
    // It is none of theirs.
    assert_eq!(act(&lab, &bob, "retry", ids.clone()).await["count"], 0);
    let dry = act(&lab, &ada, "retry", json!({ "filter": "state:failed", "dry_run": true })).await;
    assert_eq!((&dry["count"], &dry["action_id"]), (&json!(1), &json!(null)));
    assert_eq!(job(&lab, &ada, &id).await["state"], "failed");
    let first = act(&lab, &ada, "retry", ids.clone()).await;
    assert_eq!(first["count"], 1);
    assert_eq!(act(&lab, &ada, "retry", ids).await, first, "a second click");
    let again = job(&lab, &ada, &id).await;
    assert_eq!((&again["state"], &again["attempts"]), (&json!("pending"), &json!(0)));
    assert_eq!(lab.image(&ada, &image).await["state"], "processing");
    lab.run_jobs().await;
    let failed = job(&lab, &ada, &id).await;
    assert_eq!(failed["state"], "failed");
    assert_eq!(failed["timeline"].as_array().unwrap().len(), 2);
    assert_eq!(lab.image(&ada, &image).await["state"], "failed");
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_is_cancelled_is_not_done(lab: Lab) {
    let (ada, admin) = (lab.account("ada", "premium").await, lab.admin("root").await);
    let image = lab.upload_ok(&ada, "a.bmp", bmp(300, 200, 1)).await;
    let id = jobs(&lab, &ada, "state:pending").await[0]["id"].clone();
    let done = act(&lab, &ada, "cancel", json!({ "filter": "state:pending" })).await;
    assert_eq!(done["count"], 1);
    lab.run_jobs().await;
    assert_eq!(job(&lab, &ada, &id).await["state"], "cancelled");
    assert_eq!(lab.image(&ada, &image).await["state"], "failed");
    assert_eq!(lab.differences().await, [""; 0]);
    // By the admin, for whom it is the job of the lab.
    let all = jobs(&lab, &admin, "state:cancelled").await;
    act(&lab, &admin, "retry", json!({ "ids": [all[0]["id"]], "reason": "by mistake" })).await;
    lab.run_jobs().await;
    assert_eq!(job(&lab, &admin, &all[0]["id"]).await["state"], "succeeded");
    let audit = lab.get(&admin, "/api/v1/audit").await.json();
    assert_eq!(audit["items"][0]["action"], "jobs.retry");
    assert_eq!(audit["items"][0]["detail"]["reason"], "by mistake");
}

async fn what_others_wait_for_is_not_cancelled(lab: Lab) {
    let (ada, bob) = (lab.account("ada", "premium").await, lab.account("bob", "premium").await);
    let of_ada = lab.upload_ok(&ada, "a.bmp", bmp(300, 200, 1)).await;
    let of_bob = lab.upload_ok(&bob, "a.bmp", bmp(300, 200, 1)).await;
    act(&lab, &ada, "cancel", json!({ "filter": "" })).await;
    assert_eq!(jobs(&lab, &ada, "").await[0]["state"], "cancelled");
    assert_eq!(jobs(&lab, &bob, "").await[0]["state"], "pending");
    lab.run_jobs().await;
    assert_eq!(lab.image(&ada, &of_ada).await["state"], "failed");
    assert_eq!(lab.image(&bob, &of_bob).await["state"], "ready");
    // Ada changes her mind when it was done for bob.
    act(&lab, &ada, "retry", json!({ "filter": "" })).await;
    lab.run_jobs().await;
    assert_eq!(lab.image(&ada, &of_ada).await["state"], "ready");
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn many_are_tried_again_in_the_background(lab: Lab) {
    let (ada, admin) = (lab.account("ada", "business").await, lab.admin("root").await);
    for seed in 0..120 {
        lab.upload_ok(&ada, "a.png", undecodable(seed)).await;
    }
    lab.run_jobs().await;
    let filter = json!({ "filter": "cause:malformed_image" });
    let acted = act(&lab, &admin, "retry", filter.clone()).await;
    assert_eq!(acted["count"], 120);
    assert_eq!(act(&lab, &admin, "retry", filter).await, acted);
    let path = format!("/api/v1/jobs/actions/{}", acted["action_id"].as_str().unwrap());
    let begun = lab.get(&admin, &path).await.json();
    assert_eq!((&begun["done"], &begun["ended_at"]), (&json!(0), &json!(null)));
    let working = lab.work();
    soon("all are tried again", async || {
        let action = lab.get(&admin, &path).await.json();
        action["ended_at"].is_string()
    })
    .await;
    assert_eq!(lab.get(&admin, &path).await.json()["done"], 120);
    soon("all have failed again", async || {
        let again = jobs(&lab, &admin, "kind:develop state:failed").await;
        again.len() == 100 && jobs(&lab, &admin, "kind:develop state:pending").await.is_empty()
    })
    .await;
    working.stop().await;
}

async fn keys_do_what_their_scopes_say(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    lab.ready(&ada, "a.png", undecodable(1)).await;
    let key = async |scope: &str| {
        let made = json!({ "name": scope, "scopes": [scope] });
        let made = lab.json(&ada, "POST", "/api/v1/keys", made).await;
        assert_eq!(made.status, 201, "{}", made.json());
        made.json()["key"].as_str().unwrap().to_owned()
    };
    let form = json!({ "filter": "state:failed", "dry_run": true });
    for (scope, may_look, may_act) in [
        ("read", true, false),
        ("write", false, true),
        ("admin", false, false),
        ("jobs:read", true, false),
        ("jobs:act", false, true),
    ] {
        let key = key(scope).await;
        let status = |may: bool| if may { 200 } else { 403 };
        assert_eq!(lab.get(&key, "/api/v1/jobs").await.status, status(may_look), "{scope}");
        let acted = lab.json(&key, "POST", "/api/v1/jobs/retry", form.clone()).await;
        assert_eq!(acted.status, status(may_act), "{scope}");
        let images = lab.get(&key, "/api/v1/images").await;
        assert_eq!(images.status, status(scope == "read"), "{scope}");
        let workers = lab.get(&key, "/api/v1/workers").await;
        assert_eq!(workers.status, 403, "{scope} gives no more than the account may");
    }
}
