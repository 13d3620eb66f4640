//! A link to the original does not say where it was taken, unless it is to.

use std::io::Cursor;

use futures_util::future::join_all;
use pixels::{Limits, Metadata, OutputFormat, Recipe};
use serde_json::json;

use super::{count, link, links_path, open};
use crate::support::pictures::{bmp, corpus};
use crate::support::{Lab, path_of};

on_both_engines! {
    a_link_to_the_original_does_not_tell_where_it_was_taken
    a_link_that_is_to_keep_the_place_shows_the_very_bytes
    an_original_that_tells_no_place_is_shown_as_it_is
    a_hundred_who_ask_at_once_get_one_copy
    one_account_that_waits_a_lot_leaves_waiting_places_to_others
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

async fn a_hundred_who_ask_at_once_get_one_copy(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let taken = corpus("photos/synth_gps_n_e.jpg");
    let images =
        [lab.ready(&key, "a.jpg", taken).await, lab.ready(&key, "b.bmp", bmp(3, 2, 1)).await];
    let links = images.iter().cycle().take(100).map(|image| link(&lab, &key, image, "original"));
    let links = join_all(links).await;
    let shown = join_all(links.iter().take(2).map(|link| open(&lab, link))).await;
    assert_eq!(notes(&shown[0].body).gps, None);
    assert_eq!(shown[1].body, bmp(3, 2, 1));
    assert_eq!(lab.number(count::STRIPPED).await, 1);
    assert_eq!(lab.app.strips.holders() + lab.app.waiters.holders(), 0);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn one_account_that_waits_a_lot_leaves_waiting_places_to_others(lab: Lab) {
    lab.admin("root").await;
    let taken = corpus("photos/synth_gps_n_e.jpg");
    let (eve, ada) = (lab.account("eve", "business").await, lab.account("ada", "business").await);
    let of_eve = lab.ready(&eve, "a.jpg", taken.clone()).await;
    let of_ada = lab.ready(&ada, "a.jpg", taken).await;
    let id = lab.account_path("eve").await;
    let id = id.rsplit('/').next().unwrap().parse::<minilab::ids::AccountId>().unwrap();
    let mut held = Vec::new();
    while let Ok(place) = lab.app.waiters.try_take(id) {
        held.push(place);
    }
    assert!(held.len() < lab.app.config.variants.waiters_max);
    let wish = || json!({"expires_in": 300, "variant": "original"});
    let refused = lab.json(&eve, "POST", &links_path(&of_eve), wish()).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["code"].as_str()),
        (429, Some("too_many_waiting"))
    );
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!(lab.json(&ada, "POST", &links_path(&of_ada), wish()).await.status, 201);
    drop(held);
    assert_eq!(lab.json(&eve, "POST", &links_path(&of_eve), wish()).await.status, 201);
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
