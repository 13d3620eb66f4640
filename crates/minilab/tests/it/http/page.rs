//! The pages and what they are made of come out of the binary: pages are asked about each time, their files
//! lie behind an address that names the build.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::body::Body;
use axum::http::header;
use flate2::read::GzDecoder;

use crate::support::{Answer, Lab, Server, request};

const PAGES: [&str; 6] = ["/", "/sign-in", "/sign-out", "/setup", "/upload-links", "/u/x"];
const TRUSTED_TYPES: &str = "require-trusted-types-for 'script'; trusted-types 'none'";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui")
}

/// The names of the files in the folder `ui`, as they are seen from there.
fn names() -> BTreeSet<String> {
    let mut folders = vec![folder()];
    let mut names = BTreeSet::new();
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.insert(path.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names
}

/// What the name of a file ends in.
fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

#[test]
fn the_binary_has_every_file_of_the_folder() {
    let embedded: BTreeSet<_> =
        minilab::ui::FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut names = names();
    // These two are for who takes a new version.
    for name in ["vendor/README.md", "vendor/SHA256SUMS"] {
        assert!(names.remove(name), "{name}");
    }
    assert_eq!(embedded, names);
}

#[test]
fn the_modules_of_others_are_those_that_were_brought() {
    let folder = folder().join("vendor");
    let mut check = Command::new("sha256sum");
    let checked = check.args(["--check", "--strict", "SHA256SUMS"]).current_dir(&folder).output();
    let checked = checked.expect("sha256sum can be started");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let summed = sums.lines().map(|line| format!("vendor/{}", line.split("  ").nth(1).unwrap()));
    let theirs = names().into_iter().filter(|name| name.starts_with("vendor/"));
    let theirs = theirs.filter(|name| matches!(extension(name), "js" | "txt"));
    assert_eq!(summed.collect::<BTreeSet<_>>(), theirs.collect());
}

#[test]
fn no_text_becomes_markup() {
    for name in names().iter().filter(|name| is_ours(name)) {
        let text = std::fs::read_to_string(folder().join(name)).unwrap();
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!text.contains(way), "{name}: {way}");
        }
        assert!(text.lines().count() <= 500, "{name} is too long");
    }
}

fn html(page: &Answer) -> String {
    String::from_utf8(page.body.clone()).unwrap()
}

/// The addresses of files that a page names.
fn addresses(page: &Answer) -> Vec<String> {
    let html = html(page);
    let parts = html.split("\"/ui/").skip(1);
    parts.map(|part| format!("/ui/{}", part.split('"').next().unwrap())).collect()
}

/// Whether a file is a module of our own.
fn is_ours(name: &str) -> bool {
    extension(name) == "js" && !name.starts_with("vendor/")
}

/// A file as it goes out to whoever reads no gzip.
async fn served(lab: &Lab, base: &str, name: &str) -> Vec<u8> {
    lab.get("", &format!("{base}/{name}")).await.body
}

async fn get_gzip(lab: &Lab, path: &str) -> Answer {
    let request = request("", "GET", path).header(header::ACCEPT_ENCODING, "gzip");
    lab.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn pages_need_no_key_and_are_asked_about_each_time() {
    let lab = Lab::open(Server::Sqlite).await;
    for path in PAGES {
        let page = lab.get("", path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("cache-control"), "private, no-cache", "{path}");
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path}: {policy}");
        assert!(policy.ends_with(TRUSTED_TYPES), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        // Everything that was to be filled in is.
        assert!(!html(&page).contains('{'), "{}", html(&page));

        let etag = page.header("etag").to_owned();
        let again = request("", "GET", path).header("if-none-match", &etag);
        let again = lab.send(again.body(Body::empty()).unwrap()).await;
        assert_eq!((again.status.as_u16(), again.header("etag")), (304, &*etag), "{path}");
        assert_eq!(again.body, b"", "{path}");
        let head = lab.call("", "HEAD", path).await;
        assert_eq!((head.status.as_u16(), head.header("etag")), (200, &*etag), "{path}");
    }
}

/// A script and all that it imports, or what those import.
fn with_imports(script: &str, known: &mut BTreeSet<String>) {
    if !known.insert(script.to_owned()) {
        return;
    }
    let text = std::fs::read_to_string(folder().join(script)).unwrap();
    let base = Path::new(script).parent().unwrap();
    for statement in text.split("import").skip(1) {
        let Some((_, from)) = statement.split_once("from") else { continue };
        let from = from.trim_start();
        let Some(quote) = from.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
            continue;
        };
        let is_for_types = text.contains(&format!("@import{statement}"));
        let relative = from[1..].split(quote).next().unwrap();
        if is_for_types || !relative.starts_with('.') {
            continue;
        }
        let path = std::fs::canonicalize(folder().join(base).join(relative)).unwrap();
        let root = std::fs::canonicalize(folder()).unwrap();
        with_imports(path.strip_prefix(root).unwrap().to_str().unwrap(), known);
    }
}

