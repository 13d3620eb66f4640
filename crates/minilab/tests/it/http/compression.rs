//! JSON that is worth it goes out as gzip, and nothing that holds a secret.

use std::io::Read as _;

use axum::body::Body;
use axum::http::header;
use flate2::read::GzDecoder;
use minilab::http::compress::WITH_SECRETS;
use serde_json::Value;

use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, Server, request};

async fn get(lab: &Lab, key: &str, path: &str, accepted: &str) -> Answer {
    let request = request(key, "GET", path).header(header::ACCEPT_ENCODING, accepted);
    lab.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn large_json_is_smaller_for_those_who_can_read_it_so() {
    let lab = Lab::open(Server::Sqlite).await;
    let ada = lab.account("ada", "premium").await;
    for side in 1..=8 {
        lab.upload_ok(&ada, "a.bmp", bmp(side, 9, 0)).await;
    }
    for path in ["/api/v1/images", "/api/openapi.json"] {
        let plain = get(&lab, &ada, path, "br").await;
        assert_eq!(
            (plain.header("vary"), plain.header("content-encoding")),
            ("Accept-Encoding", "")
        );
        let packed = get(&lab, &ada, path, "gzip, deflate, br, zstd").await;
        assert_eq!(
            (packed.header("content-encoding"), packed.header("vary")),
            ("gzip", "Accept-Encoding")
        );
        assert!(packed.body.len() * 2 < plain.body.len(), "{path}");
        let mut unpacked = Vec::new();
        GzDecoder::new(&*packed.body).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body, "{path}");
    }
    // The tag is that of the same document in other bytes, and known again.
    let packed = get(&lab, "", "/api/openapi.json", "gzip").await;
    let tag = packed.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = request("", "GET", "/api/openapi.json").header(header::ACCEPT_ENCODING, "gzip");
    let again = again.header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
    assert_eq!(lab.send(again).await.status, 304);
    // Too small to be worth it.
    for path in ["/api/v1/me", "/healthz"] {
        let answer = get(&lab, &ada, path, "gzip").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-encoding")),
            (200, ""),
            "{path}"
        );
    }
}

/// Members whose value opens something.
const SECRET_MEMBERS: [&str; 5] = ["key", "token", "secret", "access", "refresh"];

#[test]
fn every_answer_with_a_secret_is_on_the_list() {
    let (_, document) = minilab::router::api(true);
    let document = serde_json::to_value(&document).unwrap();
    let mut found = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let is_listed = WITH_SECRETS.contains(&(&*method, &**path));
            let secret = operation["responses"].as_object().unwrap().values().find(|response| {
                has_secret(&document, &response["content"]["application/json"]["schema"], 0)
            });
            // The list of an account's keys has no key in it.
            let is_list = method == "GET" && (path == "/api/v1/keys" || path == "/api/v1/accounts");
            let shows_own = matches!(&*method, "GET" | "PATCH") && path == "/api/v1/accounts/{id}";
            let is_held = is_list || shows_own || path == "/api/v1/upload-links" && method == "GET";
            let is_held = is_held || path.starts_with("/api/v1/upload-links/");
            found += usize::from(secret.is_some() && !is_held);
            assert!(secret.is_none() || is_held || is_listed, "{method} {path}");
        }
    }
    assert!(found > 5, "{found}");
}

/// Whether a schema names such a member, however deep.
fn has_secret(document: &Value, schema: &Value, depth: usize) -> bool {
    if depth > 12 {
        return false;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        return has_secret(document, schema, depth + 1);
    }
    let members = schema["properties"].as_object();
    let is_secret = |(name, inner): (&String, &Value)| {
        SECRET_MEMBERS.contains(&&**name) || has_secret(document, inner, depth + 1)
    };
    members.is_some_and(|members| members.iter().any(is_secret))
        || has_secret_item(document, &schema["items"], depth)
        || ["allOf", "oneOf", "anyOf"].iter().any(|kind| {
            let parts = schema[kind].as_array();
            parts
                .is_some_and(|parts| parts.iter().any(|part| has_secret(document, part, depth + 1)))
        })
}

fn has_secret_item(document: &Value, items: &Value, depth: usize) -> bool {
    items.is_object() && has_secret(document, items, depth + 1)
}
