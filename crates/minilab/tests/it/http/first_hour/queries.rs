//! Query parameters that nobody reads.

use serde_json::json;

use super::super::callers::assert_refused;
use crate::support::pictures::bmp;
use crate::support::{Lab, Server, path_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_nobody_reads_is_refused_with_those_that_are_read() {
    let lab = Lab::open(Server::Sqlite).await;
    let ada = lab.admin("ada").await;
    for (path, parameter, known) in [
        ("/api/v1/images?camra=x", "camra", "camera"),
        ("/api/v1/images?limit=5&sort=name", "sort", "cursor"),
        ("/api/v1/images?%6Cimit=5&fbclid=1", "fbclid", "limit"),
        ("/api/v1/upload-links?camera=x", "camera", "cursor"),
        ("/api/v1/accounts?name=x", "name", "limit"),
        ("/api/v1/gallery?inactiv=true", "inactiv", "inactive"),
        ("/api/v1/me?x", "x", ""),
        ("/api/v1/tiers?limit=1", "limit", ""),
    ] {
        let answer = lab.get(&ada, path).await;
        assert_refused(&answer, 422, "bad_query");
        let problem = answer.json();
        assert_eq!(problem["parameter"], parameter, "{path}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(parameter) && detail.contains(known), "{path}: {detail}");
    }
    // Nothing is done before it is said.
    let upload = lab.upload(&ada, "a.bmp&delete_afer=60", bmp(10, 10, 1)).await;
    assert_refused(&upload, 422, "bad_query");
    assert_eq!(lab.get(&ada, "/api/v1/me").await.json()["usage"]["images"], 0);
    let account = json!({"name": "bob", "tier": "free"});
    assert_refused(
        &lab.json(&ada, "POST", "/api/v1/accounts?dry=1", account).await,
        422,
        "bad_query",
    );
    assert_eq!(
        lab.get(&ada, "/api/v1/accounts").await.json()["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_links_pictures_and_older_routes_ignore_what_they_do_not_know() {
    let lab = Lab::open(Server::Sqlite).await;
    let ada = lab.account("ada", "business").await;
    let id = lab.ready(&ada, "a.bmp", bmp(300, 300, 1)).await;
    let link = json!({"expires_in": 300, "variant": "h200"});
    let link = lab.json(&ada, "POST", &format!("/api/v1/images/{id}/links"), link).await.json();
    let upload = lab.json(&ada, "POST", "/api/v1/upload-links", json!({"expires_in": 300})).await;
    for (method, path) in [
        ("GET", "/".to_owned()),
        ("GET", "/sign-in".to_owned()),
        ("GET", path_of(link["url"].as_str().unwrap())),
        ("GET", path_of(upload.json()["url"].as_str().unwrap())),
        ("GET", format!("/api/v1/images/{id}/original")),
        ("GET", format!("/api/v1/images/{id}/variants/h200")),
        ("GET", "/api/v1/thumbnail".to_owned()),
        ("GET", "/api/gallery".to_owned()),
        ("GET", "/api/images/".to_owned()),
        ("HEAD", "/".to_owned()),
    ] {
        let answer = lab.call(&ada, method, &format!("{path}?fbclid=IwAR0&utm_source=x")).await;
        assert_eq!(answer.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_refused_in_words_that_need_no_rust() {
    let lab = Lab::open(Server::Sqlite).await;
    let ada = lab.admin("ada").await;
    for (path, body, said) in [
        ("/api/v1/upload-links", json!([1, 2, 3]), "the body is not a JSON object"),
        ("/api/v1/upload-links", json!("x"), "the body is not a JSON object"),
        (
            "/api/v1/upload-links",
            json!({"expires_in": "1"}),
            "expires_in: is \"1\", not a whole number",
        ),
        ("/api/v1/keys", json!({"name": 5}), "name: is 5, not a string"),
        ("/api/v1/keys", json!({}), "`name` is missing"),
        ("/api/v1/keys", json!({"name": "x", "scopes": ["red"]}), "scopes[0]: `red` is none of"),
        (
            "/api/v1/accounts",
            json!({"name": "x", "tir": "free"}),
            "there is no member `tir`; there are",
        ),
        ("/api/v1/tiers", json!({"name": "x", "rights": [true, true]}), "rights: is not an object"),
        ("/api/v1/tiers", json!({"name": "x", "rank": "1"}), "rank: is \"1\", not a whole number"),
        (
            "/api/v1/presets",
            json!({"name": "x", "width": -1}),
            "width: is -1, not a whole number from 0",
        ),
    ] {
        let answer = lab.json(&ada, "POST", path, body).await;
        assert_eq!(answer.status, 422, "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(said), "{path}: {detail}");
        for word in ["struct", "i64", "u32", "variant", "deserialize"] {
            assert!(!detail.contains(word), "{path}: {detail}");
        }
    }
}