#[tokio::test]
async fn each_page_asks_for_all_its_modules_at_once_and_for_no_other() {
    let lab = Lab::open(Server::Sqlite).await;
    for path in PAGES {
        let page = lab.get("", path).await;
        let addresses = addresses(&page);
        let asked = addresses.iter().filter(|address| extension(address) == "js");
        let asked: BTreeSet<_> =
            asked.map(|address| address.splitn(4, '/').nth(3).unwrap().to_owned()).collect();
        let entry = asked.iter().find(|name| name.starts_with("pages/")).unwrap();
        let mut needed = BTreeSet::new();
        with_imports(entry, &mut needed);
        assert_eq!(asked, needed, "{path}");
    }
}

#[tokio::test]
async fn files_of_this_build_are_kept_for_good_and_those_of_another_are_not_there() {
    let lab = Lab::open(Server::Sqlite).await;
    let page = lab.get("", "/").await;
    let addresses = addresses(&page);
    let base = addresses[0].rsplit_once('/').unwrap().0.to_owned();
    for address in &addresses {
        let file = lab.get("", address).await;
        assert_eq!(file.status, 200, "{address}");
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(address.starts_with(&base), "{address}: one build");
    }
    let style = format!("{base}/style.css");
    let kind = |answer: Answer| (answer.status.as_u16(), answer.header("content-type").to_owned());
    for (name, media_type) in [
        ("style.css", "text/css; charset=utf-8"),
        ("pages/library.js", "text/javascript; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
        ("vendor/htm.LICENSE.txt", "text/plain; charset=utf-8"),
    ] {
        let answer = lab.get("", &format!("{base}/{name}")).await;
        assert_eq!(kind(answer), (200, media_type.to_owned()), "{name}");
    }
    for wrong in [
        style.replace(&base, "/ui/0123456789abcdef0123456789abcdef"),
        format!("{base}/nothing.js"),
        format!("{base}/shell.html"),
        format!("{base}{style}"),
        "/ui/nothing.js".to_owned(),
        "/ui/..%2fCargo.toml".to_owned(),
        format!("{base}/..%2f..%2fCargo.toml"),
    ] {
        let answer = lab.get("", &wrong).await;
        assert_eq!(answer.code(), "not_found", "{wrong}");
        assert_eq!(answer.header("cache-control"), "no-store", "{wrong}");
    }
    // Who does not know the build, such as the page of a problem, asks each time.
    let answer = lab.get("", "/ui/style.css").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("cache-control")),
        (200, "private, no-cache")
    );
}

#[tokio::test]
async fn pages_and_files_go_out_compressed_and_small() {
    let lab = Lab::open(Server::Sqlite).await;
    let base = addresses(&lab.get("", "/").await)[0].rsplit_once('/').unwrap().0.to_owned();
    let (mut scripts, mut styles) = (0, 0);
    let all = minilab::ui::FILES.iter().filter(|(name, _)| *name != "shell.html");
    for (name, bytes) in all {
        let packed = get_gzip(&lab, &format!("{base}/{name}")).await;
        assert_eq!(packed.header("vary"), "Accept-Encoding", "{name}");
        if packed.header("content-encoding") == "gzip" {
            let mut unpacked = Vec::new();
            GzDecoder::new(&*packed.body).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, served(&lab, &base, name).await, "{name}");
            assert!(packed.header("etag").starts_with("W/\""), "{name}");
        }
        // Nothing is left out but comments.
        if !is_ours(name) {
            assert_eq!(served(&lab, &base, name).await, *bytes, "{name}");
        }
        match extension(name) {
            "js" => scripts += packed.body.len(),
            "css" => styles += packed.body.len(),
            _ => {}
        }
    }
    // What all pages together may weigh.
    assert!(scripts <= 60 * 1024, "{scripts} bytes of scripts");
    assert!(styles <= 12 * 1024, "{styles} bytes of style");
    let page = get_gzip(&lab, "/").await;
    assert_eq!((page.status.as_u16(), page.header("content-encoding")), (200, "gzip"));
}

#[tokio::test]
async fn problems_as_pages_make_no_markup_either_and_the_api_has_its_own_page() {
    let lab = Lab::open(Server::Sqlite).await;
    let nothing = request("", "GET", "/nothing").header(header::ACCEPT, "text/html");
    let nothing = lab.send(nothing.body(Body::empty()).unwrap()).await;
    assert_eq!(nothing.status, 404);
    assert!(nothing.header("content-security-policy").ends_with(TRUSTED_TYPES));
    let docs = lab.get("", "/docs/").await;
    assert!(!docs.header("content-security-policy").contains("trusted-types"));
}
