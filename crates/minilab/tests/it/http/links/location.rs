//! A link to the original does not say where it was taken, unless it is to.

use std::io::Cursor;

use pixels::{Limits, Metadata, OutputFormat, Recipe};
use serde_json::json;

use super::{count, link, links_path, open};
use crate::support::pictures::{bmp, corpus};
use crate::support::{Lab, path_of};

on_both_engines! {
    a_link_to_the_original_does_not_tell_where_it_was_taken
    a_link_that_is_to_keep_the_place_shows_the_very_bytes
    an_original_that_tells_no_place_is_shown_as_it_is
}

fn notes(bytes: &[u8]) -> Metadata {
    let facts = pixels::probe(Cursor::new(bytes), &Limits::default()).unwrap();
    pixels::metadata(Cursor::new(bytes), &facts)
}

/// Every pixel, as a file that loses none.
fn pixels_of(bytes: &[u8]) -> Vec<u8> {
    let whole = Recipe {
        width: Some(4000),
        height: Some(4000),
        format: OutputFormat::Png,
        ..Recipe::default()
    };
    pixels::render(bytes, &[whole], &Limits::default()).unwrap().remove(0).unwrap().bytes
}

async fn a_link_to_the_original_does_not_tell_where_it_was_taken(lab: Lab) {
    let key = lab.account("ada", "business").await;
    for name in ["synth_gps_n_e.jpg", "synth_gps_s_w.jpg", "synth_gps_null_island.jpg"] {
        let taken = corpus(&format!("photos/{name}"));
        assert!(notes(&taken).gps.is_some());
        let image = lab.ready(&key, name, taken.clone()).await;
        assert!(lab.image(&key, &image).await["metadata"]["gps"].is_object());
        let shown = open(&lab, &link(&lab, &key, &image, "original").await).await;
        assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, "image/jpeg"));
        assert_eq!(shown.header("content-disposition"), format!("inline; filename=\"{name}\""));
        let told = notes(&shown.body);
        assert_eq!(told, Metadata { gps: None, ..notes(&taken) }, "all but the place stays");
        assert_eq!(pixels_of(&shown.body), pixels_of(&taken));
        // The owner has what came in, and the next link shows the same copy.
        let own = lab.get(&key, &format!("/api/v1/images/{image}/original")).await;
        assert_eq!(own.body, taken);
        assert_ne!(own.header("etag"), shown.header("etag"));
        let again = open(&lab, &link(&lab, &key, &image, "original").await).await;
        assert_eq!(again.body, shown.body);
    }
    assert_eq!(lab.number(count::STRIPPED).await, 3);
    assert_eq!(lab.differences().await, [""; 0]);
    let listed = lab.get(&key, "/api/v1/images").await.json();
    for id in crate::support::ids(&listed["items"]) {
        assert_eq!(lab.call(&key, "DELETE", &format!("/api/v1/images/{id}")).await.status, 204);
    }
    lab.run_jobs().await;
    assert_eq!(lab.stored(), [""; 0], "the copies go with their originals");
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_link_that_is_to_keep_the_place_shows_the_very_bytes(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let taken = corpus("photos/synth_gps_n_e.jpg");
    let image = lab.ready(&key, "a.jpg", taken.clone()).await;
    for (keep_location, is_same) in [(true, true), (false, false)] {
        let wish =
            json!({"expires_in": 300, "variant": "original", "keep_location": keep_location});
        let made = lab.json(&key, "POST", &links_path(&image), wish).await.json();
        let shown = open(&lab, &path_of(made["url"].as_str().unwrap())).await;
        assert_eq!(shown.body == taken, is_same);
    }
    // A variant has no notes to keep.
    let wish = json!({"expires_in": 300, "variant": "h200", "keep_location": true});
    let made = lab.json(&key, "POST", &links_path(&image), wish).await.json();
    let shown = open(&lab, &path_of(made["url"].as_str().unwrap())).await;
    assert_eq!(notes(&shown.body).gps, None);
}

async fn an_original_that_tells_no_place_is_shown_as_it_is(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let picture = bmp(30, 20, 1);
    let image = lab.ready(&key, "a.bmp", picture.clone()).await;
    assert_eq!(open(&lab, &link(&lab, &key, &image, "original").await).await.body, picture);
    assert_eq!(lab.number(count::STRIPPED).await, 0);
}
