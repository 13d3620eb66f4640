//! Somebody is given an upload link: they bring pictures on its page, without an account, and read
//! what became of each, what is left, and why nothing more is taken in the end.

use std::path::PathBuf;
use std::time::Duration;

use e2e::browser::{Browser, Key};
use e2e::wait::until;
use e2e::{Caller, Engine, Lab, picture};
use serde_json::{Value, json};

use super::the_first_page::{Shots, expect_names, expect_own_requests_only, expect_quiet_console};

const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// Remembers all that the cards say with a bar of progress: each step is there for a moment only.
const WATCH: &str = "window.seen = new Set(), new MutationObserver(() => {
    for (const bar of document.querySelectorAll('.card progress:not([hidden])')) {
        window.seen.add(bar.closest('.card').querySelector('.note').textContent);
    }
}).observe(document.querySelector('#cards'), { subtree: true, childList: true })";
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
    let browser = Browser::open();
    let shots = Shots::new(&browser, "the-invitees-page");

    browser.color_scheme("light");
    come_with_a_key_of_ones_own(&browser, &origin, &eve);
    read_what_is_taken(&browser, &shots, &link);
    choose_files(&browser, &shots, &files);
    drop_files(&browser, &files);
    look_in_every_light(&browser, &shots);
    lose_the_connection(&browser, &shots, &files);
    expect_whose(&ada, &eve, &link);
    end_under_way(&browser, &shots, &ada, &files);
    find_nothing(&browser, &shots, &ada, &origin);

    expect_the_token_nowhere(&browser, &eve, &link);
    expect_own_requests_only(&browser, &origin);
    expect_quiet_console(&browser);
    drop(browser);
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

    fn choose(&self, browser: &Browser, names: &[&str]) {
        let paths: Vec<_> =
            names.iter().map(|name| self.path(name).display().to_string()).collect();
        browser.fill("#files", &paths.join("\n"));
    }
}

/// The visitor has an account here: the page of the link must neither use nor lose it.
fn come_with_a_key_of_ones_own(browser: &Browser, origin: &str, eve: &Caller) {
    browser.visit(origin);
    browser.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
    browser.value(&format!("localStorage.setItem('minilab.key', {:?})", eve.key()));
}

fn read_what_is_taken(browser: &Browser, shots: &Shots<'_>, link: &Link) {
    assert!(link.url.ends_with(&format!("/u/{}", link.token)), "{}", link.url);
    browser.visit(&link.url);
    expect_open(browser);
    assert_eq!(browser.text("#title"), "Pictures for Anna & Tom's <wedding>");
    assert_eq!(left(browser, 1), "4 of 4 pictures left");
    assert_eq!(left(browser, 2), "20 MiB of 20 MiB left");
    assert!(left(browser, 3).starts_with("Open until "), "{}", left(browser, 3));
    assert_eq!(browser.text("#taken").replace('\u{a0}', " "), "JPEG or PNG, up to 20 MiB each");
    assert_eq!(browser.value("document.querySelector('#files').accept"), "image/jpeg,image/png");
    assert!(browser.text("#fate").contains("deleted here 3 days after"));
    expect_names(browser);
    // For the keyboard: past the way to the pictures, there is the way in.
    browser.press(&[Key::Tab]);
    browser.press(&[Key::Tab]);
    assert_eq!(browser.value("document.activeElement.id"), "files");
    shots.take("empty");
}

fn choose_files(browser: &Browser, shots: &Shots<'_>, files: &Files) {
    let chosen = ["cake.jpg", "rings.jpg", "letter.txt", "drawing.gif", "poster.png"];
    browser.value(WATCH);
    files.choose(browser, &chosen);
    shots.take("sending");
    expect_summary(browser, "2 taken, 3 refused");
    browser.until(
        "document.querySelectorAll('.card[data-state=ready]:not(.latent) img').length === 2",
    );
    let said = |card: u32| browser.text(&format!(".card:nth-child({card}) .note"));
    assert!(said(1).replace('\u{a0}', " ").starts_with("Taken900 × 600 · JPEG"), "{}", said(1));
    assert_eq!(said(3), "RefusedNot an image: looks like text.");
    assert!(said(4).starts_with("RefusedThis link takes jpeg, png"), "{}", said(4));
    let too_large = "RefusedToo large: this link takes files of up to 20 MiB.";
    assert_eq!(said(5).replace('\u{a0}', " "), too_large);
    browser.until("document.querySelector('#left').textContent.includes('2 of 4 pictures left')");
    expect_names(browser);
    shots.take("taken-and-refused");
    let seen = browser.value("[...window.seen]");
    for step in ["Sending, 0 %", "Checking"] {
        assert!(seen.as_array().expect("a list").contains(&json!(step)), "{seen}");
    }
    browser.click("#clear");
    assert_eq!(browser.value("document.querySelectorAll('.card').length"), 2);
}

/// By the mouse, anywhere on the page.
fn drop_files(browser: &Browser, files: &Files) {
    let paths = ["cake.jpg", "dance.jpg"].map(|name| files.path(name));
    let carried = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
    for step in ["dragEnter", "dragOver", "drop"] {
        let event = json!({ "type": step, "x": 640, "y": 600, "data": carried });
        browser.devtools("Input.dispatchDragEvent", &event);
    }
    expect_summary(browser, "3 taken, 1 already there");
    // The picture that is there stands for the file: there is no second card of it.
    assert_eq!(browser.value("document.querySelectorAll('.card').length"), 3);
    assert_eq!(browser.text(".card:nth-child(1) .note strong"), "Already there");
    browser.until("document.querySelectorAll('.card[data-state=ready]').length === 3");
}

