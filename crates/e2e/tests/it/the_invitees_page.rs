//! Somebody is given an upload link: they bring pictures on its page, without an account, and read
//! what became of each, what is left, and why nothing more is taken in the end.

use std::path::PathBuf;
use std::time::Duration;

use e2e::browser::Key;
use e2e::page::Page;
use e2e::wait::until;
use e2e::{Caller, Engine, Lab, picture};
use serde_json::{Value, json};

use super::window;

const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// Remembers all that the cards say with a bar of progress: each step is there for a moment only.
const WATCH: &str = "window.seen = new Set(), new MutationObserver(() => {
    for (const bar of document.querySelectorAll('.card progress:not([hidden])')) {
        window.seen.add(bar.closest('.card').querySelector('.note').textContent);
    }
}).observe(document.querySelector('#cards'), { subtree: true, childList: true, characterData: true })";
/// The smallest picture there is.
const GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

#[test]
fn the_invitees_page() {
    let lab = Lab::open(Engine::Sqlite);
    let (ada, eve) = (lab.account("ada", "business"), lab.account("eve", "premium"));
    let origin = format!("http://{}/", ada.address());
    let link = Link::make(
        &ada,
        &json!({
            "label": "Anna & Tom's <wedding>", "expires_in": 86_400, "max_images": 4,
            "max_bytes": 20 << 20, "formats": ["jpeg", "png"], "delete_after": 259_200,
        }),
    );
    let files = Files::new();
    let page = window(&origin, "the-invitees-page");

    come_with_a_key_of_ones_own(&page, &eve);
    read_what_is_taken(&page, &link);
    choose_files(&page, &files);
    drop_files(&page, &files);
    page.look("open");
    lose_the_connection(&page, &files);
    expect_whose(&ada, &eve, &link);
    end_under_way(&page, &ada, &files);
    find_nothing(&page, &ada, &origin);

    expect_the_token_nowhere(&page, &eve, &link);
    page.expect_own_requests_only();
    page.expect_quiet_console();
    drop(page);
    assert!(!lab.logged().contains(link.secret()), "a token in the log");
    lab.close();
}

struct Link {
    id: String,
    url: String,
    token: String,
}

impl Link {
    #[track_caller]
    fn make(maker: &Caller, wanted: &Value) -> Self {
        let made = maker.json("POST", "/api/v1/upload-links", wanted).expect(201).json();
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        Self { id: text("id"), url: text("url"), token: text("token") }
    }

    /// The part of the token that nobody could guess.
    fn secret(&self) -> &str {
        self.token.splitn(3, '_').nth(2).expect("three parts")
    }

    fn revoke(&self, maker: &Caller) {
        maker.delete(&format!("/api/v1/upload-links/{}", self.id)).expect(204);
    }
}

/// Files on the visitor's own disk.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().expect("a temporary directory"));
        for (number, name) in ["cake.jpg", "rings.jpg", "dance.jpg", "late.jpg"].iter().enumerate()
        {
            let photo = picture::jpeg(&picture::photograph(900, 600), 1);
            files.write(name, &picture::variation(&photo, number));
        }
        files.write("letter.txt", b"Dear lab,\nno picture today.\n");
        files.write("drawing.gif", GIF);
        // More than the link takes at all: the page knows before it sends.
        files.write("poster.png", &vec![0; 21 << 20]);
        files
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("a file");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn choose(&self, page: &Page, names: &[&str]) {
        let paths: Vec<_> =
            names.iter().map(|name| self.path(name).display().to_string()).collect();
        page.fill("#files", &paths.join("\n"));
    }
}

/// The visitor has an account here: the page of the link must neither use nor lose it.
fn come_with_a_key_of_ones_own(page: &Page, eve: &Caller) {
    page.go("");
    page.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
    page.value(&format!("localStorage.setItem('minilab.key', {:?})", eve.key()));
}

fn read_what_is_taken(page: &Page, link: &Link) {
    assert!(link.url.ends_with(&format!("/u/{}", link.token)), "{}", link.url);
    page.visit(&link.url);
    expect_open(page);
    assert_eq!(page.text("#title"), "Pictures for Anna & Tom's <wedding>");
    assert_eq!(left(page, 1), "4 of 4 pictures left");
    assert_eq!(left(page, 2), "20 MiB of 20 MiB left");
    assert!(left(page, 3).starts_with("Open until "), "{}", left(page, 3));
    assert_eq!(page.text("#taken").replace('\u{a0}', " "), "JPEG or PNG, up to 20 MiB each");
    assert_eq!(page.value("document.querySelector('#files').accept"), "image/jpeg,image/png");
    assert!(page.text("#fate").contains("deleted here 3 days after"));
    page.expect_names();
    // For the keyboard: past the way to the pictures, there is the way in.
    page.press(&[Key::Tab]);
    page.press(&[Key::Tab]);
    assert_eq!(page.value("document.activeElement.id"), "files");
    page.shot("empty");
}

