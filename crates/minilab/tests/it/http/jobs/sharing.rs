//! Nothing about others: whoever brings what others brought sees what they would see of a fresh picture.

use std::time::Duration;

use minilab::jobs::{Barred, claim};
use serde_json::Value;

use super::{job, jobs};
use crate::support::Lab;
use crate::support::pictures::bmp;

on_both_engines! {
    a_picture_of_others_looks_like_a_fresh_one
    a_job_under_way_for_others_begins_when_it_is_asked_for
}

/// All that an account is told of its jobs, without ids, times, and how long anything took.
async fn told(lab: &Lab, key: &str) -> Vec<Value> {
    let mut told = Vec::new();
    for listed in jobs(lab, key, "").await {
        told.push(job(lab, key, &listed["id"]).await);
        told.push(listed);
    }
    for path in ["causes", "rates?window=1h", "rates?window=24h", "rates?window=30d", "pauses"] {
        told.push(lab.get(key, &format!("/api/v1/jobs/{path}")).await.json());
    }
    told.iter_mut().for_each(blank);
    told
}

fn blank(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let is_id = matches!(&**name, "id" | "account" | "image_id");
                let is_time = name.ends_with("_at") || name == "at" || name == "ms";
                if !member.is_null() && (is_id || is_time || name.ends_with("_ms")) {
                    *member = Value::from(0);
                } else {
                    blank(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

async fn a_picture_of_others_looks_like_a_fresh_one(lab: Lab) {
    let [ada, bob, eve] = [
        lab.account("ada", "premium").await,
        lab.account("bob", "premium").await,
        lab.account("eve", "premium").await,
    ];
    let ask = async |key: &str, id: &str| {
        let path = format!("/api/v1/images/{id}/variants/display");
        assert_eq!(lab.get_with(key, &path, &[("prefer", "wait=0")]).await.status, 202);
        lab.run_jobs().await;
        assert_eq!(lab.get(key, &path).await.status, 200);
    };
    let id = lab.ready(&ada, "a.bmp", bmp(300, 200, 1)).await;
    ask(&ada, &id).await;
    lab.app.clock.advance(Duration::from_secs(1));
    // The same picture, long developed, and another one.
    for (key, seed) in [(&bob, 1), (&eve, 2)] {
        lab.upload_ok(key, "a.bmp", bmp(300, 200, seed)).await;
    }
    assert_eq!(told(&lab, &bob).await, told(&lab, &eve).await);
    lab.run_jobs().await;
    let (of_bob, of_eve) = (told(&lab, &bob).await, told(&lab, &eve).await);
    assert_eq!(of_bob, of_eve);
    assert!(of_bob.len() >= 7, "{of_bob:?}");
    for (key, seed) in [(&bob, 1), (&eve, 2)] {
        let again = lab.upload(key, "a.bmp", bmp(300, 200, seed)).await.json();
        ask(key, again["items"][0]["id"].as_str().unwrap()).await;
    }
    assert_eq!(told(&lab, &bob).await, told(&lab, &eve).await);
    assert_eq!(told(&lab, &bob).await, told(&lab, &ada).await);
}

async fn a_job_under_way_for_others_begins_when_it_is_asked_for(lab: Lab) {
    let (ada, bob) = (lab.account("ada", "premium").await, lab.account("bob", "premium").await);
    let eve = lab.account("eve", "premium").await;
    lab.upload_ok(&ada, "a.bmp", bmp(300, 200, 1)).await;
    // It was tried in vain, twice, before bob came.
    for _ in 0..2 {
        let (db, clock) = (&lab.app.db, &lab.app.clock);
        let claimed = claim::claim(db, clock, "tester", &Barred::default()).await;
        claimed.unwrap().unwrap();
        let dead = vec!["tester".to_owned()];
        claim::take_back(db, clock, dead).await.unwrap();
    }
    lab.upload_ok(&bob, "a.bmp", bmp(300, 200, 1)).await;
    lab.upload_ok(&eve, "a.bmp", bmp(300, 200, 2)).await;
    assert_eq!(jobs(&lab, &ada, "").await[0]["state"], "retry");
    assert_eq!(told(&lab, &bob).await, told(&lab, &eve).await);
    assert_eq!(jobs(&lab, &bob, "state:pending attempts:0").await.len(), 1);
    assert!(jobs(&lab, &bob, "cause:worker_lost").await.is_empty());
    lab.app.clock.advance(Duration::from_mins(1));
    lab.run_jobs().await;
    assert_eq!(told(&lab, &bob).await, told(&lab, &eve).await);
    let of_ada = jobs(&lab, &ada, "").await;
    assert_eq!(job(&lab, &ada, &of_ada[0]["id"]).await["timeline"].as_array().unwrap().len(), 3);
}