fn look_in_every_light(browser: &Browser, shots: &Shots<'_>) {
    for scheme in ["dark", "light"] {
        browser.color_scheme(scheme);
        for width in [1280, 390, 320] {
            browser.resize(width, 844);
            browser.until(&format!("innerWidth === {width}"));
            let overflow =
                "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.value(overflow), 0, "{scheme}, {width}");
            shots.take(&format!("{scheme}-{width}"));
        }
    }
    browser.resize(1280, 900);
}

/// The last place is taken by a file that did not get through at first.
fn lose_the_connection(browser: &Browser, shots: &Shots<'_>, files: &Files) {
    expect_quiet_console(browser);
    set_offline(browser, true);
    files.choose(browser, &["late.jpg"]);
    expect_summary(browser, "3 taken, 1 already there, 1 failed");
    assert!(browser.text(".card .note").contains("The connection broke."));
    shots.take("broken");
    set_offline(browser, false);
    // What could not be loaded meanwhile is in there.
    browser.console();
    browser.click(".card [data-do=retry]");
    expect_summary(browser, "4 taken, 1 already there");
    browser.until("document.querySelector('#over-title').textContent === 'This link is full'");
    assert_eq!(browser.text("#over-words"), "All 4 pictures have arrived. Thank you!");
    expect_closed(browser);
    expect_names(browser);
    shots.take("full");
}

fn set_offline(browser: &Browser, offline: bool) {
    let conditions = json!({
        "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
    });
    browser.devtools("Network.emulateNetworkConditions", &conditions);
}

fn expect_whose(ada: &Caller, eve: &Caller, link: &Link) {
    assert_eq!(ada.usage()["images"], 4);
    assert_eq!(eve.usage()["images"], 0);
    let shown = ada.get(&format!("/api/v1/upload-links/{}", link.id)).expect(200).json();
    assert_eq!((&shown["state"], &shown["images"]), (&json!("full"), &json!(4)));
}

/// A link that is revoked while its page is open.
fn end_under_way(browser: &Browser, shots: &Shots<'_>, ada: &Caller, files: &Files) {
    let link = Link::make(ada, &json!({ "expires_in": 3600 }));
    browser.visit(&link.url);
    expect_open(browser);
    assert_eq!(browser.text("#title"), "Bring your pictures");
    assert_eq!(browser.value("document.querySelectorAll('#left li').length"), 1);
    // What the maker's other links brought is not for this one.
    assert_eq!(browser.value("document.querySelectorAll('.card').length"), 0);
    link.revoke(ada);
    files.choose(browser, &["cake.jpg"]);
    browser.until("document.querySelector('#over-title').textContent === 'This link was revoked'");
    expect_closed(browser);
    expect_summary(browser, "1 refused");
    shots.take("revoked-under-way");
    browser.visit(&link.url);
    expect_ending(browser, "This link was revoked");
}

fn find_nothing(browser: &Browser, shots: &Shots<'_>, ada: &Caller, origin: &str) {
    let short = Link::make(ada, &json!({ "expires_in": 1 }));
    let by_token = ada.with_key(Some(&short.token));
    until("the end of a link", ENDS_WITHIN, || {
        (by_token.get("/api/v1/upload-link").status == 410).then_some(())
    });
    browser.visit(&short.url);
    expect_ending(browser, "This link has expired");
    expect_names(browser);
    shots.take("expired");
    browser.visit(&format!("{origin}u/mlu_nothing"));
    expect_ending(browser, "This link is unknown");
    shots.take("unknown");
}

#[track_caller]
fn expect_open(browser: &Browser) {
    browser.until("document.querySelector('#drop')?.offsetHeight > 0");
}

/// No way in is left.
#[track_caller]
fn expect_closed(browser: &Browser) {
    assert_eq!(browser.value("document.querySelector('#drop').offsetHeight"), 0);
}

#[track_caller]
fn expect_ending(browser: &Browser, title: &str) {
    browser.until(&format!("document.querySelector('#closed-title')?.textContent === {title:?}"));
    assert!(browser.text("#closed-words").contains("whoever gave it to you"));
    expect_closed(browser);
}

#[track_caller]
fn expect_summary(browser: &Browser, words: &str) {
    browser.until(&format!("document.querySelector('#summary').textContent === {words:?}"));
}

fn left(browser: &Browser, which: u32) -> String {
    browser.text(&format!("#left li:nth-child({which})")).replace('\u{a0}', " ")
}

/// Only the page's own address has the token; the visitor's key is where it was.
fn expect_the_token_nowhere(browser: &Browser, eve: &Caller, link: &Link) {
    browser.visit(&link.url);
    browser.until("document.querySelectorAll('.card img').length === 4");
    let asked = "performance.getEntriesByType('resource').map((entry) => entry.name).join()";
    let asked = browser.value(asked);
    assert!(!asked.as_str().expect("a text").contains(link.secret()), "{asked}");
    let kept = "[sessionStorage.length, Object.entries(localStorage), document.cookie]";
    assert_eq!(browser.value(kept), json!([0, [["minilab.key", eve.key()]], ""]));
}
