//! Cameras: the ten most frequent are named.

use minilab::counters;
use serde_json::{Value, json};

use super::{IMAGES, MINE, STATS, counts, delete, shoot, stats};
use crate::support::Lab;
use crate::support::pictures::bmp;

on_both_engines! {
    ten_cameras_are_named_and_the_others_are_one_number
    deltas_that_wait_reorder_the_cameras
}

/// Twelve cameras: the last two took two pictures each, and are returned.
pub(super) async fn twelve_cameras(lab: &Lab, key: &str) -> Vec<String> {
    let mut last = Vec::new();
    for number in 1..=12 {
        let model = format!("M{number:02}");
        let image = shoot(lab, key, &model, number).await;
        if number > 10 {
            last.extend([image, shoot(lab, key, &model, number + 100).await]);
        }
    }
    lab.upload_ok(key, "a.bmp", bmp(20, 20, 1)).await;
    last
}

fn models(numbers: &[(u32, i64)]) -> Value {
    numbers.iter().map(|(number, count)| json!([format!("M{number:02}"), count])).collect()
}

async fn ten_cameras_are_named_and_the_others_are_one_number(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    twelve_cameras(&lab, &ada).await;
    let named = [(11, 2), (12, 2), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1)];
    for (key, path) in [(&root, STATS), (&ada, MINE)] {
        let stats = stats(&lab, key, path).await;
        assert_eq!(counts(&stats, "cameras", "model"), models(&named));
        assert_eq!((&stats["other_cameras"], &stats["unknown_cameras"]), (&json!(2), &json!(1)));
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn deltas_that_wait_reorder_the_cameras(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let last = twelve_cameras(&lab, &ada).await;
    counters::fold_if_any(&lab.app.db).await.unwrap();
    // Both pictures of M11 go, one of M12; one of M09 comes, and a new camera.
    for image in &last[..3] {
        delete(&lab, &ada, image).await;
    }
    shoot(&lab, &ada, "M09", 200).await;
    for seed in 201..204 {
        shoot(&lab, &ada, "M99", seed).await;
    }
    let named = [(99, 3), (9, 2), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1)];
    for _ in 0..2 {
        for (key, path) in [(&root, STATS), (&ada, MINE)] {
            let stats = stats(&lab, key, path).await;
            assert_eq!(counts(&stats, "cameras", "model"), models(&named));
            assert_eq!(stats["other_cameras"], 2, "M10 and M12");
        }
        counters::fold_if_any(&lab.app.db).await.unwrap();
    }
    // All that were named go, and nothing of it is folded: the next ones move up.
    let listed = lab.get(&ada, &format!("{IMAGES}?limit=100")).await.json();
    for item in listed["items"].as_array().unwrap() {
        let model = item["metadata"]["model"].as_str().unwrap_or_default();
        if named.iter().any(|(number, _)| model == format!("M{number:02}")) {
            delete(&lab, &ada, item["id"].as_str().unwrap()).await;
        }
    }
    let left = stats(&lab, &root, STATS).await;
    assert_eq!(counts(&left, "cameras", "model"), models(&[(10, 1), (12, 1)]));
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}
