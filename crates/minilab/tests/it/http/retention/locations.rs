//! Originals that are handed out without the place they were taken at, because the tier says so.

use std::io::Cursor;

use minilab::execute;
use pixels::{Limits, Metadata};
use serde_json::json;

use super::{IMAGES, keep, link, original};
use crate::support::pictures::{bmp, corpus};
use crate::support::{Lab, path_of};

on_both_engines! {
    a_tier_that_keeps_no_place_hands_out_originals_without_it
    an_original_without_a_place_is_handed_out_as_it_is
    a_tier_that_keeps_places_again_hands_out_the_very_bytes
    an_original_without_a_place_is_looked_at_once
    what_an_older_version_found_free_of_places_is_looked_at_again
}

mod rows {
    minilab::sql! {
        PLACE_FREE = "SELECT COALESCE(MAX(place_free), 0) FROM blobs";
        SET_PLACE_FREE = "UPDATE blobs SET place_free = $1";
    }
}

/// As if all originals had been found to tell no place by that version; nothing for by none.
async fn found_by(lab: &Lab, version: Option<i64>) {
    let written = lab.app.db.write(version, |tx, version| {
        Box::pin(async move { execute!(tx, rows::SET_PLACE_FREE, *version) })
    });
    assert!(written.await.unwrap() > 0);
}

fn notes(bytes: &[u8]) -> Metadata {
    let facts = pixels::probe(Cursor::new(bytes), &Limits::default()).unwrap();
    pixels::metadata(Cursor::new(bytes), &facts)
}

