//! Images that go when their time is over.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::callers::assert_refused;
use super::{BUSINESS, IMAGES, brought, keep, keep_house, link, path, upload};
use crate::support::pictures::{bmp, corpus};
use crate::support::{Lab, request};

on_both_engines! {
    an_image_goes_with_all_that_is_counted_when_its_time_is_over
    what_is_no_time_is_refused_before_anything_is_stored
    what_comes_first_of_tier_link_and_upload_counts
    a_tier_that_changes_takes_nothing_away_from_what_is_there
    a_tier_says_what_it_keeps
    many_images_go_at_once_and_their_neighbours_stay
    an_image_that_is_to_go_lets_the_same_bytes_of_others_stay
}

fn ms(text: &Value) -> i64 {
    text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// Seconds between the upload and the end; 0 for never.
async fn life(lab: &Lab, key: &str, image: &str) -> i64 {
    let image = lab.image(key, image).await;
    if image["delete_at"].is_null() {
        return 0;
    }
    (ms(&image["delete_at"]) - ms(&image["created_at"])) / 1000
}

async fn an_image_goes_with_all_that_is_counted_when_its_time_is_over(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let stays = lab.ready(&ada, "stays.bmp", bmp(30, 20, 1)).await;
    let before = lab.get(&ada, "/api/v1/me").await.json()["usage"].clone();
    let goes = brought(&lab, &ada, "60", corpus("photos/synth_gps_n_e.jpg")).await;
    assert_eq!(life(&lab, &ada, &goes).await, 60);
    assert_eq!(life(&lab, &ada, &stays).await, 0);
    let shared = link(&lab, &ada, &goes, "h200").await;
    lab.app.clock.advance(Duration::from_secs(55));
    keep_house(&lab).await;
    assert_eq!(lab.get("", &shared).await.status, 200);
    assert_eq!(lab.image(&ada, &goes).await["state"], "ready", "not yet");
    lab.app.clock.advance(Duration::from_secs(6));
    keep_house(&lab).await;
    assert_refused(&lab.get(&ada, &path(&goes)).await, 404, "not_found");
    assert_refused(&lab.get("", &shared).await, 410, "link_revoked");
    assert_eq!(lab.get(&ada, "/api/v1/me").await.json()["usage"], before);
    let stats = lab.get(&ada, "/api/v1/me/stats").await.json();
    assert_eq!(stats["formats"], json!([{"format": "bmp", "count": 1}]));
    assert_eq!((&stats["images"], &stats["cameras"]), (&json!(1), &json!([])));
    assert_eq!(stats["days"][29]["count"], 2, "an upload stays one");
    assert_eq!(lab.stored().iter().filter(|path| path.starts_with("originals/")).count(), 1);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_is_no_time_is_refused_before_anything_is_stored(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    for after in ["", "0", "-1", "1.5", "soon", "Download", "315360001", "%2B60", "60%20", "1e3"] {
        let refused = upload(&lab, &ada, after, bmp(30, 20, 1)).await;
        assert_refused(&refused, 422, "bad_delete_after");
    }
    assert_eq!(lab.stored(), [""; 0]);
    for (seed, after, secs) in [(1, "1", 1), (2, "315360000", 315_360_000), (3, "060", 60)] {
        let image = brought(&lab, &ada, after, bmp(30, 20, seed)).await;
        assert_eq!(life(&lab, &ada, &image).await, secs);
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_comes_first_of_tier_link_and_upload_counts(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let mut seed = 0;
    for (tier, held, upload, secs, after_download) in [
        (json!(500), json!(300), "400", 300, false),
        (json!(200), json!(300), "400", 200, false),
        (json!(500), json!(300), "100", 100, false),
        (json!("download"), json!(300), "400", 300, true),
        (json!(500), json!("download"), "400", 400, true),
        (json!(500), json!(600), "download", 500, true),
        (json!(null), json!(600), "download", 600, true),
        (json!("download"), json!("download"), "download", 0, true),
    ] {
        seed += 1;
        keep(&lab, &root, json!({"delete_after": tier})).await;
        let wish = json!({"expires_in": 60, "delete_after": held});
        let made = lab.json(&ada, "POST", "/api/v1/upload-links", wish).await.json();
        let token = made["token"].as_str().unwrap();
        let image = brought(&lab, token, upload, bmp(30, 20, seed)).await;
        assert_eq!(life(&lab, &ada, &image).await, secs, "{tier} {held} {upload}");
        assert_eq!(lab.image(&ada, &image).await["delete_after_download"], after_download);
        assert_eq!(lab.image(token, &image).await["delete_at"].is_null(), secs == 0);
        // Without a word of the upload; by the owner, the link says nothing.
        let plain = lab.upload_ok(&ada, "a.bmp", bmp(30, 21, seed)).await;
        let expected = tier.as_i64().unwrap_or(0);
        assert_eq!(life(&lab, &ada, &plain).await, expected);
        assert_eq!(lab.image(&ada, &plain).await["delete_after_download"], tier == "download");
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_tier_that_changes_takes_nothing_away_from_what_is_there(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let kept = lab.ready(&ada, "a.bmp", bmp(30, 20, 1)).await;
    keep(&lab, &root, json!({"delete_after": 60, "original": false})).await;
    let short = lab.ready(&ada, "b.bmp", bmp(30, 20, 2)).await;
    keep(&lab, &root, json!({"delete_after": null, "original": true})).await;
    assert_eq!((life(&lab, &ada, &kept).await, life(&lab, &ada, &short).await), (0, 60));
    keep(&lab, &root, json!({"delete_after": 1, "original": false})).await;
    lab.app.clock.advance(Duration::from_hours(1));
    keep_house(&lab).await;
    assert_eq!(lab.get(&ada, &super::original(&kept)).await.body, bmp(30, 20, 1));
    assert_eq!(lab.get(&ada, &path(&short)).await.status, 404);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_tier_says_what_it_keeps(lab: Lab) {
    let root = lab.admin("root").await;
    let everything = json!({"original": true, "location": true, "delete_after": null});
    assert_eq!(lab.get(&root, BUSINESS).await.json()["keeping"], everything);
    for (change, expected) in [
        (json!({"original": false}), json!([false, true, null])),
        (json!({"location": false, "delete_after": 60}), json!([false, false, 60])),
        (json!({"original": true, "delete_after": "download"}), json!([true, false, "download"])),
        (json!({}), json!([true, false, "download"])),
        (json!({"location": true, "delete_after": null}), json!([true, true, null])),
    ] {
        keep(&lab, &root, change).await;
        let kept = lab.get(&root, BUSINESS).await.json()["keeping"].clone();
        assert_eq!(json!([kept["original"], kept["location"], kept["delete_after"]]), expected);
    }
    for (change, field) in [
        (json!({"delete_after": 0}), "keeping.delete_after"),
        (json!({"delete_after": -1}), "keeping.delete_after"),
        (json!({"delete_after": 315_360_001}), "keeping.delete_after"),
        (json!({"delete_after": "never"}), "keeping"),
        (json!({"delete_after": 1.5}), "keeping"),
        (json!({"original": "no"}), "keeping"),
        (json!({"originals": false}), "keeping"),
        (json!(null), "keeping"),
        (json!([]), "keeping"),
    ] {
        let refused = lab.json(&root, "PATCH", BUSINESS, json!({"keeping": change})).await;
        assert_refused(&refused, 422, "invalid");
        assert_eq!(refused.json()["problems"][0]["field"], field, "{change}");
    }
    assert_eq!(lab.get(&root, BUSINESS).await.json()["keeping"], everything);
    let new = json!({"name": "brief", "keeping": {"original": false, "delete_after": 3600}});
    let made = lab.json(&root, "POST", "/api/v1/tiers", new).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let expected = json!({"original": false, "location": true, "delete_after": 3600});
    assert_eq!(made.json()["keeping"], expected);
    let eve = lab.account("eve", "brief").await;
    assert_eq!(lab.get(&eve, "/api/v1/me").await.json()["keeping"], expected);
    let detail = lab.get(&root, "/api/v1/audit").await.json()["items"][0]["detail"].to_string();
    assert!(detail.contains("keeping"), "{detail}");
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn many_images_go_at_once_and_their_neighbours_stay(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let pictures = (0..130).map(|seed| bmp(9, 9, seed)).collect::<Vec<_>>();
    for (after, pictures) in [("60", &pictures[..120]), ("600", &pictures[120..])] {
        for batch in pictures.chunks(60) {
            let inputs = batch.iter().map(|bytes| ("f", Some("a.bmp"), &**bytes));
            let path = format!("{IMAGES}?delete_after={after}");
            let answer = lab.form(&ada, &path, &inputs.collect::<Vec<_>>()).await;
            assert_eq!(answer.status, 201);
        }
    }
    // Also those whose variants are not made yet.
    lab.app.clock.advance(Duration::from_mins(2));
    keep_house(&lab).await;
    assert_eq!(lab.get(&ada, IMAGES).await.json()["total"], 10);
    assert_eq!(lab.get(&ada, "/api/v1/me").await.json()["usage"]["images"], 10);
    lab.app.clock.advance(Duration::from_mins(10));
    keep_house(&lab).await;
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn an_image_that_is_to_go_lets_the_same_bytes_of_others_stay(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let bob = lab.account("bob", "business").await;
    let goes = brought(&lab, &ada, "60", bmp(300, 200, 1)).await;
    let stays = lab.ready(&bob, "b.bmp", bmp(300, 200, 1)).await;
    assert!(lab.image(&bob, &stays).await["delete_at"].is_null());
    // A duplicate is the image that is there: its time does not become shorter.
    let again = upload(&lab, &ada, "30", bmp(300, 200, 1)).await;
    assert_eq!((again.status.as_u16(), &again.json()["items"][0]["id"]), (200, &json!(goes)));
    assert_eq!(life(&lab, &ada, &goes).await, 60);
    // Without an end, it stays, and even if it was due already.
    let other = brought(&lab, &ada, "30", bmp(30, 20, 9)).await;
    lab.app.clock.advance(Duration::from_secs(31));
    let again = lab.upload(&ada, "again.bmp", bmp(30, 20, 9)).await;
    assert_eq!((again.status.as_u16(), &again.json()["items"][0]["id"]), (200, &json!(other)));
    keep_house(&lab).await;
    assert_eq!(life(&lab, &ada, &other).await, 0);
    lab.app.clock.advance(Duration::from_secs(61));
    keep_house(&lab).await;
    assert_eq!(lab.get(&ada, &path(&goes)).await.status, 404);
    assert_eq!(lab.get(&bob, &super::variant(&stays, "h200")).await.status, 200);
    assert_eq!(lab.get(&bob, &super::original(&stays)).await.body, bmp(300, 200, 1));
    let sent = request(&ada, "POST", IMAGES).body(bmp(300, 200, 1).into()).unwrap();
    assert_eq!(lab.send(sent).await.status, 201, "and may come back");
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}