fn choose_files(page: &Page, files: &Files) {
    let chosen = ["cake.jpg", "rings.jpg", "letter.txt", "drawing.gif", "poster.png"];
    page.value(WATCH);
    files.choose(page, &chosen);
    page.shot("sending");
    expect_summary(page, "2 taken, 3 refused");
    page.until(
        "document.querySelectorAll('.card[data-state=ready]:not(.latent) img').length === 2",
    );
    let said = |card: u32| page.text(&format!(".card:nth-child({card}) .note"));
    assert!(said(1).replace('\u{a0}', " ").starts_with("Taken900 × 600 · JPEG"), "{}", said(1));
    assert_eq!(said(3), "RefusedNot an image: looks like text.");
    assert!(said(4).starts_with("RefusedThis link takes jpeg, png"), "{}", said(4));
    let too_large = "RefusedToo large: this link takes files of up to 20 MiB.";
    assert_eq!(said(5).replace('\u{a0}', " "), too_large);
    page.until("document.querySelector('#left').textContent.includes('2 of 4 pictures left')");
    page.expect_names();
    page.shot("taken-and-refused");
    let seen = page.value("[...window.seen]");
    for step in ["Sending, 0 %", "Checking"] {
        assert!(seen.as_array().expect("a list").contains(&json!(step)), "{seen}");
    }
    page.click("#clear");
    assert_eq!(page.value("document.querySelectorAll('.card').length"), 2);
}

/// By the mouse, anywhere on the page.
fn drop_files(page: &Page, files: &Files) {
    let paths = ["cake.jpg", "dance.jpg"].map(|name| files.path(name));
    let carried = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
    for step in ["dragEnter", "dragOver", "drop"] {
        let event = json!({ "type": step, "x": 640, "y": 600, "data": carried });
        page.devtools("Input.dispatchDragEvent", &event);
    }
    expect_summary(page, "3 taken, 1 already there");
    // The picture that is there stands for the file: there is no second card of it.
    assert_eq!(page.value("document.querySelectorAll('.card').length"), 3);
    assert_eq!(page.text(".card:nth-child(1) .note strong"), "Already there");
    page.until("document.querySelectorAll('.card[data-state=ready]').length === 3");
}

/// The last place is taken by a file that did not get through at first.
fn lose_the_connection(page: &Page, files: &Files) {
    page.expect_quiet_console();
    set_offline(page, true);
    files.choose(page, &["late.jpg"]);
    expect_summary(page, "3 taken, 1 already there, 1 failed");
    assert!(page.text(".card .note").contains("The connection broke."));
    page.shot("broken");
    set_offline(page, false);
    // What could not be loaded meanwhile is in there.
    page.console();
    page.click(".card [data-do=retry]");
    expect_summary(page, "4 taken, 1 already there");
    page.until_said("#over-title", "This link is full");
    assert_eq!(page.text("#over-words"), "All 4 pictures have arrived. Thank you!");
    expect_closed(page);
    page.expect_names();
    page.look("full");
}

fn set_offline(page: &Page, offline: bool) {
    let conditions = json!({
        "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
    });
    page.devtools("Network.emulateNetworkConditions", &conditions);
}

fn expect_whose(ada: &Caller, eve: &Caller, link: &Link) {
    assert_eq!(ada.usage()["images"], 4);
    assert_eq!(eve.usage()["images"], 0);
    let shown = ada.get(&format!("/api/v1/upload-links/{}", link.id)).expect(200).json();
    assert_eq!((&shown["state"], &shown["images"]), (&json!("full"), &json!(4)));
}

/// A link that is revoked while its page is open.
fn end_under_way(page: &Page, ada: &Caller, files: &Files) {
    let link = Link::make(ada, &json!({ "expires_in": 3600 }));
    page.visit(&link.url);
    expect_open(page);
    assert_eq!(page.text("#title"), "Bring your pictures");
    assert_eq!(page.value("document.querySelectorAll('#left li').length"), 1);
    // What the maker's other links brought is not for this one.
    assert_eq!(page.value("document.querySelectorAll('.card').length"), 0);
    link.revoke(ada);
    files.choose(page, &["cake.jpg"]);
    page.until_said("#over-title", "This link was revoked");
    expect_closed(page);
    expect_summary(page, "1 refused");
    page.shot("revoked-under-way");
    page.visit(&link.url);
    expect_ending(page, "This link was revoked");
}

fn find_nothing(page: &Page, ada: &Caller, origin: &str) {
    let short = Link::make(ada, &json!({ "expires_in": 1 }));
    let by_token = ada.with_key(Some(&short.token));
    until("the end of a link", ENDS_WITHIN, || {
        (by_token.get("/api/v1/upload-link").status == 410).then_some(())
    });
    page.visit(&short.url);
    expect_ending(page, "This link has expired");
    page.expect_names();
    page.look("expired");
    page.visit(&format!("{origin}u/mlu_nothing"));
    expect_ending(page, "This link is unknown");
    page.shot("unknown");
}

#[track_caller]
fn expect_open(page: &Page) {
    page.until_shown("#drop");
}

/// No way in is left.
#[track_caller]
fn expect_closed(page: &Page) {
    assert!(!page.shows("#drop"));
}

#[track_caller]
fn expect_ending(page: &Page, title: &str) {
    page.until_said(".door h1", title);
    assert!(page.text("#closed-words").contains("whoever gave it to you"));
    expect_closed(page);
}

#[track_caller]
fn expect_summary(page: &Page, words: &str) {
    page.until_said("#summary", words);
}

fn left(page: &Page, which: u32) -> String {
    page.text(&format!("#left li:nth-child({which})")).replace('\u{a0}', " ")
}

/// Only the page's own address has the token; the visitor's key is where it was.
fn expect_the_token_nowhere(page: &Page, eve: &Caller, link: &Link) {
    page.visit(&link.url);
    page.until("document.querySelectorAll('.card img').length === 4");
    let asked = "performance.getEntriesByType('resource').map((entry) => entry.name).join()";
    let asked = page.value(asked);
    assert!(!asked.as_str().expect("a text").contains(link.secret()), "{asked}");
    let kept = "[sessionStorage.length, Object.entries(localStorage), document.cookie]";
    assert_eq!(page.value(kept), json!([0, [["minilab.key", eve.key()]], ""]));
}
