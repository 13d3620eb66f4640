//! The API's description, and the page that shows it.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

use minilab::http::code::Code;

use crate::support::{Lab, Server};

/// `make bless` writes the files; their diff is the change of the API.
fn hold(name: &str, now: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("MINILAB_BLESS").is_some() {
        std::fs::write(&file, now).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let different = now.lines().zip(kept.lines()).find(|(now, kept)| now != kept);
    assert!(now == kept, "docs/{name} is not what the code says: {different:?}; `make bless`");
}

#[test]
fn the_description_in_the_repository_is_what_the_code_says() {
    let (_, document) = minilab::router::api(true);
    hold("openapi.json", &format!("{}\n", document.to_pretty_json().unwrap()));
}

#[test]
fn the_list_of_errors_in_the_repository_is_what_the_code_says() {
    let mut list = "# Errors\n\n\
        Every error is problem+json (RFC 9457): `code` is one of these words and never changes its meaning,\n\
        `detail` is a sentence for people. Written by `make bless`.\n\n\
        | code | status | meaning |\n| --- | ---: | --- |\n"
        .to_owned();
    let mut words = HashSet::new();
    for code in Code::ALL {
        let (word, status) = (code.as_str(), code.status().as_u16());
        assert!(words.insert(word), "{word} is there twice");
        writeln!(list, "| `{word}` | {status} | {} |", code.meaning()).unwrap();
    }
    hold("errors.md", &list);
}

#[test]
fn every_operation_has_words_and_says_how_it_fails() {
    let (_, document) = minilab::router::api(true);
    let document = serde_json::to_value(&document).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for member in ["summary", "operationId", "tags"] {
                assert!(!operation[member].is_null(), "{method} {path}: no {member}");
            }
            let default = &operation["responses"]["default"]["$ref"];
            assert_eq!(default, "#/components/responses/Problem", "{method} {path}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[tokio::test]
async fn the_description_and_its_page_come_out_of_the_binary() {
    let lab = Lab::open(Server::Sqlite).await;
    let document = lab.get("", "/api/openapi.json").await;
    assert_eq!(document.json()["info"]["title"], "Minilab");
    assert_eq!(lab.get("", "/docs").await.header("location"), "/docs/");
    let page = lab.get("", "/docs/").await;
    assert_eq!(page.status, 200);
    let html = String::from_utf8(page.body.clone()).unwrap();
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        assert!(html.contains(file), "{file}");
        let answer = lab.get("", &format!("/docs/{file}")).await;
        assert_eq!(answer.status, 200, "{file}");
        assert!(!answer.body.is_empty() && !answer.header("etag").is_empty(), "{file}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'; script-src 'self'"), "{file}: {policy}");
    }
    let settings = lab.get("", "/docs/swagger-initializer.js").await;
    assert!(String::from_utf8(settings.body).unwrap().contains("/api/openapi.json"));
    assert_eq!(lab.get("", "/docs/nothing.js").await.code(), "not_found");
}
