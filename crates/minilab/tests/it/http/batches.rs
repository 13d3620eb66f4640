//! Many files in one request: each has its own answer, and a bad one spoils no other.

use axum::body::Body;
use serde_json::{Value, json};

use super::callers::assert_refused;
use crate::support::pictures::{bmp, corpus};
use crate::support::{Answer, Input, Lab, ids, request, soon};

on_both_engines! {
    good_and_bad_files_and_duplicates_have_an_answer_each_in_their_order
    the_status_of_a_batch_says_what_became_of_all
    what_is_refused_leaves_nothing
    the_same_file_twice_in_one_batch_is_a_duplicate_of_itself
    files_beyond_the_most_of_a_request_are_refused_and_the_first_ones_stay
    bytes_beyond_the_most_of_a_request_are_refused_and_the_first_files_stay
    a_quota_that_ends_within_a_batch_keeps_what_fits
    a_batch_that_breaks_off_keeps_what_was_complete
}

const IMAGES: &str = "/api/v1/images";
const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n";

fn items(answer: &Answer) -> Vec<Value> {
    let body = answer.json();
    body["items"].as_array().unwrap_or_else(|| panic!("no items: {body}")).clone()
}

/// For each file what became of it, or why not.
fn fates(answer: &Answer) -> Vec<String> {
    let items = items(answer);
    for (index, item) in items.iter().enumerate() {
        assert_eq!(item["index"], index);
        let is_rejected = item["status"] == "rejected";
        for (member, is_there) in [("error", is_rejected), ("id", !is_rejected)] {
            assert_eq!(item[member] != Value::Null, is_there, "{item}");
        }
    }
    let fate = |item: &Value| {
        item["error"]["code"].as_str().or(item["status"].as_str()).unwrap().to_owned()
    };
    items.iter().map(fate).collect()
}

/// Nothing waits in the spool of this process.
async fn spool_is_empty(lab: &Lab) {
    let folder = lab.data().join("spool").join(&lab.app.spool.process_id);
    soon("the spool is empty", async || std::fs::read_dir(&folder).unwrap().count() == 0).await;
}

