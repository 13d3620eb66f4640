//! What bounds an upload link, exactly, however many bring at once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::callers::assert_refused;
use super::{HELD, IMAGES, Link, delete, fates, link, seen};
use crate::support::pictures::{bmp, corpus, undecodable};
use crate::support::{Answer, Input, Lab};

on_both_engines! {
    of_many_parallel_batches_exactly_as_many_images_come_in_as_the_link_takes
    of_many_parallel_batches_exactly_as_many_bytes_come_in_as_the_link_takes
    a_link_takes_only_its_formats
    a_full_link_still_knows_what_it_has
    duplicates_and_refused_files_take_no_room
    what_is_deleted_gives_no_room_back
    a_links_images_count_against_its_makers_quota
    one_picture_by_two_links_and_the_owner_is_three_images_and_one_blob
    a_file_larger_than_the_link_is_refused_while_it_comes
}

mod rows {
    minilab::sql! {
        BLOBS = "SELECT COUNT(*) FROM blobs WHERE NOT doomed";
        IMAGES = "SELECT COUNT(*) FROM images";
    }
}

/// Fifty requests at once, each with four pictures of its own.
async fn rush(lab: &Lab, token: &str) -> Vec<Answer> {
    let pictures = (0..200).map(|seed| bmp(20, 20, seed)).collect::<Vec<_>>();
    let batches = pictures.chunks(4).map(|batch| async move {
        let inputs = batch.iter().map(|bytes| ("files[]", Some("a.bmp"), &**bytes));
        lab.form(token, IMAGES, &inputs.collect::<Vec<Input<'_>>>()).await
    });
    join_all(batches).await
}

/// How many came in; all others were refused because the link is full, and nobody else was told so.
fn created(answers: &[Answer]) -> usize {
    let mut created = 0;
    for answer in answers {
        let fates = fates(answer);
        let new = fates.iter().filter(|fate| *fate == "created").count();
        assert_eq!(fates.iter().filter(|fate| *fate == "upload_link_full").count(), 4 - new);
        if new == 0 {
            assert_refused(answer, 403, "upload_link_full");
        } else {
            assert_eq!(answer.status, 201);
        }
        created += new;
    }
    created
}

async fn usage(lab: &Lab, key: &str, held: &Link) -> (Value, Value, Value) {
    let own = lab.get(key, &held.path()).await.json();
    let told = lab.get(&held.token, HELD).await.json();
    for member in ["state", "images", "bytes", "max_images", "max_bytes"] {
        assert_eq!(own[member], told[member], "{member}");
    }
    (own["images"].clone(), own["bytes"].clone(), own["state"].clone())
}

async fn of_many_parallel_batches_exactly_as_many_images_come_in_as_the_link_takes(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({"max_images": 37})).await;
    assert_eq!(created(&rush(&lab, &held.token).await), 37);
    let bytes = 37 * bmp(20, 20, 0).len();
    assert_eq!(usage(&lab, &ada, &held).await, (json!(37), json!(bytes), json!("full")));
    lab.run_jobs().await;
    assert_eq!(lab.number(rows::IMAGES).await, 37);
    assert_eq!(lab.differences().await, [""; 0]);
    let originals = lab.stored().iter().filter(|path| path.starts_with("originals/")).count();
    assert_eq!(originals, 37, "refused ones leave no file");
}