async fn a_tier_that_keeps_no_place_hands_out_originals_without_it(lab: Lab) {
    let root = lab.admin("root").await;
    keep(&lab, &root, json!({"location": false})).await;
    let ada = lab.account("ada", "business").await;
    for name in ["synth_gps_n_e.jpg", "synth_gps_s_w.jpg"] {
        let taken = corpus(&format!("photos/{name}"));
        let image = lab.ready(&ada, name, taken.clone()).await;
        let url = lab.image(&ada, &image).await["original_url"].as_str().unwrap().to_owned();
        for path in [original(&image), url] {
            let got = lab.get(&ada, &path).await;
            assert_eq!((got.status.as_u16(), got.header("content-type")), (200, "image/jpeg"));
            assert_eq!(notes(&got.body), Metadata { gps: None, ..notes(&taken) });
            assert_eq!(notes(&got.body).make.as_deref(), Some("GeoCam"));
            assert_eq!(got.header("content-length"), got.body.len().to_string());
            // A part and a look are of the same bytes.
            let part = lab.get_with(&ada, &path, &[("range", "bytes=5-24")]).await;
            assert_eq!((part.status.as_u16(), &*part.body), (206, &got.body[5..25]));
            let look = lab.call(&ada, "HEAD", &path).await;
            assert_eq!(look.header("content-length"), got.header("content-length"));
            let tag = [("if-none-match", got.header("etag"))];
            assert_eq!(lab.get_with(&ada, &path, &tag).await.status, 304);
            let old = format!(
                "{path}?v={}",
                minilab::http::tag::fingerprint(blake3::hash(&taken).as_bytes(),)
            );
            let old = lab.get(&ada, &old).await;
            assert!(!old.header("cache-control").contains("immutable"), "it is not that content");
            assert_eq!(notes(&old.body).gps, None);
        }
        // Nor does a link, whatever it says.
        let wish = json!({"expires_in": 300, "variant": "original", "keep_location": true});
        let made = lab.json(&ada, "POST", &format!("{IMAGES}/{image}/links"), wish).await.json();
        let opened = lab.get("", &path_of(made["url"].as_str().unwrap())).await;
        assert_eq!(notes(&opened.body), Metadata { gps: None, ..notes(&taken) });
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn an_original_without_a_place_is_handed_out_as_it_is(lab: Lab) {
    let root = lab.admin("root").await;
    keep(&lab, &root, json!({"location": false})).await;
    let ada = lab.account("ada", "business").await;
    for (name, bytes) in [
        ("a.bmp", bmp(30, 20, 1)),
        ("b.jpg", corpus("photos/synth_model_padded.jpg")),
        ("c.png", corpus("formats/image-png__rgb.png")),
    ] {
        let image = lab.ready(&ada, name, bytes.clone()).await;
        assert_eq!(lab.get(&ada, &original(&image)).await.body, bytes, "{name}");
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_tier_that_keeps_places_again_hands_out_the_very_bytes(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let bob = lab.account("bob", "premium").await;
    let taken = corpus("photos/synth_gps_n_e.jpg");
    let image = lab.ready(&ada, "a.jpg", taken.clone()).await;
    let of_bob = lab.ready(&bob, "b.jpg", taken.clone()).await;
    let shared = link(&lab, &ada, &image, "original").await;
    let mut tags = Vec::new();
    for location in [true, false, true, false] {
        keep(&lab, &root, json!({"location": location})).await;
        let got = lab.get(&ada, &original(&image)).await;
        assert_eq!(got.body == taken, location);
        tags.push(got.header("etag").to_owned());
        assert_eq!(lab.get(&bob, &original(&of_bob)).await.body, taken, "of another tier");
    }
    assert_eq!(tags[..2], tags[2..]);
    assert_ne!(tags[0], tags[1]);
    assert_eq!(notes(&lab.get("", &shared).await.body).gps, None);
    for (key, image) in [(&ada, &image), (&bob, &of_bob)] {
        assert_eq!(lab.call(key, "DELETE", &format!("{IMAGES}/{image}")).await.status, 204);
    }
    lab.run_jobs().await;
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn an_original_without_a_place_is_looked_at_once(lab: Lab) {
    let root = lab.admin("root").await;
    keep(&lab, &root, json!({"location": false})).await;
    let ada = lab.account("ada", "business").await;
    let bytes = bmp(30, 20, 1);
    let image = lab.ready(&ada, "a.bmp", bytes.clone()).await;
    let path = original(&image);
    assert_eq!(lab.number(rows::PLACE_FREE).await, 0, "nobody asked yet");
    let first = lab.get(&ada, &path).await;
    assert_eq!((first.status.as_u16(), &first.body), (200, &bytes));
    let now = lab.number(rows::PLACE_FREE).await;
    assert!(now > 1, "{now}");

    // Whoever reads it now fails; an answer without a body needs no more than a file of that size.
    let stored = lab.stored().into_iter().find(|path| path.starts_with("originals/")).unwrap();
    let file = lab.data().join("blobs").join(stored);
    let spoilt = vec![7; bytes.len()];
    std::fs::write(&file, &spoilt).unwrap();
    let look = lab.call(&ada, "HEAD", &path).await;
    assert_eq!((look.status.as_u16(), look.header("etag")), (200, first.header("etag")));
    link(&lab, &ada, &image, "original").await;
    // What came in before any of this was remembered, and what an older version looked at.
    for version in [None, Some(1)] {
        found_by(&lab, version).await;
        assert_eq!(lab.call(&ada, "HEAD", &path).await.status, 500, "{version:?}");
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(lab.get(&ada, &path).await.body, bytes);
        assert_eq!(lab.number(rows::PLACE_FREE).await, now);
        std::fs::write(&file, &spoilt).unwrap();
        assert_eq!(lab.call(&ada, "HEAD", &path).await.status, 200, "{version:?}");
    }
    std::fs::write(&file, &bytes).unwrap();
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_an_older_version_found_free_of_places_is_looked_at_again(lab: Lab) {
    let root = lab.admin("root").await;
    keep(&lab, &root, json!({"location": false})).await;
    let ada = lab.account("ada", "business").await;
    let taken = corpus("photos/synth_gps_n_e.jpg");
    let image = lab.ready(&ada, "a.jpg", taken.clone()).await;
    found_by(&lab, Some(1)).await;
    for _ in 0..2 {
        let got = lab.get(&ada, &original(&image)).await;
        assert_eq!(notes(&got.body), Metadata { gps: None, ..notes(&taken) });
        assert_eq!(lab.number(rows::PLACE_FREE).await, 1, "it tells one");
    }
    assert_eq!(lab.differences().await, [""; 0]);
}
