//! Originals that are kept only until their variants are made.

use serde_json::{Value, json};

use super::super::callers::assert_refused;
use super::{IMAGES, brought, keep, link, original, path, variant};
use crate::support::pictures::{bmp, corpus, undecodable};
use crate::support::{Lab, path_of};

on_both_engines! {
    an_original_that_is_not_kept_goes_when_its_variants_are_made
    the_same_bytes_of_those_who_keep_theirs_are_apart
    what_is_made_from_the_original_cannot_be_had_any_more
    links_to_an_original_end_with_it
    each_upload_link_has_its_own_when_originals_are_not_kept
    a_picture_that_cannot_be_developed_is_told_and_deleted_like_others
    an_image_is_the_same_when_its_tier_keeps_more_or_less
    the_older_services_show_what_is_left
}

mod rows {
    minilab::sql! {
        BLOBS = "SELECT COUNT(*) FROM blobs WHERE NOT doomed";
        STRIPPED = "SELECT COUNT(*) FROM variants WHERE preset = 'original'";
    }
}

/// Files of originals.
fn originals(lab: &Lab) -> usize {
    lab.stored().iter().filter(|path| path.starts_with("originals/")).count()
}

/// An admin, and a member of a tier that does not keep originals.
async fn lean(lab: &Lab) -> (String, String) {
    let root = lab.admin("root").await;
    keep(lab, &root, json!({"original": false})).await;
    (root, lab.account("ada", "business").await)
}

async fn delete(lab: &Lab, key: &str, image: &str) {
    assert_eq!(lab.call(key, "DELETE", &path(image)).await.status, 204);
    lab.run_jobs().await;
}