async fn of_many_parallel_batches_exactly_as_many_bytes_come_in_as_the_link_takes(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let one = bmp(20, 20, 0).len();
    let held = link(&lab, &ada, json!({"max_bytes": 23 * one + one - 1})).await;
    assert_eq!(created(&rush(&lab, &held.token).await), 23);
    // A smaller one still fits.
    assert_eq!(usage(&lab, &ada, &held).await, (json!(23), json!(23 * one), json!("open")));
    let refused = lab.upload(&held.token, "a.bmp", bmp(20, 20, 255)).await;
    assert_refused(&refused, 403, "upload_link_full");
    assert_eq!(refused.json()["bytes_left"], one - 1);
    let small = bmp(1, 1, 0);
    lab.upload_ok(&held.token, "small.bmp", small.clone()).await;
    let bytes = json!(23 * one + small.len());
    assert_eq!(usage(&lab, &ada, &held).await, (json!(24), bytes, json!("open")));
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_link_takes_only_its_formats(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({"formats": ["jpeg", "png"]})).await;
    let (jpeg, png) = (corpus("photos/synth_gps_n_e.jpg"), corpus("formats/image-png__rgb.png"));
    let form: [Input<'_>; 4] = [
        // By its content, not by its name.
        ("a", Some("a.jpg"), &bmp(20, 20, 1)),
        ("a", Some("b.bmp"), &jpeg),
        ("a", Some("c"), &png),
        ("a", Some("d.png"), b"text"),
    ];
    let answer = lab.form(&held.token, IMAGES, &form).await;
    assert_eq!(answer.status, 201);
    assert_eq!(fates(&answer), ["format_not_in_link", "created", "created", "not_an_image"]);
    let detail = answer.json()["items"][0]["error"]["detail"].clone();
    assert_eq!(detail, "this link takes jpeg, png pictures, and this one is bmp");
    let refused = lab.upload(&held.token, "a.bmp", bmp(20, 20, 1)).await;
    assert_refused(&refused, 415, "format_not_in_link");
    // The maker may still bring what they like.
    lab.upload_ok(&ada, "a.bmp", bmp(20, 20, 1)).await;
    assert_eq!(usage(&lab, &ada, &held).await.0, 2);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_full_link_still_knows_what_it_has(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({"max_images": 2})).await;
    let pictures = [bmp(20, 20, 1), bmp(20, 20, 2), bmp(20, 20, 3)];
    let form = pictures.each_ref().map(|bytes| ("files[]", Some("a.bmp"), &**bytes));
    let first = lab.form(&held.token, IMAGES, &form).await;
    assert_eq!(fates(&first), ["created", "created", "upload_link_full"]);
    lab.run_jobs().await;
    let again = lab.form(&held.token, IMAGES, &form).await;
    assert_eq!(again.status, 200);
    assert_eq!(fates(&again), ["duplicate", "duplicate", "upload_link_full"]);
    for index in 0..2 {
        let item = |answer: &Answer| answer.json()["items"][index]["id"].clone();
        assert_eq!(item(&again), item(&first));
    }
    let refused = lab.upload(&held.token, "a.bmp", pictures[2].clone()).await;
    assert_refused(&refused, 403, "upload_link_full");
    assert_eq!(refused.json()["images_left"], 0);
    // What the owner has already tells the holder nothing: it is new to the link.
    lab.upload_ok(&ada, "a.bmp", pictures[2].clone()).await;
    let refused = lab.upload(&held.token, "a.bmp", pictures[2].clone()).await;
    assert_refused(&refused, 403, "upload_link_full");
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn duplicates_and_refused_files_take_no_room(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({"max_images": 2, "formats": ["bmp", "png"]})).await;
    let picture = bmp(300, 300, 1);
    let same = lab.upload_ok(&held.token, "a.bmp", picture.clone()).await;
    for _ in 0..3 {
        let again = lab.upload(&held.token, "b.bmp", picture.clone()).await;
        assert_eq!((again.status.as_u16(), &again.json()["items"][0]["id"]), (200, &json!(same)));
        for bytes in [&b""[..], b"no picture", &corpus("photos/synth_gps_n_e.jpg")] {
            let refused = lab.upload(&held.token, "c.bmp", bytes.to_vec()).await;
            assert!(refused.status.is_client_error());
        }
    }
    let usage_now = usage(&lab, &ada, &held).await;
    assert_eq!(usage_now, (json!(1), json!(picture.len()), json!("open")));
    // One that came in and cannot be developed did come in.
    let broken = lab.ready(&held.token, "d.bmp", undecodable(2)).await;
    assert_eq!(lab.image(&held.token, &broken).await["state"], "failed");
    assert_eq!(usage(&lab, &ada, &held).await.2, "full");
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_is_deleted_gives_no_room_back(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({"max_images": 1})).await;
    let image = lab.ready(&held.token, "a.bmp", bmp(20, 20, 1)).await;
    delete(&lab, &ada, &image).await;
    lab.run_jobs().await;
    assert_eq!(seen(&lab, &held.token).await, [""; 0]);
    assert_eq!(usage(&lab, &ada, &held).await.2, "full");
    for seed in [1, 2] {
        let refused = lab.upload(&held.token, "a.bmp", bmp(20, 20, seed)).await;
        assert_refused(&refused, 403, "upload_link_full");
    }
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn a_links_images_count_against_its_makers_quota(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    lab.patch(&root, "/api/v1/tiers/business", json!({"images_max": 3})).await;
    let held = link(&lab, &ada, json!({"max_images": 10})).await;
    for seed in 0..2 {
        lab.upload_ok(&held.token, "a.bmp", bmp(20, 20, seed)).await;
    }
    let own = lab.upload_ok(&ada, "a.bmp", bmp(20, 20, 2)).await;
    assert_eq!(lab.get(&ada, "/api/v1/me").await.json()["usage"]["images"], 3);
    let refused = lab.upload(&held.token, "a.bmp", bmp(20, 20, 3)).await;
    assert_refused(&refused, 403, "quota_reached");
    // How much the maker has is not for holders.
    assert_eq!((&refused.json()["used"], &refused.json()["limit"]), (&Value::Null, &Value::Null));
    assert_eq!(usage(&lab, &ada, &held).await.0, 2, "a refused one takes no room of the link");
    delete(&lab, &ada, &own).await;
    lab.upload_ok(&held.token, "a.bmp", bmp(20, 20, 3)).await;
    let refused = lab.upload(&ada, "a.bmp", bmp(20, 20, 4)).await;
    assert_refused(&refused, 403, "quota_reached");
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn one_picture_by_two_links_and_the_owner_is_three_images_and_one_blob(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let (one, other) = (link(&lab, &ada, json!({})).await, link(&lab, &ada, json!({})).await);
    let picture = bmp(300, 200, 1);
    let keys = [&one.token, &other.token, &ada];
    let uploads = (0..30).map(|turn| lab.upload(keys[turn % 3], "a.bmp", picture.clone()));
    let answers = join_all(uploads).await;
    for (turn, key) in keys.into_iter().enumerate() {
        let own = answers.iter().skip(turn).step_by(3).collect::<Vec<_>>();
        assert_eq!(own.iter().filter(|answer| answer.status == 201).count(), 1);
        let id = |answer: &&Answer| answer.json()["items"][0]["id"].clone();
        assert!(own.iter().all(|answer| id(answer) == id(&own[0])));
        if *key != ada {
            assert_eq!(seen(&lab, key).await, [id(&own[0]).as_str().unwrap()]);
        }
    }
    lab.run_jobs().await;
    assert_eq!((lab.number(rows::BLOBS).await, lab.number(rows::IMAGES).await), (1, 3));
    let stats = lab.get(&ada, "/api/v1/me/stats").await.json();
    let bytes = picture.len();
    assert_eq!(
        (&stats["images"], &stats["bytes_uploaded"], &stats["bytes_stored"]),
        (&json!(3), &json!(3 * bytes), &json!(bytes))
    );
    assert_eq!(lab.differences().await, [""; 0]);
    for image in seen(&lab, &ada).await {
        assert_eq!(lab.differences().await, [""; 0]);
        delete(&lab, &ada, &image).await;
    }
    lab.run_jobs().await;
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn a_file_larger_than_the_link_is_refused_while_it_comes(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({"max_bytes": 1000})).await;
    let form: [Input<'_>; 2] =
        [("a", Some("a.bmp"), &bmp(300, 300, 1)), ("a", Some("b.bmp"), &bmp(9, 9, 1))];
    let answer = lab.form(&held.token, IMAGES, &form).await;
    assert_eq!(fates(&answer), ["too_large", "created"]);
    let refused = lab.upload(&held.token, "a.bmp", bmp(300, 300, 1)).await;
    assert_refused(&refused, 413, "too_large");
    assert_eq!(refused.json()["limit"], 1000);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}
