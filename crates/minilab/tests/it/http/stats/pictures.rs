//! Pictures, days and bytes.

use std::time::Duration;

use minilab::counters;
use serde_json::json;

use super::{MINE, STATS, counts, delete, noon, rows, stats, sum};
use crate::support::Lab;
use crate::support::pictures::{bmp, corpus, undecodable};

on_both_engines! {
    images_are_counted_by_format_and_camera_and_uncounted_when_they_go
    days_count_uploads_and_move_with_the_clock
    bytes_are_counted_as_uploaded_and_as_stored
}

async fn images_are_counted_by_format_and_camera_and_uncounted_when_they_go(lab: Lab) {
    noon(&lab);
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let bob = lab.account("bob", "premium").await;
    let gps = corpus("photos/synth_gps_n_e.jpg");
    let mut gone = Vec::new();
    for (key, bytes) in [
        (&ada, gps.clone()),
        (&ada, bmp(20, 20, 1)),
        (&ada, corpus("formats/image-png__rgb.png")),
        (&bob, gps.clone()),
        (&bob, bmp(20, 20, 2)),
        (&bob, corpus("photos/synth_model_padded.jpg")),
    ] {
        gone.push((key, lab.upload_ok(key, "a", bytes).await));
    }
    // One that cannot be developed is an image as well.
    gone.push((&bob, lab.upload_ok(&bob, "a.bmp", undecodable(1)).await));
    lab.run_jobs().await;
    let all = stats(&lab, &root, STATS).await;
    assert_eq!(counts(&all, "formats", "format"), json!([["jpeg", 3], ["bmp", 2], ["png", 2]]));
    assert_eq!(counts(&all, "cameras", "model"), json!([["G1", 2], ["NIKON D300", 1]]));
    assert_eq!((&all["images"], &all["unknown_cameras"]), (&json!(7), &json!(4)));
    let mine = stats(&lab, &bob, MINE).await;
    assert_eq!(counts(&mine, "formats", "format"), json!([["jpeg", 2], ["bmp", 1], ["png", 1]]));
    assert_eq!(counts(&mine, "cameras", "model"), json!([["G1", 1], ["NIKON D300", 1]]));
    assert_eq!(lab.differences().await, [""; 0]);
    for (left, (key, image)) in (0..7).rev().zip(&gone) {
        delete(&lab, key, image).await;
        let all = stats(&lab, &root, STATS).await;
        assert_eq!((&all["images"], &all["days"][29]["count"]), (&json!(left), &json!(7)));
    }
    lab.run_jobs().await;
    let all = stats(&lab, &root, STATS).await;
    assert_eq!((&all["formats"], &all["cameras"]), (&json!([]), &json!([])));
    for name in ["bytes_uploaded", "bytes_stored", "bytes_saved", "bytes_variants"] {
        assert_eq!(all[name], 0, "{name}");
    }
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn days_count_uploads_and_move_with_the_clock(lab: Lab) {
    noon(&lab);
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let day = Duration::from_hours(24);
    let mut expected = vec![0; 30];
    for (seed, uploads) in [(0, 2), (10, 0), (20, 3)] {
        for more in 0..uploads {
            let image = lab.upload_ok(&ada, "a.bmp", bmp(20, 20, seed + more)).await;
            // A duplicate is no upload, and a delete takes none back.
            assert_eq!(lab.upload(&ada, "b.bmp", bmp(20, 20, seed + more)).await.status, 200);
            if more == 0 {
                delete(&lab, &ada, &image).await;
            }
        }
        expected.push(i64::from(uploads));
        for (key, path) in [(&root, STATS), (&ada, MINE)] {
            let stats = stats(&lab, key, path).await;
            let days = stats["days"].as_array().unwrap().iter();
            let days = days.map(|day| day["count"].as_i64().unwrap()).collect::<Vec<_>>();
            assert_eq!(days, expected[expected.len() - 30..]);
        }
        lab.app.clock.advance(day);
        counters::fold_if_any(&lab.app.db).await.unwrap();
    }
    // Until they are out of sight.
    lab.app.clock.advance(day * 27);
    assert_eq!(sum(&stats(&lab, &root, STATS).await["days"]), 3);
    lab.app.clock.advance(day * 2);
    assert_eq!(sum(&stats(&lab, &root, STATS).await["days"]), 0);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn bytes_are_counted_as_uploaded_and_as_stored(lab: Lab) {
    let root = lab.admin("root").await;
    let (same, own) = (bmp(40, 40, 1), bmp(20, 20, 2));
    let mut images = Vec::new();
    for name in ["ada", "bob", "eve"] {
        let key = lab.account(name, "premium").await;
        images.push((key.clone(), lab.ready(&key, "a.bmp", same.clone()).await));
        assert_eq!(lab.upload(&key, "b.bmp", same.clone()).await.status, 200);
    }
    lab.ready(&images[0].0, "a.bmp", own.clone()).await;
    let expect = async |uploaded: usize, stored: usize| {
        let stats = stats(&lab, &root, STATS).await;
        assert_eq!(
            (&stats["bytes_uploaded"], &stats["bytes_stored"]),
            (&json!(uploaded), &json!(stored))
        );
        assert_eq!(stats["bytes_stored"], lab.number(rows::STORED).await);
        assert_eq!(stats["bytes_variants"], lab.number(rows::VARIANTS).await);
    };
    expect(3 * same.len() + own.len(), same.len() + own.len()).await;
    for (left, (key, image)) in [2, 1, 0].into_iter().zip(&images) {
        delete(&lab, key, image).await;
        expect(left * same.len() + own.len(), same.len().min(left * same.len()) + own.len()).await;
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}