async fn an_original_that_is_not_kept_goes_when_its_variants_are_made(lab: Lab) {
    let (_, ada) = lean(&lab).await;
    let picture = bmp(300, 500, 1);
    let image = lab.upload_ok(&ada, "a.bmp", picture.clone()).await;
    assert_eq!(originals(&lab), 1);
    assert_eq!(lab.get(&ada, &original(&image)).await.body, picture, "until then it is there");
    lab.run_jobs().await;
    assert_eq!(originals(&lab), 0);
    for shown in [
        lab.image(&ada, &image).await,
        lab.get(&ada, IMAGES).await.json()["items"][0].clone(),
        lab.upload(&ada, "a.bmp", picture.clone()).await.json()["items"][0]["image"].clone(),
    ] {
        assert_eq!((&shown["state"], &shown["original_url"]), (&json!("ready"), &Value::Null));
        assert_eq!(shown["bytes"], picture.len(), "as it was uploaded");
        for made in shown["variants"].as_array().unwrap() {
            assert_eq!(made["state"], "ready");
            let url = made["url"].as_str().unwrap();
            assert_eq!(lab.get(&ada, url).await.body.len(), made["bytes"]);
        }
    }
    for method in ["GET", "HEAD"] {
        assert_eq!(lab.call(&ada, method, &original(&image)).await.status, 410);
    }
    assert_refused(&lab.get(&ada, &original(&image)).await, 410, "original_discarded");
    let again = lab.upload(&ada, "b.bmp", picture.clone()).await;
    assert_eq!((again.status.as_u16(), &again.json()["items"][0]["id"]), (200, &json!(image)));
    lab.run_jobs().await;
    assert_eq!(originals(&lab), 0, "nor by bringing it again");
    let stats = lab.get(&ada, "/api/v1/me/stats").await.json();
    let bytes = json!(picture.len());
    assert_eq!(
        (&stats["bytes_uploaded"], &stats["bytes_stored"], &stats["bytes_saved"]),
        (&bytes, &json!(0), &bytes)
    );
    assert_eq!(lab.get(&ada, "/api/v1/me").await.json()["usage"]["bytes"], bytes);
    assert_eq!(lab.differences().await, [""; 0]);
    delete(&lab, &ada, &image).await;
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn the_same_bytes_of_those_who_keep_theirs_are_apart(lab: Lab) {
    let (_, ada) = lean(&lab).await;
    let bob = lab.account("bob", "premium").await;
    let eve = lab.account("eve", "business").await;
    let picture = bmp(300, 500, 1);
    // One before, one after.
    let of_bob = lab.ready(&bob, "b.bmp", picture.clone()).await;
    let of_ada = lab.ready(&ada, "a.bmp", picture.clone()).await;
    let of_eve = lab.ready(&eve, "e.bmp", picture.clone()).await;
    assert_eq!((lab.number(rows::BLOBS).await, originals(&lab)), (3, 1));
    assert_eq!(lab.get(&bob, &original(&of_bob)).await.body, picture);
    for (key, image) in [(&ada, &of_ada), (&eve, &of_eve)] {
        assert_refused(&lab.get(key, &original(image)).await, 410, "original_discarded");
    }
    let prints = [(&bob, &of_bob), (&ada, &of_ada), (&eve, &of_eve)];
    let mut bodies = Vec::new();
    for (key, image) in prints {
        bodies.push(lab.get(key, &variant(image, "h400")).await.body);
    }
    assert!(bodies.iter().all(|body| !body.is_empty() && *body == bodies[0]));
    delete(&lab, &ada, &of_ada).await;
    assert_eq!(lab.get(&bob, &original(&of_bob)).await.body, picture);
    assert_eq!(lab.get(&eve, &variant(&of_eve, "h200")).await.status, 200);
    delete(&lab, &bob, &of_bob).await;
    assert_eq!(lab.get(&eve, &variant(&of_eve, "thumb")).await.status, 200);
    assert_eq!(lab.differences().await, [""; 0]);
    delete(&lab, &eve, &of_eve).await;
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn what_is_made_from_the_original_cannot_be_had_any_more(lab: Lab) {
    let (root, ada) = lean(&lab).await;
    let bob = lab.account("bob", "premium").await;
    let image = lab.ready(&ada, "a.bmp", bmp(300, 500, 1)).await;
    // Another's display of the same bytes does not help, nor tell.
    let of_bob = lab.ready(&bob, "a.bmp", bmp(300, 500, 1)).await;
    let working = lab.work();
    assert_eq!(lab.get(&bob, &variant(&of_bob, "display")).await.status, 200);
    for preset in ["display", "emoji"] {
        let refused = lab.get(&ada, &variant(&image, preset)).await;
        assert_refused(&refused, 410, "original_discarded");
        let wish = json!({"expires_in": 300, "variant": preset});
        let refused = lab.json(&ada, "POST", &format!("{IMAGES}/{image}/links"), wish).await;
        assert_refused(&refused, 410, "original_discarded");
    }
    let wish = json!({"expires_in": 300, "variant": "original"});
    let refused = lab.json(&ada, "POST", &format!("{IMAGES}/{image}/links"), wish).await;
    assert_refused(&refused, 410, "original_discarded");
    working.stop().await;

    // A new preset of the tier cannot be made, and nobody waits for it; old ones stay.
    let lab = lab.beside().await;
    let new = json!({"name": "banner", "width": 40, "eager": true});
    assert_eq!(lab.json(&root, "POST", "/api/v1/presets", new).await.status, 201);
    let presets = ["display", "emoji", "h200", "h400", "preview", "thumb", "banner"];
    lab.patch(&root, super::BUSINESS, json!({"presets": presets})).await;
    lab.patch(&root, "/api/v1/presets/h200", json!({"quality": 50})).await;
    lab.run_jobs().await;
    assert_refused(&lab.get(&ada, &variant(&image, "banner")).await, 410, "original_discarded");
    assert_eq!(lab.get(&ada, &variant(&image, "h200")).await.status, 200);
    let shown = lab.image(&ada, &image).await;
    let state = |name: &str| {
        let made = shown["variants"].as_array().unwrap().iter();
        made.clone().find(|made| made["preset"] == name).unwrap()["state"].clone()
    };
    assert_eq!((state("banner"), state("h200")), (json!("failed"), json!("ready")));
    assert_eq!(shown["state"], "ready");
    assert_eq!(lab.differences().await, [""; 0]);
    let jobs = lab.get(&root, "/api/v1/stats").await.json()["jobs"].clone();
    assert_eq!(
        (&jobs["pending"], &jobs["retry"], &jobs["failed"]),
        (&0.into(), &0.into(), &0.into())
    );
}

async fn links_to_an_original_end_with_it(lab: Lab) {
    let (_, ada) = lean(&lab).await;
    let picture = corpus("photos/synth_gps_n_e.jpg");
    let image = lab.upload_ok(&ada, "a.jpg", picture).await;
    // Made while the original is there: a copy without the place, beside it.
    let shared = link(&lab, &ada, &image, "original").await;
    assert_eq!(lab.get("", &shared).await.status, 200);
    assert_eq!(lab.number(rows::STRIPPED).await, 1);
    assert_eq!(lab.differences().await, [""; 0]);
    lab.run_jobs().await;
    assert_refused(&lab.get("", &shared).await, 410, "link_revoked");
    assert_eq!((lab.number(rows::STRIPPED).await, originals(&lab)), (0, 0));
    let print = link(&lab, &ada, &image, "h200").await;
    assert_eq!(lab.get("", &print).await.status, 200, "what is there may be shared");
    assert_eq!(lab.differences().await, [""; 0]);
    delete(&lab, &ada, &image).await;
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn each_upload_link_has_its_own_when_originals_are_not_kept(lab: Lab) {
    let (_, ada) = lean(&lab).await;
    let picture = bmp(300, 200, 1);
    let mut keys = vec![ada.clone()];
    for _ in 0..2 {
        let wish = json!({"expires_in": 3600});
        let made = lab.json(&ada, "POST", "/api/v1/upload-links", wish).await.json();
        keys.push(made["token"].as_str().unwrap().to_owned());
    }
    let mut images = Vec::new();
    for key in &keys {
        images.push(lab.ready(key, "a.bmp", picture.clone()).await);
        assert_eq!(lab.upload(key, "a.bmp", picture.clone()).await.status, 200);
    }
    assert_eq!((lab.number(rows::BLOBS).await, originals(&lab)), (3, 0));
    for (key, image) in keys.iter().zip(&images) {
        assert_eq!(lab.get(key, &variant(image, "h400")).await.status, 200);
    }
    assert_eq!(lab.differences().await, [""; 0]);
    for image in &images {
        delete(&lab, &ada, image).await;
        assert_eq!(lab.differences().await, [""; 0]);
    }
    assert_eq!(lab.stored(), [""; 0]);
}

async fn a_picture_that_cannot_be_developed_is_told_and_deleted_like_others(lab: Lab) {
    let (_, ada) = lean(&lab).await;
    let image = lab.ready(&ada, "a.bmp", undecodable(1)).await;
    assert_eq!(lab.image(&ada, &image).await["state"], "failed");
    assert_eq!(lab.differences().await, [""; 0]);
    delete(&lab, &ada, &image).await;
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn an_image_is_the_same_when_its_tier_keeps_more_or_less(lab: Lab) {
    let (root, ada) = lean(&lab).await;
    let lean = lab.ready(&ada, "a.bmp", bmp(300, 200, 1)).await;
    keep(&lab, &root, json!({"original": true})).await;
    let whole = lab.ready(&ada, "b.bmp", bmp(300, 200, 2)).await;
    for original in [true, false, true] {
        keep(&lab, &root, json!({"original": original})).await;
        for (image, seed) in [(&lean, 1), (&whole, 2)] {
            let again = lab.upload(&ada, "c.bmp", bmp(300, 200, seed)).await;
            let item = again.json()["items"][0].clone();
            assert_eq!((&item["status"], &item["id"]), (&json!("duplicate"), &json!(image)));
        }
    }
    lab.run_jobs().await;
    assert_refused(&lab.get(&ada, &original(&lean)).await, 410, "original_discarded");
    assert_eq!(lab.get(&ada, &original(&whole)).await.body, bmp(300, 200, 2));
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn the_older_services_show_what_is_left(lab: Lab) {
    let (_, ada) = lean(&lab).await;
    let image = brought(&lab, &ada, "3600", bmp(300, 500, 1)).await;
    let asset = lab.get(&ada, &format!("/api/uploads/{image}")).await;
    assert_eq!(asset.status, 200, "{}", asset.json());
    let opened = lab.get("", &path_of(asset.json()["asset_url"].as_str().unwrap())).await;
    assert_eq!(opened.status, 200);
    let listed = lab.get(&ada, "/api/images/").await.json();
    assert_eq!(listed[0]["og_file"], Value::Null);
    assert_eq!(listed[0]["thumbnails"].as_array().unwrap().len(), 2);
    assert_eq!(lab.get(&ada, &format!("/api/v1/thumbnail/{image}/download")).await.status, 200);
    assert_eq!(lab.get(&ada, "/api/uploads").await.json()["images"].as_array().unwrap().len(), 1);
    assert_eq!(lab.differences().await, [""; 0]);
}
