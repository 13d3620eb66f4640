//! Pauses: with a reason, until somebody or the time ends them.

use std::time::Duration;

use serde_json::json;

use super::jobs;
use crate::support::Lab;
use crate::support::pictures::bmp;

on_both_engines! {
    what_is_paused_waits_until_it_is_resumed
    a_pause_ends_by_itself
    a_pause_needs_a_reason_and_a_future
}

async fn what_is_paused_waits_until_it_is_resumed(lab: Lab) {
    let (ada, admin) = (lab.account("ada", "premium").await, lab.admin("root").await);
    let account = lab.get(&ada, "/api/v1/jobs").await;
    assert_eq!(account.status, 200);
    let id = lab.account_path("ada").await.rsplit('/').next().unwrap().to_owned();
    for subject in ["all".to_owned(), "develop".to_owned(), format!("account:{id}")] {
        let path = format!("/api/v1/jobs/pauses/{subject}");
        let paused = lab.json(&admin, "PUT", &path, json!({ "reason": "a new disk" })).await;
        assert_eq!(paused.status, 200, "{}", paused.json());
        lab.upload_ok(&ada, "a.bmp", bmp(300, 200, subject.len() as u8)).await;
        lab.run_jobs().await;
        assert_eq!(jobs(&lab, &ada, "state:pending").await.len(), 1, "{subject}");
        let ready = lab.get("", "/readyz").await.json();
        assert_eq!(ready["degraded"], json!(["paused"]));
        // Another process knows as well, and the owner sees why.
        let seen = lab.beside().await.get(&ada, "/api/v1/jobs/pauses").await.json();
        assert_eq!(seen["items"][0]["subject"], *subject);
        for _ in 0..2 {
            assert_eq!(lab.call(&admin, "DELETE", &path).await.status, 204);
        }
        lab.run_jobs().await;
        assert!(jobs(&lab, &ada, "state:pending").await.is_empty());
    }
    let actions = lab.get(&admin, "/api/v1/audit").await.json();
    assert_eq!(actions["items"][0]["action"], "jobs.resume");
    assert_eq!(actions["items"][1]["detail"]["reason"], "a new disk");
}

async fn a_pause_ends_by_itself(lab: Lab) {
    let (ada, admin) = (lab.account("ada", "premium").await, lab.admin("root").await);
    let until = minilab::clock::rfc3339(lab.app.clock.now_ms() + 60_000);
    let pause = json!({ "reason": "for a minute", "until": until });
    assert_eq!(lab.json(&admin, "PUT", "/api/v1/jobs/pauses/all", pause).await.status, 200);
    lab.upload_ok(&ada, "a.bmp", bmp(300, 200, 1)).await;
    lab.run_jobs().await;
    assert_eq!(jobs(&lab, &ada, "state:pending").await.len(), 1);
    lab.app.clock.advance(Duration::from_secs(61));
    lab.run_jobs().await;
    assert_eq!(jobs(&lab, &ada, "state:succeeded").await.len(), 1);
}

async fn a_pause_needs_a_reason_and_a_future(lab: Lab) {
    let admin = lab.admin("root").await;
    for (subject, body, status) in [
        ("everything", json!({ "reason": "x" }), 404),
        ("all", json!({ "reason": "" }), 422),
        ("all", json!({}), 422),
        ("all", json!({ "reason": "x", "until": "tomorrow" }), 422),
        ("all", json!({ "reason": "x", "until": "2001-01-01T00:00:00Z" }), 422),
    ] {
        let path = format!("/api/v1/jobs/pauses/{subject}");
        let refused = lab.json(&admin, "PUT", &path, body.clone()).await;
        assert_eq!(refused.status, status, "{subject} {body}");
    }
}
