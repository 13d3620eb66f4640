//! `/` and `/ui/{file}`: the page comes out of the binary.

use std::collections::BTreeSet;
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

/// A script and all that it imports, or what those import.
fn with_imports(script: &str, known: &mut BTreeSet<String>) {
    if !known.insert(script.to_owned()) {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui").join(script);
    let text = std::fs::read_to_string(path).unwrap();
    for part in text.split("'./").skip(1) {
        let (name, _) = part.split_once('\'').unwrap();
        with_imports(name, known);
    }
}

#[test]
fn each_page_asks_for_all_its_scripts_at_once_and_for_no_other() {
    let is = |name: &str, extension: &str| {
        Path::new(name).extension().is_some_and(|found| found == extension)
    };
    let pages = folder().into_iter().filter(|name| is(name, "html"));
    for page in pages {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui").join(&page);
        let text = std::fs::read_to_string(path).unwrap();
        let asked = text.split("\"/ui/").skip(1).filter_map(|part| part.split('"').next());
        let asked = asked.filter(|name| is(name, "js")).map(str::to_owned);
        let asked = asked.collect::<BTreeSet<_>>();
        let (_, entry) = text.split_once("<script type=\"module\" src=\"/ui/").unwrap();
        let mut needed = BTreeSet::new();
        with_imports(entry.split('"').next().unwrap(), &mut needed);
        assert_eq!(asked, needed, "{page}");
    }
}

#[tokio::test]
async fn the_page_needs_no_key_and_is_revalidated() {
    let lab = Lab::open(Server::Sqlite).await;
    let mut paths: Vec<_> = folder().iter().map(|name| format!("/ui/{name}")).collect();
    paths.extend(
        ["/", "/sign-in", "/sign-out", "/setup", "/upload-links", "/u/x"].map(str::to_owned),
    );
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
