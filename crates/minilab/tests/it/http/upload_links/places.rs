//! The two places of a token: the header, and the address of the invitee's page.

use axum::body::Body;
use axum::http::header;
use minilab::accounts::{Key, Kind};
use serde_json::json;

use super::super::callers::assert_refused;
use super::{HELD, IMAGES, fates, link, secret, seen};
use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, request};

on_both_engines! {
    a_token_in_the_address_does_what_it_does_in_the_header
    what_is_no_token_of_a_link_opens_nothing
    the_invitees_page_tells_nothing_and_is_told_to_nobody
    keys_of_requests_of_maker_and_holders_do_not_meet
}

async fn bring(lab: &Lab, token: &str, bytes: Vec<u8>) -> Answer {
    let sent = request("", "POST", &format!("/u/{token}?filename=a.bmp"));
    lab.send(sent.body(Body::from(bytes)).unwrap()).await
}

async fn a_token_in_the_address_does_what_it_does_in_the_header(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({})).await;
    let raw = bring(&lab, &held.token, bmp(30, 20, 1)).await;
    assert_eq!(raw.status, 201);
    let id = raw.json()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(raw.header("location"), format!("{IMAGES}/{id}"));
    // Each finds what came in at the other.
    let again = lab.upload(&held.token, "b.bmp", bmp(30, 20, 1)).await;
    assert_eq!((again.status.as_u16(), &again.json()["items"][0]["id"]), (200, &json!(id)));
    let form = lab
        .form(
            "",
            &format!("/u/{}", held.token),
            &[
                ("files[]", Some("a.bmp"), &bmp(30, 20, 1)),
                ("files[]", Some("b.bmp"), &bmp(30, 20, 2)),
                ("note", None, b"with love"),
                ("files[]", Some("c.txt"), b"no picture"),
            ],
        )
        .await;
    assert_eq!((form.status.as_u16(), fates(&form)[..].len()), (201, 3));
    assert_eq!(fates(&form), ["duplicate", "created", "not_an_image"]);
    let direct = lab.upload(&held.token, "b.bmp", bmp(30, 20, 2)).await;
    assert_eq!(direct.json()["items"][0]["id"], form.json()["items"][1]["id"]);
    // The address counts, whoever else says hello.
    let sent = request(&ada, "POST", &format!("/u/{}", held.token));
    let both = lab.send(sent.body(Body::from(bmp(30, 20, 3))).unwrap()).await;
    assert_eq!(both.json()["items"][0]["image"]["upload_link"], held.id);
    assert_eq!(seen(&lab, &held.token).await.len(), 3);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_is_no_token_of_a_link_opens_nothing(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({})).await;
    let stranger = Key::random(Kind::Upload).reveal();
    // The secret of one link does not open another, nor does one of another kind.
    let other = link(&lab, &ada, json!({})).await;
    let mixed = held.token.replace(secret(&held.token), secret(&other.token));
    let as_key = held.token.replace("mlu_", "mlk_");
    let as_link = ada.replace("mlk_", "mlu_");
    let cut = &held.token[..held.token.len() - 1];
    for token in [&*stranger, &mixed, &as_key, &as_link, &ada, cut, "x", "mlu_", "%F0%9F"] {
        assert_refused(&bring(&lab, token, bmp(30, 20, 1)).await, 401, "unauthorized");
        if token == ada {
            continue;
        }
        for path in [HELD, IMAGES, "/api/v1/me"] {
            assert_refused(&lab.get(token, path).await, 401, "unauthorized");
        }
        assert_refused(&lab.upload(token, "a.bmp", bmp(30, 20, 1)).await, 401, "unauthorized");
    }
    assert_eq!(lab.stored(), [""; 0]);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn the_invitees_page_tells_nothing_and_is_told_to_nobody(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let held = link(&lab, &ada, json!({"label": "secret party"})).await;
    let pages =
        [lab.get("", &format!("/u/{}", held.token)).await, lab.get("", "/u/whatever").await];
    for page in &pages {
        assert_eq!((page.status.as_u16(), &page.body), (200, &pages[0].body));
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert!(!String::from_utf8_lossy(&page.body).contains("secret party"));
    }
}

async fn keys_of_requests_of_maker_and_holders_do_not_meet(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let (one, other) = (link(&lab, &ada, json!({})).await, link(&lab, &ada, json!({})).await);
    let send = async |key: &str, seed| {
        let sent = request(key, "POST", &format!("{IMAGES}?filename=a.bmp"))
            .header("idempotency-key", "the-same")
            .header(header::CONTENT_TYPE, "image/bmp");
        lab.send(sent.body(Body::from(bmp(30, 20, seed))).unwrap()).await
    };
    let mut images = Vec::new();
    for (turn, replayed) in [(0, ""), (1, "true")] {
        for (key, seed) in [(&ada, 1), (&one.token, 1), (&other.token, 2)] {
            let answer = send(key, seed).await;
            assert_eq!((answer.status.as_u16(), turn), (201, turn), "as the first time");
            assert_eq!(answer.header("idempotency-replayed"), replayed);
            images.push(answer.json()["items"][0]["id"].clone());
        }
    }
    assert_eq!(images[..3], images[3..]);
    assert_ne!(images[0], images[1]);
    // In the address it is the same holder's key.
    let sent = request("", "POST", &format!("/u/{}?filename=a.bmp", one.token))
        .header("idempotency-key", "the-same");
    let again = lab.send(sent.body(Body::from(bmp(30, 20, 1))).unwrap()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json()["items"][0]["id"], images[1]);
    assert_refused(&send(&one.token, 9).await, 422, "idempotency_key_reused");
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}
