//! What ends an upload link: its maker, its time, or that its maker may have none any more.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::callers::assert_refused;
use super::{HELD, IMAGES, Link, fates, link, seen};
use crate::support::pictures::bmp;
use crate::support::{Lab, soon};

on_both_engines! {
    a_revoked_link_takes_nothing_any_more_at_once
    a_link_ends_when_its_time_is_over
    a_link_is_closed_while_its_maker_may_have_none
    a_link_whose_tier_loses_the_right_is_closed_in_every_process_within_a_second
    a_revocation_among_many_uploads_leaves_nothing_wrong
}

/// Whatever the holder tries.
async fn assert_over(lab: &Lab, held: &Link, image: &str, code: &str) {
    for path in [
        HELD.to_owned(),
        IMAGES.to_owned(),
        format!("{IMAGES}/{image}"),
        format!("{IMAGES}/{image}/variants/thumb"),
    ] {
        let refused = lab.get(&held.token, &path).await;
        assert_refused(&refused, 410, code);
        assert!(refused.json()["detail"].as_str().unwrap().starts_with("this link"));
    }
    // Also what it has already.
    for seed in [1, 2] {
        let bytes = bmp(30, 20, seed);
        assert_refused(&lab.upload(&held.token, "a.bmp", bytes.clone()).await, 410, code);
        let form = [("file", Some("a.bmp"), &*bytes)];
        let path = format!("/u/{}", held.token);
        assert_refused(&lab.form("", &path, &form).await, 410, code);
    }
}

async fn state(lab: &Lab, key: &str, held: &Link) -> Value {
    let shown = lab.get(key, &held.path()).await.json();
    let listed = lab.get(key, super::LINKS).await.json();
    let items = listed["items"].as_array().unwrap();
    assert!(items.contains(&shown), "{shown} {listed}");
    shown["state"].clone()
}

/// A maker, their link and what it brought.
async fn brought(lab: &Lab) -> (String, Link, String) {
    let ada = lab.account("ada", "business").await;
    let held = link(lab, &ada, json!({"max_images": 1})).await;
    assert_eq!(state(lab, &ada, &held).await, "open");
    let image = lab.ready(&held.token, "a.bmp", bmp(30, 20, 1)).await;
    assert_eq!(state(lab, &ada, &held).await, "full");
    assert_eq!(seen(lab, &held.token).await, [&*image]);
    (ada, held, image)
}

async fn a_revoked_link_takes_nothing_any_more_at_once(lab: Lab) {
    let (ada, held, image) = brought(&lab).await;
    for _ in 0..2 {
        assert_eq!(lab.call(&ada, "DELETE", &held.path()).await.status, 204, "or again");
        assert_over(&lab, &held, &image, "upload_link_revoked").await;
        assert_eq!(state(&lab, &ada, &held).await, "revoked");
    }
    assert_over(&lab.beside().await, &held, &image, "upload_link_revoked").await;
    lab.app.clock.advance(Duration::from_hours(2));
    assert_eq!(state(&lab, &ada, &held).await, "revoked", "and not only expired");
    // What came in stays.
    assert_eq!(lab.image(&ada, &image).await["upload_link"], held.id);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_link_ends_when_its_time_is_over(lab: Lab) {
    let (ada, held, image) = brought(&lab).await;
    lab.app.clock.advance(Duration::from_secs(3500));
    assert_eq!(seen(&lab, &held.token).await, [&*image]);
    lab.app.clock.advance(Duration::from_secs(100));
    assert_over(&lab, &held, &image, "upload_link_expired").await;
    assert_eq!(state(&lab, &ada, &held).await, "expired");
    assert_eq!(lab.image(&ada, &image).await["upload_link"], held.id);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_link_is_closed_while_its_maker_may_have_none(lab: Lab) {
    let root = lab.admin("root").await;
    let (_, held, image) = brought(&lab).await;
    let account = lab.account_path("ada").await;
    for (away, back) in [
        (json!({"suspended": true}), json!({"suspended": false})),
        (json!({"tier": "premium"}), json!({"tier": "business"})),
        (json!({"tier": "free"}), json!({"tier": "free", "admin": true})),
        (json!({"admin": false}), json!({"tier": "business"})),
    ] {
        lab.patch(&root, &account, away).await;
        assert_over(&lab, &held, &image, "upload_link_closed").await;
        lab.patch(&root, &account, back).await;
        assert_eq!(seen(&lab, &held.token).await, [&*image], "it opens again");
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_link_whose_tier_loses_the_right_is_closed_in_every_process_within_a_second(lab: Lab) {
    let root = lab.admin("root").await;
    let (ada, held, image) = brought(&lab).await;
    let other = lab.beside().await;
    assert_eq!(seen(&other, &held.token).await, [&*image]);
    let tier = "/api/v1/tiers/business";
    lab.patch(&root, tier, json!({"rights": {"upload_links": false}})).await;
    assert_over(&lab, &held, &image, "upload_link_closed").await;
    soon("the other process hears of it", async || {
        other.get(&held.token, HELD).await.status == 410
    })
    .await;
    assert_over(&other, &held, &image, "upload_link_closed").await;
    let made = lab.json(&ada, "POST", super::LINKS, json!({"expires_in": 60})).await;
    assert_refused(&made, 403, "upload_links_not_in_tier");
    // One can still be looked at and revoked.
    assert_eq!(state(&lab, &ada, &held).await, "full");
    assert_eq!(lab.call(&ada, "DELETE", &held.path()).await.status, 204);
    assert_over(&lab, &held, &image, "upload_link_revoked").await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_revocation_among_many_uploads_leaves_nothing_wrong(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({})).await;
    let uploads = join_all((0..40).map(|seed| lab.upload(&held.token, "a.bmp", bmp(20, 20, seed))));
    let path = held.path();
    let revoking = async {
        soon("the first one is in", async || {
            lab.get(&ada, &path).await.json()["images"].as_i64().unwrap() > 0
        })
        .await;
        assert_eq!(lab.call(&ada, "DELETE", &path).await.status, 204);
        lab.get(&ada, &path).await.json()
    };
    let (answers, revoked) = tokio::join!(uploads, revoking);
    let mut created = 0;
    for answer in answers {
        if answer.status == 201 {
            assert_eq!(fates(&answer), ["created"]);
            created += 1;
        } else {
            assert_refused(&answer, 410, "upload_link_revoked");
        }
    }
    // What was in by the revocation is all there is.
    let now = lab.get(&ada, &held.path()).await.json();
    assert_eq!((&revoked["images"], &now["images"]), (&json!(created), &json!(created)));
    lab.run_jobs().await;
    assert_eq!(seen_in_all(&lab, &ada).await, created);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn seen_in_all(lab: &Lab, key: &str) -> i64 {
    lab.get(key, IMAGES).await.json()["total"].as_i64().unwrap()
}
