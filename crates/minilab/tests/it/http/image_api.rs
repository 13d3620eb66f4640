//! The routes of the image service with tiers, exact in shape and status.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::pictures::{bmp, undecodable};
use crate::support::{Answer, Input, Lab, Server, path_of};

on_both_engines! {
    tokens_come_for_a_password_as_json_or_as_a_form
    a_refresh_token_is_good_once
    images_are_listed_bare_and_newest_first
    an_upload_is_answered_with_the_sizes_of_the_tier
    the_title_may_come_before_the_file_or_behind_it
    an_upload_that_is_refused_leaves_nothing
    an_expiring_link_is_for_tiers_with_that_right
    an_expiring_link_opens_the_original_until_it_expires
}

const PASSWORD: &str = "correct horse battery staple";
const UPLOAD: &str = "/api/image/upload/";
const EXPIRING: &str = "/api/image/expiring/";

fn outcome(answer: &Answer) -> (u16, String) {
    let code = if answer.status.is_success() { String::new() } else { answer.code() };
    (answer.status.as_u16(), code)
}

async fn with_password(lab: &Lab, name: &str, tier: &str) {
    let admin = lab.admin("root").await;
    let account = json!({"name": name, "tier": tier, "password": PASSWORD});
    let made = lab.json(&admin, "POST", "/api/v1/accounts", account).await;
    assert_eq!(made.status, 201, "{}", made.json());
}

/// An access token and a refresh token.
fn pair(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.json());
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("access"), text("refresh"))
}

async fn tokens_come_for_a_password_as_json_or_as_a_form(lab: Lab) {
    with_password(&lab, "ada", "premium").await;
    let right = json!({"username": "ada", "password": PASSWORD});
    let form = "username=ada&password=correct+horse%20battery+staple";
    for is_form in [false, true] {
        let answer = if is_form {
            lab.url_form("", "/api/token/", form).await
        } else {
            lab.json("", "POST", "/api/token/", right.clone()).await
        };
        let (access, refresh) = pair(&answer);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(lab.get(&access, "/api/images/").await.json(), json!([]));
        assert_eq!(lab.get(&refresh, "/api/images/").await.status, 401, "it only renews");
        lab.app.clock.advance(Duration::from_mins(15));
        assert_eq!(lab.get(&access, "/api/images/").await.status, 401);
    }
    for (body, status, code) in [
        (json!({"username": "ada", "password": "wrong"}), 401, "wrong_password"),
        (json!({"username": "bob", "password": PASSWORD}), 401, "wrong_password"),
        (json!({"username": "ada"}), 422, "bad_body"),
        (json!({"username": "ada", "password": 7}), 422, "bad_body"),
        (json!([]), 422, "bad_body"),
    ] {
        let refused = lab.json("", "POST", "/api/token/", body.clone()).await;
        assert_eq!(outcome(&refused), (status, code.to_owned()), "{body}");
    }
    for (body, status, code) in [
        ("username=ada&password=wrong", 401, "wrong_password"),
        ("username=ada", 422, "bad_body"),
        ("", 422, "bad_body"),
    ] {
        let refused = lab.url_form("", "/api/token/", body).await;
        assert_eq!(outcome(&refused), (status, code.to_owned()), "{body}");
    }
}

async fn a_refresh_token_is_good_once(lab: Lab) {
    with_password(&lab, "ada", "premium").await;
    let body = json!({"username": "ada", "password": PASSWORD});
    let (_, first) = pair(&lab.json("", "POST", "/api/token/", body).await);
    let path = "/api/token/refresh/";
    let (access, second) = pair(&lab.json("", "POST", path, json!({"refresh": first})).await);
    assert_eq!(lab.get(&access, "/api/images/").await.status, 200);
    let (access, third) = pair(&lab.url_form("", path, &format!("refresh={second}")).await);
    assert_eq!(lab.get(&access, "/api/images/").await.status, 200);
    // It was stolen, from its holder or by them: all of that sign-in ends.
    let twice = lab.json("", "POST", path, json!({"refresh": second})).await;
    assert_eq!(outcome(&twice), (401, "unauthorized".to_owned()));
    assert_eq!(lab.get(&access, "/api/images/").await.status, 401);
    for refresh in [&first, &second, &third, &access, "", "nonsense"] {
        let refused = lab.json("", "POST", path, json!({"refresh": refresh})).await;
        assert_eq!(outcome(&refused), (401, "unauthorized".to_owned()), "{refresh}");
    }
    for body in [json!({}), json!({"refresh": null}), json!({"token": third})] {
        let refused = lab.json("", "POST", path, body).await;
        assert_eq!(outcome(&refused), (422, "bad_body".to_owned()));
    }
}

