//! What is there, counted: for the whole lab and for each account.

mod cameras;
mod pictures;

use std::time::Duration;

use futures_util::future::join_all;
use minilab::{clock, counters};
use serde_json::{Value, json};

use super::callers::assert_refused;
use crate::support::pictures::{Notes, bmp, corpus, photo, undecodable};
use crate::support::{Lab, ids};

on_both_engines! {
    statistics_have_their_shape_from_the_start
    one_account_is_told_nothing_of_others
    jobs_are_counted_by_state
    folding_changes_no_answer
    many_at_once_are_counted_like_one_after_the_other
}

mod rows {
    minilab::sql! {
        IMAGES = "SELECT COUNT(*) FROM images";
        STORED = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM blobs WHERE NOT doomed";
        VARIANTS = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM variants";
        SUCCEEDED = "SELECT COUNT(*) FROM jobs WHERE state = 'succeeded'";
    }
}

const STATS: &str = "/api/v1/stats";
const MINE: &str = "/api/v1/me/stats";
const IMAGES: &str = "/api/v1/images";

fn sum(counts: &Value) -> i64 {
    counts.as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum()
}

/// Statistics that add up.
async fn stats(lab: &Lab, key: &str, path: &str) -> Value {
    let answer = lab.get(key, path).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let stats = answer.json();
    let number = |name: &str| stats[name].as_i64().unwrap_or_else(|| panic!("{name}: {stats}"));
    let images = number("images");
    assert_eq!(sum(&stats["formats"]), images, "{stats}");
    let cameras = sum(&stats["cameras"]) + number("other_cameras") + number("unknown_cameras");
    assert_eq!(cameras, images, "{stats}");
    assert_eq!(number("bytes_saved"), number("bytes_uploaded") - number("bytes_stored"));
    assert!(stats["cameras"].as_array().unwrap().len() <= 10);
    let dates = stats["days"].as_array().unwrap().iter().map(|day| day["date"].as_str().unwrap());
    let now_ms = lab.app.clock.now_ms();
    let expected = (0..30).rev().map(|back| clock::day(now_ms - back * 24 * 3_600_000));
    assert_eq!(dates.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    stats
}

/// Turns the clock to the next noon: no day ends while a story is told.
fn noon(lab: &Lab) {
    const DAY_MS: i64 = 24 * 3_600_000;
    let into_day = lab.app.clock.now_ms() % DAY_MS;
    let left = (DAY_MS * 3 / 2 - into_day) % DAY_MS;
    lab.app.clock.advance(Duration::from_millis(left as u64));
}

fn counts(stats: &Value, what: &str, name: &str) -> Value {
    let pairs = stats[what].as_array().unwrap().iter();
    pairs.map(|one| json!([one[name], one["count"]])).collect()
}

async fn delete(lab: &Lab, key: &str, image: &str) {
    assert_eq!(lab.call(key, "DELETE", &format!("{IMAGES}/{image}")).await.status, 204);
}

async fn shoot(lab: &Lab, key: &str, model: &str, seed: u16) -> String {
    lab.upload_ok(key, "a.jpg", photo(Notes { model, ..Notes::default() }, seed)).await
}

async fn statistics_have_their_shape_from_the_start(lab: Lab) {
    noon(&lab);
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    for (key, path) in [(&root, STATS), (&root, MINE), (&ada, MINE)] {
        let empty = stats(&lab, key, path).await;
        assert!(empty["days"].as_array().unwrap().iter().all(|day| day["count"] == 0));
        let mut expected = json!({
            "images": 0, "formats": [], "cameras": [], "other_cameras": 0, "unknown_cameras": 0,
            "bytes_uploaded": 0, "bytes_stored": 0, "bytes_saved": 0, "bytes_variants": 0,
            "jobs": {"pending": 0, "started": 0, "retry": 0, "failed": 0, "succeeded": 0,
                "cancelled": 0},
        });
        expected["days"] = empty["days"].clone();
        assert_eq!(empty, expected);
    }
    assert_refused(&lab.get(&ada, STATS).await, 403, "not_admin");
    assert_refused(&lab.get("", STATS).await, 401, "unauthorized");
    assert_refused(&lab.get("", MINE).await, 401, "unauthorized");
}

async fn one_account_is_told_nothing_of_others(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    let bob = lab.account("bob", "premium").await;
    let picture = corpus("photos/synth_gps_n_e.jpg");
    let before = lab.get(&ada, MINE).await.json();
    lab.ready(&bob, "b.jpg", picture.clone()).await;
    shoot(&lab, &bob, "Bob's", 1).await;
    assert_eq!(lab.get(&ada, MINE).await.json(), before);
    // Whether the bytes were there does not show.
    lab.ready(&ada, "a.jpg", picture.clone()).await;
    let after = stats(&lab, &ada, MINE).await;
    let eve = lab.account("eve", "premium").await;
    lab.run_jobs().await;
    lab.ready(&eve, "a.jpg", photo(Notes { model: "G1", ..Notes::default() }, 1)).await;
    let first = stats(&lab, &eve, MINE).await;
    for name in ["images", "formats", "cameras", "unknown_cameras", "jobs"] {
        assert_eq!(after[name], first[name], "{name}");
    }
    assert_eq!(after["bytes_stored"], picture.len());
    assert_eq!(after["bytes_saved"], 0);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn jobs_are_counted_by_state(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let jobs = async |key: &str, path: &str| {
        let jobs = stats(&lab, key, path).await["jobs"].clone();
        ["pending", "started", "retry", "failed", "succeeded", "cancelled"]
            .map(|state| jobs[state].as_i64().unwrap())
    };
    let mut images = Vec::new();
    for seed in 0..3 {
        images.push(lab.upload_ok(&ada, "a.bmp", bmp(20, 20, seed)).await);
    }
    let broken = lab.upload_ok(&ada, "a.bmp", undecodable(9)).await;
    for (key, path) in [(&root, STATS), (&ada, MINE)] {
        assert_eq!(jobs(key, path).await, [4, 0, 0, 0, 0, 0]);
    }
    assert_eq!(jobs(&root, MINE).await, [0; 6]);
    // One is cancelled; the bytes go by a job of the house.
    delete(&lab, &ada, &images[0]).await;
    assert_eq!(jobs(&ada, MINE).await, [3, 0, 0, 0, 0, 1]);
    assert_eq!(jobs(&root, STATS).await, [4, 0, 0, 0, 0, 1]);
    lab.run_jobs().await;
    assert_eq!(jobs(&ada, MINE).await, [0, 0, 0, 1, 2, 1]);
    assert_eq!(jobs(&root, STATS).await, [0, 0, 0, 1, 3, 1]);
    assert_eq!(lab.number(rows::SUCCEEDED).await, 3);
    delete(&lab, &ada, &broken).await;
    lab.run_jobs().await;
    // What ended well stays counted when its rows are gone; what failed goes with its image.
    let before = jobs(&root, STATS).await;
    lab.app.clock.advance(Duration::from_hours(24 * 8));
    let now_ms = lab.app.clock.now_ms();
    let swept = lab.app.db.write(now_ms, |tx, now_ms| {
        Box::pin(minilab::jobs::enqueue(tx, &minilab::jobs::Job::Sweep, None, *now_ms))
    });
    swept.await.unwrap();
    lab.run_jobs().await;
    assert!(lab.number(rows::SUCCEEDED).await <= 1, "all but the sweep's own");
    assert_eq!(jobs(&root, STATS).await[3..], [0, before[4] + 1, before[5]]);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn folding_changes_no_answer(lab: Lab) {
    noon(&lab);
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let mut images = cameras::twelve_cameras(&lab, &ada).await;
    for round in 0..3 {
        delete(&lab, &ada, &images.remove(0)).await;
        lab.upload_ok(&root, "a.bmp", bmp(30, 30, round)).await;
        let before = [stats(&lab, &root, STATS).await, stats(&lab, &ada, MINE).await];
        for _ in 0..2 {
            counters::fold_if_any(&lab.app.db).await.unwrap();
            let after = [stats(&lab, &root, STATS).await, stats(&lab, &ada, MINE).await];
            assert_eq!(after, before);
        }
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn many_at_once_are_counted_like_one_after_the_other(lab: Lab) {
    let root = lab.admin("root").await;
    let mut keys = Vec::new();
    for name in ["ada", "bob", "eve", "joe"] {
        keys.push(lab.account(name, "business").await);
    }
    let busy = (0..200_u16).map(|turn| {
        let key = &keys[usize::from(turn) % 4];
        let lab = &lab;
        async move {
            // Four bring the same picture, each at their time; some bring one of their own.
            let round = turn / 4;
            let id = match turn % 5 {
                0 => lab.upload_ok(key, "a.bmp", bmp(20, 20, turn as u8)).await,
                _ => shoot(lab, key, &format!("M{:02}", round % 13), round).await,
            };
            if (round + turn).is_multiple_of(2) {
                delete(lab, key, &id).await;
            }
        }
    });
    let folding = async {
        for _ in 0..50 {
            counters::fold_if_any(&lab.app.db).await.unwrap();
            stats(&lab, &root, STATS).await;
        }
    };
    tokio::join!(join_all(busy), folding);
    let all = stats(&lab, &root, STATS).await;
    assert_eq!((&all["images"], lab.number(rows::IMAGES).await), (&json!(100), 100));
    assert_eq!(sum(&all["days"]), 200);
    assert_eq!(all["bytes_stored"], lab.number(rows::STORED).await);
    let mut listed = 0;
    for key in &keys {
        listed += stats(&lab, key, MINE).await["images"].as_i64().unwrap();
        assert_eq!(
            ids(&lab.get(key, &format!("{IMAGES}?limit=100")).await.json()["items"]).len(),
            25
        );
    }
    assert_eq!(listed, 100);
    assert_eq!(lab.differences().await, [""; 0]);
}