async fn send(lab: &Lab, key: &str, inputs: &[Input<'_>]) -> Answer {
    lab.form(key, IMAGES, inputs).await
}

async fn good_and_bad_files_and_duplicates_have_an_answer_each_in_their_order(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    let bob = lab.account("bob", "premium").await;
    lab.upload_ok(&bob, "bobs.bmp", bmp(20, 20, 2)).await;
    let there = lab.upload_ok(&ada, "there.bmp", bmp(20, 20, 1)).await;
    let jpeg = corpus("photos/synth_gps_n_e.jpg");
    let answer = send(
        &lab,
        &ada,
        &[
            ("files[]", Some("new.bmp"), &bmp(20, 20, 2)),
            ("a", Some("letter.jpg"), PDF),
            ("a", Some("again.bmp"), &bmp(20, 20, 1)),
            ("comment", None, b"four of nine"),
            ("a", Some("empty.png"), b""),
            ("files[]", Some("../../cut.jpg"), &jpeg[..12]),
            ("", Some("logo.svg"), SVG),
            ("x", Some("text.gif"), b"GIF89 is a format"),
            ("a", Some(""), &bmp(20, 20, 3)),
            ("a", Some("new.bmp"), &jpeg),
        ],
    )
    .await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    assert_eq!(answer.header("location"), "", "for one file only");
    let expected = [
        ("new.bmp", "created"),
        ("letter.jpg", "not_an_image"),
        ("again.bmp", "duplicate"),
        ("empty.png", "empty_file"),
        ("cut.jpg", "malformed_image"),
        ("logo.svg", "unsupported_format"),
        ("text.gif", "not_an_image"),
        ("image", "created"),
        ("new.bmp", "created"),
    ];
    let names = items(&answer).iter().map(|item| item["filename"].clone()).collect::<Value>();
    assert_eq!(names, json!(expected.map(|(name, _)| name)));
    assert_eq!(fates(&answer), expected.map(|(_, fate)| fate));
    let items = items(&answer);
    assert_eq!(items[2]["id"], *there);
    assert_eq!(items[2]["image"]["filename"], "there.bmp", "it is the one that was there");
    for item in &items {
        if let Some(detail) = item["error"]["detail"].as_str() {
            // Words, of this file, and nothing of ours.
            assert!(detail.split(' ').count() > 3, "{detail}");
            assert!(!detail.contains("Error") && !detail.contains("::"), "{detail}");
            assert!(!detail.contains(&lab.data().display().to_string()), "{detail}");
        } else {
            assert_eq!(item["image"]["id"], item["id"]);
            assert_eq!(item["image"]["upload_link"], Value::Null);
        }
    }
    assert!(items[5]["error"]["detail"].as_str().unwrap().contains("SVG"), "{}", items[5]);
    spool_is_empty(&lab).await;
    lab.run_jobs().await;
    assert_eq!(lab.get(&ada, IMAGES).await.json()["total"], 4);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn the_status_of_a_batch_says_what_became_of_all(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let (one, other) = (bmp(20, 20, 1), bmp(20, 20, 2));
    let new: Input<'_> = ("f", Some("new.bmp"), &one);
    let newer: Input<'_> = ("f", Some("newer.bmp"), &other);
    let text: Input<'_> = ("f", Some("text"), b"just text");
    let (empty, svg): (Input<'_>, Input<'_>) = (("f", Some("e"), b""), ("f", Some("s"), SVG));
    let first = send(&lab, &key, &[text, new]).await;
    assert_eq!((first.status.as_u16(), first.header("location")), (201, ""));
    for (inputs, status) in [
        (&[new][..], 200),
        (&[new, new], 200),
        (&[new, text], 200),
        (&[new, text, newer], 201),
        (&[newer, new], 200),
    ] {
        let answer = send(&lab, &key, inputs).await;
        assert_eq!(answer.status, status);
        assert_eq!(items(&answer).len(), inputs.len());
        let is_one = inputs.len() == 1;
        assert_eq!(answer.header("location").is_empty(), !is_one, "of one file");
    }
    for (inputs, status, code) in [
        (&[text][..], 422, "not_an_image"),
        (&[text, text], 422, "not_an_image"),
        (&[empty, empty], 422, "empty_file"),
        (&[svg, svg, svg], 415, "unsupported_format"),
        (&[svg, text], 422, "all_rejected"),
        (&[empty, svg], 422, "all_rejected"),
    ] {
        let answer = send(&lab, &key, inputs).await;
        assert_refused(&answer, status, code);
        assert_eq!(items(&answer).len(), inputs.len());
        assert!(fates(&answer).iter().all(|fate| fate != "created" && fate != "duplicate"));
        assert!(answer.json()["request_id"].is_string());
    }
    assert_refused(&send(&lab, &key, &[]).await, 422, "no_file");
    assert_refused(&send(&lab, &key, &[("note", None, b"hello")]).await, 422, "no_file");
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_is_refused_leaves_nothing(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let cut = corpus("photos/synth_gps_n_e.jpg")[..20].to_vec();
    // Longer than what is written at once, too.
    let long = [b"no picture ".repeat(70_000), Vec::new()].concat();
    let bad = [PDF, SVG, b"", &cut, &long].map(|bytes| ("f", Some("bad.jpg"), bytes));
    let answer = send(&lab, &key, &bad).await;
    assert_eq!(answer.status, 422);
    let fates = fates(&answer);
    assert_eq!(fates.len(), 5);
    for (_, _, bytes) in bad {
        assert!(lab.upload(&key, "bad.jpg", bytes.to_vec()).await.status.is_client_error());
    }
    spool_is_empty(&lab).await;
    assert_eq!(lab.stored(), [""; 0]);
    assert_eq!(
        lab.get(&key, "/api/v1/me").await.json()["usage"],
        json!({
            "images": 0, "bytes": 0, "variant_bytes": 0,
        })
    );
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn the_same_file_twice_in_one_batch_is_a_duplicate_of_itself(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let picture = bmp(20, 20, 1);
    let twice = [("f", Some("a.bmp"), &*picture), ("f", Some("b.bmp"), &picture)];
    let answer = send(&lab, &key, &twice).await;
    assert_eq!((answer.status.as_u16(), fates(&answer)), (201, own(&["created", "duplicate"])));
    let items = items(&answer);
    assert_eq!(items[0]["id"], items[1]["id"]);
    assert_eq!(
        (&items[1]["filename"], &items[1]["image"]["filename"]),
        (&json!("b.bmp"), &json!("a.bmp"))
    );
    lab.run_jobs().await;
    assert_eq!(ids(&lab.get(&key, IMAGES).await.json()["items"]).len(), 1);
    assert_eq!(lab.differences().await, [""; 0]);
}

fn own(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

async fn files_beyond_the_most_of_a_request_are_refused_and_the_first_ones_stay(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let lab = lab.beside_with(|config| config.uploads.files_max = 3).await;
    let pictures = [1, 2, 3, 4, 5].map(|seed| bmp(20, 20, seed));
    let inputs = pictures.each_ref().map(|bytes| ("f", Some("a.bmp"), &**bytes));
    let answer = send(&lab, &key, &inputs[..3]).await;
    assert_eq!(fates(&answer), ["created"; 3]);
    let answer = send(&lab, &key, &inputs[1..]).await;
    assert_eq!(answer.status, 201);
    let [kept @ .., last] = &*fates(&answer) else { panic!("no items") };
    assert_eq!((kept, &**last), (&*own(&["duplicate", "duplicate", "created"]), "too_many_files"));
    // Refused files count, too: they are read like others.
    let text: Input<'_> = ("f", Some("t"), b"just text");
    let answer = send(&lab, &key, &[text, text, text, inputs[4]]).await;
    assert_refused(&answer, 422, "all_rejected");
    assert_eq!(fates(&answer)[3], "too_many_files");
    lab.run_jobs().await;
    spool_is_empty(&lab).await;
    assert_eq!(lab.get(&key, IMAGES).await.json()["total"], 4);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn bytes_beyond_the_most_of_a_request_are_refused_and_the_first_files_stay(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let one = bmp(20, 20, 1).len();
    let most = 2 * one + one / 2;
    let lab = lab.beside_with(|config| config.uploads.bytes_max = most as u64).await;
    let pictures = [1, 2, 3, 4].map(|seed| bmp(20, 20, seed));
    let inputs = pictures.each_ref().map(|bytes| ("f", Some("a.bmp"), &**bytes));
    let answer = send(&lab, &key, &inputs).await;
    assert_eq!(answer.status, 201);
    let expected = ["created", "created", "batch_too_large", "batch_too_large"];
    assert_eq!(fates(&answer), expected);
    let detail = items(&answer)[3]["error"]["detail"].clone();
    assert!(detail.as_str().unwrap().contains("3.1 KiB"), "{detail}");
    // A whole body that says how long it is, and one that does not.
    let large = bmp(40, 40, 1);
    for said in [true, false] {
        let mut body = Body::from(large.clone());
        if !said {
            let chunks = large.chunks(100).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
            body = Body::from_stream(futures_util::stream::iter(chunks.collect::<Vec<_>>()));
        }
        let mut sent = request(&key, "POST", IMAGES);
        if said {
            sent = sent.header("content-length", large.len());
        }
        let refused = lab.send(sent.body(body).unwrap()).await;
        assert_refused(&refused, 413, "batch_too_large");
        assert_eq!(refused.json()["limit"], most);
    }
    lab.run_jobs().await;
    spool_is_empty(&lab).await;
    assert_eq!(lab.get(&key, IMAGES).await.json()["total"], 2);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_quota_that_ends_within_a_batch_keeps_what_fits(lab: Lab) {
    let key = lab.account("ada", "free").await;
    let pictures = [1, 2, 3, 4, 5, 6, 7].map(|seed| bmp(20, 20, seed));
    let inputs = pictures.each_ref().map(|bytes| ("f", Some("a.bmp"), &**bytes));
    let answer = send(&lab, &key, &inputs).await;
    assert_eq!(answer.status, 201);
    assert_eq!(fates(&answer)[..5], ["created"; 5]);
    assert_eq!(fates(&answer)[5..], ["quota_reached"; 2]);
    assert_refused(&send(&lab, &key, &inputs[5..]).await, 403, "quota_reached");
    assert_eq!(fates(&send(&lab, &key, &inputs[3..6]).await)[..2], ["duplicate"; 2]);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_batch_that_breaks_off_keeps_what_was_complete(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let mut body = Vec::new();
    for seed in [1, 2] {
        body.extend(
            b"--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bmp\"\r\n\r\n",
        );
        body.extend(bmp(20, 20, seed));
        body.extend(b"\r\n");
    }
    body.truncate(body.len() - 500);
    let sent = request(&key, "POST", IMAGES)
        .header("content-type", "multipart/form-data; boundary=X")
        .body(Body::from(body));
    let answer = lab.send(sent.unwrap()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(fates(&answer), ["created", "broken_body"]);
    lab.run_jobs().await;
    spool_is_empty(&lab).await;
    assert_eq!(lab.get(&key, IMAGES).await.json()["total"], 1);
    assert_eq!(lab.differences().await, [""; 0]);
}