/// An image as this service shows it, whose variants have these sizes.
fn check_shape(shown: &Value, name: &str, links: bool, og: bool, sizes: &[(i64, i64)]) {
    let members =
        ["name", "uuid", "uploaded_at", "can_fetch_expiring_image", "og_file", "thumbnails"];
    assert_eq!(shown.as_object().unwrap().len(), members.len(), "{shown}");
    for member in members {
        assert!(shown.get(member).is_some(), "{member}: {shown}");
    }
    assert_eq!((&shown["name"], &shown["can_fetch_expiring_image"]), (&name.into(), &links.into()));
    let time = shown["uploaded_at"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    assert_eq!(shown["og_file"].is_string(), og);
    let thumbnails = shown["thumbnails"].as_array().unwrap();
    let found = thumbnails.iter().map(|one| {
        assert_eq!(one.as_object().unwrap().len(), 3);
        (one["width"].as_i64().unwrap(), one["height"].as_i64().unwrap())
    });
    assert_eq!(found.collect::<Vec<_>>(), sizes);
}

/// Every address in it is absolute, opens with the key, and names its content.
async fn check_files(lab: &Lab, key: &str, shown: &Value) {
    let thumbnails = shown["thumbnails"].as_array().unwrap();
    let files = thumbnails.iter().map(|one| &one["file"]).chain([&shown["og_file"]]);
    for url in files.filter_map(Value::as_str) {
        assert!(url.starts_with("http://127.0.0.1:8000/api/v1/images/"), "{url}");
        let opened = lab.get(key, &path_of(url)).await;
        assert_eq!(opened.status, 200, "{url}");
        assert!(opened.header("cache-control").ends_with("immutable"), "{url}");
        assert_eq!(lab.get("", &path_of(url)).await.status, 401, "{url}");
    }
}

async fn images_are_listed_bare_and_newest_first(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let eve = lab.account("eve", "premium").await;
    assert_eq!(lab.get(&key, "/api/images/").await.json(), json!([]));
    let mut uploads = Vec::new();
    for seed in 0..3 {
        uploads.insert(0, lab.ready(&key, "a.bmp", bmp(300, 500, seed)).await);
        lab.ready(&eve, "a.bmp", bmp(300, 500, seed)).await;
    }
    let listed = lab.get(&key, "/api/images/").await.json();
    let listed = listed.as_array().unwrap();
    let found = listed.iter().map(|one| one["uuid"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(found, uploads);
    for shown in listed {
        check_shape(shown, "a.bmp", false, true, &[(120, 200), (240, 400)]);
        check_files(&lab, &key, shown).await;
    }
    let waiting = lab.upload_ok(&key, "b.bmp", bmp(300, 500, 9)).await;
    let first = &lab.get(&key, "/api/images/").await.json()[0];
    assert_eq!((&first["uuid"], &first["thumbnails"]), (&waiting.into(), &json!([])));
    assert_eq!(lab.get("", "/api/images/").await.status, 401);
}

async fn an_upload_is_answered_with_the_sizes_of_the_tier(lab: Lab) {
    let working = lab.work();
    for (tier, links, og, sizes) in [
        ("free", false, false, &[(120, 200)][..]),
        ("premium", false, true, &[(120, 200), (240, 400)]),
        ("business", true, true, &[(120, 200), (240, 400)]),
    ] {
        let key = lab.account(tier, tier).await;
        let picture = bmp(300, 500, 1);
        let inputs = [("name", None, &b"my cat"[..]), ("file", Some("a.bmp"), &picture)];
        let sent = lab.form(&key, UPLOAD, &inputs).await;
        assert_eq!(sent.status, 201, "{}", sent.json());
        let shown = sent.json();
        check_shape(&shown, "my cat", links, og, sizes);
        check_files(&lab, &key, &shown).await;
        assert_eq!(lab.get(&key, "/api/images/").await.json(), json!([shown]));
        let again = lab.form(&key, UPLOAD, &inputs[1..]).await;
        assert_eq!((again.status.as_u16(), again.json()), (201, shown), "it is there already");
    }
    working.stop().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn the_title_may_come_before_the_file_or_behind_it(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let working = lab.work();
    let pictures = (0..7).map(|seed| bmp(30, 20, seed)).collect::<Vec<_>>();
    let name = |text: &'static str| ("name", None, text.as_bytes());
    let cases: [(Vec<Input<'_>>, &str); 7] = [
        (vec![name("before")], "before"),
        (vec![], "cat.bmp"),
        (vec![name("")], "cat.bmp"),
        (vec![name("  ")], "cat.bmp"),
        (vec![name("../../猫\r\n\".jpg")], "猫\".jpg"),
        (vec![name("first"), name("second")], "second"),
        (vec![("title", None, b"other")], "cat.bmp"),
    ];
    for (at, ((others, expected), picture)) in cases.into_iter().zip(&pictures).enumerate() {
        let file = ("file", Some("cat.bmp"), &picture[..]);
        let mut inputs = others.clone();
        inputs.insert(if at % 2 == 0 { others.len() } else { 0 }, file);
        let sent = lab.form(&key, UPLOAD, &inputs).await;
        assert_eq!((sent.status.as_u16(), &sent.json()["name"]), (201, &expected.into()));
    }
    let picture = bmp(30, 20, 99);
    let behind = [("file", Some("cat.bmp"), &picture[..]), name("behind")];
    assert_eq!(lab.form(&key, UPLOAD, &behind).await.json()["name"], "behind");
    working.stop().await;
}

async fn an_upload_that_is_refused_leaves_nothing(lab: Lab) {
    let admin = lab.admin("root").await;
    let change = json!({"upload_bytes_max": 10_000, "images_max": 1});
    lab.patch(&admin, "/api/v1/tiers/free", change).await;
    let key = lab.account("ada", "free").await;
    let working = lab.work();
    for (file, bytes, status, code) in [
        (Some("a.bmp"), bmp(200, 200, 1), 413, "too_large"),
        (Some("a.bmp"), b"hello, hello".to_vec(), 422, "not_an_image"),
        (Some("a.svg"), b"<svg xmlns=\"x\"/>".to_vec(), 415, "unsupported_format"),
        (Some("a.bmp"), undecodable(1), 422, "image_failed"),
        (None, b"text".to_vec(), 422, "no_file"),
    ] {
        let refused = lab.form(&key, UPLOAD, &[("file", file, &bytes)]).await;
        assert_eq!(outcome(&refused), (status, code.to_owned()));
        assert_eq!(lab.get(&key, "/api/images/").await.json(), json!([]), "{code}");
    }
    let [one, two] = [bmp(30, 20, 1), bmp(30, 20, 2)];
    assert_eq!(lab.form(&key, UPLOAD, &[("file", Some("a.bmp"), &one)]).await.status, 201);
    let full = lab.form(&key, UPLOAD, &[("file", Some("b.bmp"), &two)]).await;
    assert_eq!(outcome(&full), (403, "quota_reached".to_owned()));
    assert_eq!(lab.form("", UPLOAD, &[("file", Some("b.bmp"), &two)]).await.status, 401);
    working.stop().await;
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn an_expiring_link_is_for_tiers_with_that_right(lab: Lab) {
    let mut images = Vec::new();
    for tier in ["free", "premium", "business"] {
        let key = lab.account(tier, tier).await;
        let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
        images.push((key, image));
    }
    let (boss, own) = &images[2];
    let unknown = uuid::Uuid::now_v7().to_string();
    for (key, uuid, expire_time, status, code) in [
        (&images[0].0, json!(images[0].1), json!(300), 403, "links_not_in_tier"),
        (&images[1].0, json!(images[1].1), json!(300), 403, "links_not_in_tier"),
        (boss, json!(images[0].1), json!(300), 404, "not_found"),
        (boss, json!(unknown), json!(300), 404, "not_found"),
        (boss, json!("none"), json!(300), 422, "bad_body"),
        (boss, json!(null), json!(300), 422, "bad_body"),
        (boss, json!(own), json!(299), 422, "bad_expiry"),
        (boss, json!(own), json!(30_001), 422, "bad_expiry"),
        (boss, json!(own), json!(-300), 422, "bad_expiry"),
        (boss, json!(own), json!("300"), 422, "bad_body"),
        (boss, json!(own), json!(300.5), 422, "bad_body"),
        (boss, json!(own), json!(null), 422, "bad_body"),
    ] {
        let body = json!({"uuid": uuid, "expire_time": expire_time});
        let refused = lab.json(key, "POST", EXPIRING, body.clone()).await;
        assert_eq!(outcome(&refused), (status, code.to_owned()), "{body}");
    }
    for (body, status, code) in [
        (format!("uuid={own}&expire_time=299"), 422, "bad_expiry"),
        (format!("uuid={own}&expire_time=soon"), 422, "bad_body"),
        (format!("uuid={own}"), 422, "bad_body"),
        (format!("uuid={unknown}&expire_time=300"), 404, "not_found"),
    ] {
        let refused = lab.url_form(boss, EXPIRING, &body).await;
        assert_eq!(outcome(&refused), (status, code.to_owned()), "{body}");
    }
    assert_eq!(lab.json("", "POST", EXPIRING, json!({})).await.status, 401);
    let listed = lab.get(boss, &format!("/api/v1/images/{own}/links")).await.json();
    assert_eq!(listed, json!({"items": []}));
}

async fn an_expiring_link_opens_the_original_until_it_expires(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let picture = bmp(30, 20, 1);
    let uuid = lab.ready(&key, "a.bmp", picture.clone()).await;
    let by_json = json!({"uuid": uuid, "expire_time": 300});
    let by_json = lab.json(&key, "POST", EXPIRING, by_json).await;
    let by_form = format!("uuid={uuid}&expire_time=30000");
    let by_form = lab.url_form(&key, EXPIRING, &by_form).await;
    let mut paths = Vec::new();
    for (made, expire_time) in [(by_json, 300), (by_form, 30_000)] {
        assert_eq!(made.status, 201, "{}", made.json());
        let url = made.json()["url"].as_str().unwrap().to_owned();
        assert_eq!(made.json(), json!({"expire_time": expire_time, "url": url}));
        assert!(url.starts_with("http://127.0.0.1:8000/l/"), "{url}");
        let opened = lab.get("", &path_of(&url)).await;
        assert_eq!((opened.status.as_u16(), &opened.body), (200, &picture));
        paths.push(path_of(&url));
    }
    lab.app.clock.advance(Duration::from_mins(5));
    assert_eq!(outcome(&lab.get("", &paths[0]).await), (410, "link_expired".to_owned()));
    assert_eq!(lab.get("", &paths[1]).await.status, 200);
    lab.app.clock.advance(Duration::from_mins(500));
    assert_eq!(outcome(&lab.get("", &paths[1]).await), (410, "link_expired".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_routes_can_be_switched_off() {
    let lab = Lab::with(Server::Sqlite, |config| config.dropin = false).await;
    let key = lab.account("ada", "business").await;
    for (method, path) in [
        ("POST", "/api/token/"),
        ("POST", "/api/token/refresh/"),
        ("GET", "/api/images/"),
        ("POST", UPLOAD),
        ("POST", EXPIRING),
    ] {
        let answer = lab.json(&key, method, path, json!({})).await;
        assert_eq!(outcome(&answer), (404, "not_found".to_owned()), "{method} {path}");
    }
}
