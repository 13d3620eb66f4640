//! Many pictures as one file.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use futures_util::StreamExt as _;
use serde_json::json;

use super::super::callers::assert_refused;
use crate::support::pictures::bmp;
use crate::support::{Lab, Server, request};

const ZIP: &str = "/api/v1/images/zip";

on_both_engines! {
    a_zip_holds_what_single_downloads_give
    a_picture_that_goes_meanwhile_is_named
}

fn files(bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let all = (0..archive.len()).map(|at| {
        let mut file = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        // Checks the sum as well.
        file.read_to_end(&mut content).unwrap();
        (file.name().unwrap().into_owned(), content)
    });
    all.collect()
}

async fn a_zip_holds_what_single_downloads_give(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let one = lab.ready(&ada, "cat.bmp", bmp(300, 300, 1)).await;
    let two = lab.ready(&ada, "Cat.bmp", bmp(300, 300, 2)).await;
    let three = lab.ready(&ada, "%E7%8C%AB.bmp", bmp(300, 300, 3)).await;
    let ids = json!([one, two, three, one]);
    let answer = lab.json(&ada, "POST", ZIP, json!({"ids": ids, "variant": "original"})).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/zip"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"originals.zip\"");
    let found = files(answer.body);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["Cat (2).bmp", "cat.bmp", "猫.bmp"]);
    assert_eq!(found["cat.bmp"], bmp(300, 300, 1));
    let made = lab.json(&ada, "POST", ZIP, json!({"ids": [one], "variant": "h200"})).await;
    let single = lab.get(&ada, &format!("/api/v1/images/{one}/variants/h200")).await;
    let found = files(made.body);
    assert_eq!(found.into_values().collect::<Vec<_>>(), [single.body]);

    let bob = lab.account("bob", "premium").await;
    let answer = lab.json(&bob, "POST", ZIP, json!({"ids": [one], "variant": "h200"})).await;
    assert_refused(&answer, 404, "not_found");
    assert_eq!(answer.json()["unknown"], json!([one]));
    let eve = lab.account("eve", "free").await;
    let own = lab.ready(&eve, "e.bmp", bmp(30, 30, 4)).await;
    for (variant, status, code) in [
        ("original", 403, "original_not_in_tier"),
        ("h400", 403, "preset_not_in_tier"),
        ("nothing", 404, "not_found"),
    ] {
        let answer = lab.json(&eve, "POST", ZIP, json!({"ids": [own], "variant": variant})).await;
        assert_refused(&answer, status, code);
    }
    for wrong in [json!({"ids": [], "variant": "h200"}), json!({"ids": [one]})] {
        assert_eq!(lab.json(&ada, "POST", ZIP, wrong).await.status, 422);
    }
}

async fn a_picture_that_goes_meanwhile_is_named(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let mut ids = Vec::new();
    for seed in 0..8 {
        ids.push(lab.ready(&ada, "big.bmp", bmp(700, 700, seed)).await);
    }
    let asked = request(&ada, "POST", ZIP).header("content-type", "application/json");
    let body = json!({"ids": ids, "variant": "original"}).to_string();
    let answer = lab.respond(asked.body(body.into()).unwrap()).await;
    let mut body = answer.into_body().into_data_stream();
    // Nobody reads yet: the last ones are not looked at.
    let last = ids.pop().unwrap();
    lab.call(&ada, "DELETE", &format!("/api/v1/images/{last}")).await;
    lab.run_jobs().await;
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        bytes.extend(chunk.unwrap());
    }
    let found = files(bytes);
    assert_eq!(found.len(), 8, "{:?}", found.keys());
    let note = String::from_utf8(found["not-included.txt"].clone()).unwrap();
    assert_eq!(note, format!("{last}: there is no such image\r\n"));
    assert_eq!(lab.differences().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_a_time_and_a_place_is_given_back() {
    let lab = Lab::open(Server::Sqlite).await;
    let ada = lab.account("ada", "business").await;
    let mut ids = Vec::new();
    for seed in 0..8 {
        ids.push(lab.ready(&ada, "big.bmp", bmp(700, 700, seed)).await);
    }
    let ask = || async {
        let asked = request(&ada, "POST", ZIP).header("content-type", "application/json");
        let body = json!({"ids": ids, "variant": "original"}).to_string();
        lab.respond(asked.body(body.into()).unwrap()).await
    };
    let held = [ask().await, ask().await];
    let third = ask().await;
    assert_eq!(third.status(), 429);
    assert_eq!(third.headers()["retry-after"], "10");
    drop(held);
    crate::support::soon("a place", async || ask().await.status() == 200).await;
}
