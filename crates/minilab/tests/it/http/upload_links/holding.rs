//! What the holder of an upload link sees and may do, and what not.

use serde_json::{Value, json};

use super::super::callers::assert_refused;
use super::{HELD, IMAGES, LINKS, delete, link, seen};
use crate::support::pictures::{bmp, corpus};
use crate::support::{Lab, ids};

on_both_engines! {
    a_holder_sees_what_came_through_their_link_and_nothing_else
    a_holder_does_not_see_where_a_picture_was_taken_nor_the_original
    a_holder_may_do_nothing_else
    a_holder_has_no_filters
    pages_of_an_owner_and_of_holders_never_mix
    what_is_left_of_a_link_is_told_to_its_holder
    a_holder_gets_the_owners_prints_only_of_their_own_images
}

async fn a_holder_sees_what_came_through_their_link_and_nothing_else(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let bob = lab.account("bob", "business").await;
    let one = link(&lab, &ada, json!({})).await;
    let other = link(&lab, &ada, json!({})).await;
    let foreign = link(&lab, &bob, json!({})).await;
    let own = lab.upload_ok(&ada, "own.bmp", bmp(30, 20, 1)).await;
    let through_one = lab.upload_ok(&one.token, "one.bmp", bmp(30, 20, 2)).await;
    let through_other = lab.upload_ok(&other.token, "other.bmp", bmp(30, 20, 3)).await;
    let of_bob = lab.upload_ok(&foreign.token, "bob.bmp", bmp(30, 20, 4)).await;
    lab.run_jobs().await;
    assert_eq!(seen(&lab, &one.token).await, [&*through_one]);
    assert_eq!(seen(&lab, &other.token).await, [&*through_other]);
    assert_eq!(seen(&lab, &foreign.token).await, [&*of_bob]);
    assert_eq!(seen(&lab, &ada).await, [&*through_other, &through_one, &own]);
    assert_eq!(seen(&lab, &bob).await, [&*of_bob]);
    for (image, status) in [(&through_one, 200), (&own, 404), (&through_other, 404), (&of_bob, 404)]
    {
        // Twice, and once after the owner has it: nothing is remembered for the wrong one.
        for key in [&one.token, &ada, &one.token] {
            let expected = if *key == ada && *image != of_bob { 200 } else { status };
            for path in [
                format!("{IMAGES}/{image}"),
                format!("{IMAGES}/{image}/variants/thumb"),
                format!("{IMAGES}/{image}/variants/h400?download=true"),
            ] {
                let answer = lab.get(key, &path).await;
                assert_eq!(answer.status, expected, "{path}");
                if expected == 404 {
                    assert_eq!(answer.code(), "not_found");
                }
            }
        }
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_holder_does_not_see_where_a_picture_was_taken_nor_the_original(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({})).await;
    let bytes = corpus("photos/synth_gps_n_e.jpg");
    let brought = lab.upload(&held.token, "a.jpg", bytes.clone()).await;
    assert_eq!(brought.status, 201);
    let at_once = brought.json()["items"][0]["image"].clone();
    let image = at_once["id"].as_str().unwrap().to_owned();
    lab.run_jobs().await;
    let again = lab.upload(&held.token, "b.jpg", bytes).await;
    assert_eq!(again.status, 200);
    let mut shown = vec![
        at_once,
        again.json()["items"][0]["image"].clone(),
        lab.image(&held.token, &image).await,
    ];
    for _ in 0..2 {
        shown.push(lab.get(&held.token, IMAGES).await.json()["items"][0].clone());
        // The owner sees all of it, also when a holder asked before, or in between.
        for own in
            [lab.image(&ada, &image).await, lab.get(&ada, IMAGES).await.json()["items"][0].clone()]
        {
            assert_eq!(own["upload_link"], held.id);
            let lat = own["metadata"]["gps"]["lat"].as_f64().unwrap();
            assert!((lat - 48.858_222).abs() < 1e-4, "{lat}");
            assert!(own["original_url"].as_str().unwrap().contains(&image));
        }
    }
    for shown in shown {
        assert_eq!(shown["id"], *image);
        assert_eq!(
            (&shown["metadata"]["gps"], &shown["original_url"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(shown["metadata"]["model"], "G1", "the rest is told");
        // More digits than a time has: 48.8 may stand in one.
        assert!(!shown.to_string().contains("48.85"), "{shown}");
    }
    let print = lab.get(&held.token, &format!("{IMAGES}/{image}/variants/h200")).await;
    let facts = pixels::probe(std::io::Cursor::new(&print.body), &pixels::Limits::default());
    let notes = pixels::metadata(std::io::Cursor::new(&print.body), &facts.unwrap());
    assert_eq!(notes, pixels::Metadata::default());
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_holder_may_do_nothing_else(lab: Lab) {
    // An admin's link is no admin.
    let root = lab.admin("root").await;
    let held = link(&lab, &root, json!({})).await;
    let image = lab.ready(&held.token, "a.bmp", bmp(30, 20, 1)).await;
    let images = format!("{IMAGES}/{image}");
    for (method, path) in [
        ("GET", format!("{images}/original")),
        ("DELETE", images.clone()),
        ("PATCH", images.clone()),
        ("GET", format!("{images}/links")),
        ("POST", format!("{images}/links")),
        ("GET", "/api/v1/me".to_owned()),
        ("GET", "/api/v1/me/stats".to_owned()),
        ("GET", "/api/v1/stats".to_owned()),
        ("GET", LINKS.to_owned()),
        ("POST", LINKS.to_owned()),
        ("GET", held.path()),
        ("DELETE", held.path()),
        ("GET", "/api/v1/gallery".to_owned()),
        ("GET", "/api/v1/accounts".to_owned()),
        ("GET", "/api/v1/tiers".to_owned()),
        ("GET", "/api/v1/keys".to_owned()),
        ("POST", "/api/v1/keys".to_owned()),
        ("GET", "/api/v1/thumbnail".to_owned()),
        ("POST", "/api/v1/thumbnail".to_owned()),
        ("GET", format!("/api/v1/thumbnail/{image}/download")),
        ("GET", "/api/uploads".to_owned()),
        ("DELETE", format!("/api/uploads/{image}")),
        ("GET", "/api/images/".to_owned()),
    ] {
        let body = json!({"expires_in": 3600, "variant": "h200", "filename": "x", "name": "x"});
        let refused = lab.json(&held.token, method, &path, body).await;
        assert_eq!(refused.status, 403, "{method} {path}");
        assert_refused(&refused, 403, "upload_link_only");
    }
    // Whoever shows something else is told what to show.
    assert_refused(&lab.get(&root, HELD).await, 403, "not_an_upload_link");
    assert_refused(&lab.get("", HELD).await, 401, "unauthorized");
    assert_eq!(lab.image(&root, &image).await["filename"], "a.bmp");
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_holder_has_no_filters(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({})).await;
    let other = link(&lab, &ada, json!({})).await;
    lab.upload_ok(&held.token, "a.jpg", corpus("photos/synth_gps_n_e.jpg")).await;
    for filter in [
        "place=true".to_owned(),
        "camera=G1".to_owned(),
        "format=jpeg".to_owned(),
        "taken_from=2001-01-01".to_owned(),
        "taken_to=2031-01-01".to_owned(),
        format!("link={}", held.id),
        format!("link={}", other.id),
    ] {
        let refused = lab.get(&held.token, &format!("{IMAGES}?{filter}")).await;
        assert_refused(&refused, 422, "bad_filter");
    }
    assert_eq!(seen(&lab, &held.token).await.len(), 1);
}

async fn pages_of_an_owner_and_of_holders_never_mix(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let one = link(&lab, &ada, json!({})).await;
    let other = link(&lab, &ada, json!({})).await;
    let mut images = [Vec::new(), Vec::new(), Vec::new()];
    for seed in 0..9 {
        let keys = [&ada, &one.token, &other.token];
        let which = usize::from(seed) % 3;
        images[which].insert(0, lab.upload_ok(keys[which], "a.bmp", bmp(9, 9, seed)).await);
    }
    let mut all = images.concat();
    all.sort();
    all.reverse();
    let keys = [(&ada, &all), (&one.token, &images[1]), (&other.token, &images[2])];
    // Everybody asks first once, the same page, and what is kept is the right one.
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        // A change of the list: nothing that was kept before is used.
        let gone = lab.upload_ok(&ada, "gone.bmp", bmp(8, 8, order[0] as u8)).await;
        delete(&lab, &ada, &gone).await;
        for _ in 0..2 {
            for who in order {
                let (key, expected) = keys[who];
                let page = lab.get(key, &format!("{IMAGES}?limit=2")).await.json();
                assert_eq!(ids(&page["items"]), expected[..2]);
                assert_eq!(page["total"], expected.len());
                let cursor = page["next_cursor"].as_str().unwrap();
                let next = lab.get(key, &format!("{IMAGES}?limit=2&cursor={cursor}")).await.json();
                assert_eq!(ids(&next["items"]), expected[2..expected.len().min(4)]);
                let second = lab.get(key, &format!("{IMAGES}?limit=2&page=2")).await.json();
                assert_eq!(second, next);
            }
        }
    }
    // What the owner deletes is gone for the holder at once.
    delete(&lab, &ada, &images[1][0]).await;
    assert_eq!(seen(&lab, &one.token).await, images[1][1..]);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_is_left_of_a_link_is_told_to_its_holder(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let lab = lab.beside_with(|config| config.uploads.files_max = 7).await;
    let wish = json!({"label": "Bring it on", "max_images": 2, "max_bytes": 9000,
        "formats": ["bmp"], "delete_after": 3600});
    let held = link(&lab, &ada, wish).await;
    let bytes = bmp(30, 20, 1).len();
    for (count, state) in [(0, "open"), (1, "open"), (2, "full")] {
        let shown = lab.get(&held.token, HELD).await;
        let own = lab.get(&ada, &held.path()).await.json();
        let expected = json!({
            "label": "Bring it on", "state": state, "expires_at": own["expires_at"],
            "max_images": 2, "images": count, "max_bytes": 9000, "bytes": count * bytes,
            "formats": ["bmp"], "delete_after": 3600, "upload_bytes_max": 50 << 20, "files_max": 7,
        });
        assert_eq!((shown.status.as_u16(), shown.json()), (200, expected));
        assert_eq!(shown.header("cache-control"), "no-store");
        assert_eq!(
            (&own["state"], &own["images"], &own["bytes"]),
            (&json!(state), &json!(count), &json!(count * bytes))
        );
        if count < 2 {
            lab.upload_ok(&held.token, "a.bmp", bmp(30, 20, count as u8)).await;
        }
    }
    let bare = link(&lab, &ada, json!({})).await;
    let shown = lab.get(&bare.token, HELD).await.json();
    for member in ["max_images", "max_bytes", "formats", "delete_after"] {
        assert_eq!(shown[member], Value::Null, "{member}");
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_holder_gets_the_owners_prints_only_of_their_own_images(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({})).await;
    let brought = lab.ready(&held.token, "a.bmp", bmp(300, 200, 1)).await;
    let own = lab.ready(&ada, "a.bmp", bmp(300, 200, 1)).await;
    // By its tag, too.
    let working = lab.work();
    let path = |image: &str, preset: &str| format!("{IMAGES}/{image}/variants/{preset}");
    for preset in ["h200", "thumb"] {
        assert_eq!(lab.get(&ada, &path(&own, preset)).await.status, 200);
        let print = lab.get(&held.token, &path(&brought, preset)).await;
        assert_eq!(print.status, 200);
        let tag = [("if-none-match", print.header("etag"))];
        let known = lab.get_with(&held.token, &path(&brought, preset), &tag).await;
        assert_eq!(known.status, 304);
        let foreign = lab.get_with(&held.token, &path(&own, preset), &tag).await;
        assert_refused(&foreign, 404, "not_found");
    }
    // What is made on demand is its maker's to ask for.
    for preset in ["display", "none"] {
        assert_refused(&lab.get(&held.token, &path(&brought, preset)).await, 404, "not_found");
    }
    working.stop().await;
    assert_eq!(lab.differences().await, [""; 0]);
}
