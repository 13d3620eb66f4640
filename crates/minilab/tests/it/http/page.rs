//! `/` and `/ui/{file}`: the page comes out of the binary.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use axum::body::Body;

use crate::support::{Lab, Server, request};

/// The names of the files in the folder `ui`.
fn folder() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui");
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_binary_has_every_file_of_the_folder() {
    let embedded: BTreeSet<_> =
        minilab::ui::FILES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(embedded, folder());
}

#[test]
fn the_page_asks_for_every_script_at_once() {
    let page = include_str!("../../../../../ui/index.html");
    let is_script = |name: &String| Path::new(name).extension() == Some(OsStr::new("js"));
    let is_asked_for = |name: &String| page.contains(&format!("\"/ui/{name}\""));
    let late: Vec<_> =
        folder().into_iter().filter(|name| is_script(name) && !is_asked_for(name)).collect();
    assert!(late.is_empty(), "{late:?}");
}

#[tokio::test]
async fn the_page_needs_no_key_and_is_revalidated() {
    let lab = Lab::open(Server::Sqlite).await;
    let mut paths: Vec<_> = folder().iter().map(|name| format!("/ui/{name}")).collect();
    paths.push("/".to_owned());
    for path in paths {
        let answer = lab.get("", &path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("cache-control"), "private, no-cache", "{path}");
        let policy = answer.header("content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");

        let etag = answer.header("etag").to_owned();
        let again = request("", "GET", &path).header("if-none-match", &etag);
        let again = lab.send(again.body(Body::empty()).unwrap()).await;
        assert_eq!(again.status, 304, "{path}");
        assert_eq!(again.body, b"", "{path}");
        assert_eq!(again.header("etag"), etag, "{path}");

        let head = lab.call("", "HEAD", &path).await;
        assert_eq!((head.status.as_u16(), head.header("etag")), (200, etag.as_str()), "{path}");
    }
    assert_eq!(lab.get("", "/ui/nothing.js").await.code(), "not_found");
    assert_eq!(lab.get("", "/ui/..%2fCargo.toml").await.code(), "not_found");
}
