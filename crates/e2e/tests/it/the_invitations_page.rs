//! Somebody makes an upload link on its page, hands its address out, watches pictures come in, and
//! revokes it. The address is shown once; what the lab refuses is said in words.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::browser::Key;
use e2e::page::Page;
use e2e::wait::until;
use e2e::{Caller, Engine, Lab, picture};
use serde_json::{Value, json};

use super::window;

const LINKS: &str = "/api/v1/upload-links";
const LABEL: &str = "Anna & Tom's <wedding>";
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// Remembers whether the button of the form was disabled: it is for a moment only.
const WATCH: &str = "window.seen = new Set(), new MutationObserver(() => {
    window.seen.add(document.querySelector('#inviting .main').disabled);
}).observe(document.querySelector('#inviting'), { subtree: true, attributes: true })";

#[test]
fn the_invitations_page() {
    let lab = Lab::open(Engine::Sqlite);
    let (root, ada, eve) =
        (lab.admin("root"), lab.account("ada", "business"), lab.account("eve", "premium"));
    let origin = format!("http://{}/", ada.address());
    let page = window(&origin, "the-invitations-page");

    come_in(&page, &origin, &ada);
    be_refused(&page, &ada);
    let link = make(&page, &ada, &origin);
    watch(&page, &ada, &link);
    see_pictures(&page, &ada);
    let revoked = revoke(&page, &ada, &link);
    turn_pages(&page, &ada);
    look_in_every_light(&page);
    come_without_the_right(&page, &eve);
    lose_the_right(&page, &root, &ada);

    page.expect_own_requests_only();
    drop(page);
    for token in [&link.token, &revoked.token] {
        assert!(!lab.logged().contains(secret(token)), "a token in the log");
    }
    lab.close();
}

/// A link, and somebody who was given its address.
struct Handed {
    id: String,
    token: String,
    holder: Caller,
}

/// The part of a token that nobody could guess.
fn secret(token: &str) -> &str {
    token.splitn(3, '_').nth(2).expect("three parts")
}

/// Whoever is not known is led to the door, and from there to where they wanted.
fn come_in(page: &Page, origin: &str, ada: &Caller) {
    page.go("upload-links");
    page.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
    page.click("#by-password [data-do=other-way]");
    page.fill("#key", ada.key());
    page.press(&[Key::Enter]);
    expect_list(page, 0);
    assert_eq!(page.value("location.pathname + location.search"), "/upload-links");
    // Not to anywhere else, whatever an address asks for.
    for wanted in ["//example.org/", "https://example.org/", "/sign-out", "/u/mlu_x"] {
        page.visit(&format!("{origin}sign-in?next={wanted}"));
        page.until("location.pathname === '/' && document.querySelector('#usage').textContent");
    }
    page.click("a[href='/upload-links']");
    expect_list(page, 0);
    page.until_shown("#empty");
    page.expect_names();
}

fn be_refused(page: &Page, ada: &Caller) {
    page.click("#lasts option[value=own]");
    page.set("#ends", "2020-05-01T10:00");
    page.set("#label", "two\tcolumns");
    page.click("#inviting [type=submit]");
    expect_said(
        page,
        "What it is for: is at most 200 characters, on one line, with none that cannot be seen or \
         turns the direction of text.",
    );
    assert_eq!(page.text("#ends-mistake"), "Its end: is not in the future.");
    expect_wrong(page, &["label", "ends"]);
    page.expect_names();
    page.shot("refused");
    page.set("#label", "");
    page.set("#ends", "");
    page.click("#inviting [type=submit]");
    expect_said(page, "Choose the day and the time when it ends.");
    expect_wrong(page, &["ends"]);
    page.click("#lasts option[value='86400']");
    // What is wrong is not left in a fold.
    page.set("#pictures", "0");
    page.click("#inviting [type=submit]");
    expect_said(page, "Most pictures: type a whole number from 1 on, or nothing.");
    expect_wrong(page, &["pictures"]);
    assert_eq!(page.value("document.querySelector('details').open"), true);
    assert_eq!(ada.get(LINKS).expect(200).json()["items"], json!([]));
}

#[track_caller]
fn expect_said(page: &Page, words: &str) {
    page.until_said("#inviting .trouble:not(:empty)", words);
}

/// The fields that are marked; the first has the focus.
#[track_caller]
fn expect_wrong(page: &Page, fields: &[&str]) {
    let marked = "[...document.querySelectorAll('[aria-invalid=true]')].map((one) => one.id)";
    assert_eq!(page.value(marked), json!(fields));
    assert_eq!(page.value("document.activeElement.id"), fields[0]);
}

/// One link, although the button is pressed twice.
fn make(page: &Page, ada: &Caller, origin: &str) -> Handed {
    page.fill("#label", LABEL);
    page.set("#pictures", "2");
    page.set("#size", "1.5");
    page.click("#formats [value=jpeg]");
    page.click("#formats [value=png]");
    page.click("#goes option[value=own]");
    page.set("#days", "3");
    page.value(WATCH);
    double_click(page, "#inviting [type=submit]");
    page.until_shown(".fresh");
    let seen = page.value("[...window.seen].sort()");
    assert_eq!(seen, json!([false, true]), "the button while it was sent");
    assert_eq!(page.value("document.activeElement.textContent"), LABEL);
    let listed = ada.get(LINKS).expect(200).json();
    expect_list(page, 1);
    let [made] = listed["items"].as_array().expect("a list").as_slice() else {
        panic!("not one link: {listed}")
    };
    let terms = [
        ("label", json!(LABEL)),
        ("max_images", json!(2)),
        ("max_bytes", json!(3 << 19)),
        ("formats", json!(["jpeg", "png"])),
        ("delete_after", json!(3 * 86_400)),
    ];
    for (name, value) in terms {
        assert_eq!(made[name], value, "{name}");
    }
    expect_row(page, "Open", "0 of 2 pictures · 0 bytes of 1.5 MiB");
    let terms = "Takes JPEG or PNG only · Each is deleted 3 days after it came in";
    assert_eq!(page.text(".slip .terms"), terms);
    assert!(page.text(".slip .ends").starts_with("Ends "), "{}", page.text(".slip .ends"));

    let address = page.text(".slip .address");
    let token = address.strip_prefix(&format!("{origin}u/")).expect("the page of the link");
    expect_copied(page, &address);
    expect_kept_nowhere(page, ada, secret(token));
    page.expect_names();
    page.shot("made");
    let id = made["id"].as_str().expect("a text").to_owned();
    Handed { id, token: token.to_owned(), holder: ada.with_key(Some(token)) }
}

#[track_caller]
fn expect_copied(page: &Page, address: &str) {
    let grant = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    page.devtools("Browser.grantPermissions", &grant);
    page.click(".slip [data-do=copy]");
    page.until("document.querySelector('.toast').textContent === 'Address copied.'");
    let asked = json!({ "expression": "navigator.clipboard.readText()", "awaitPromise": true });
    assert_eq!(page.devtools("Runtime.evaluate", &asked)["result"]["value"], address);
}

/// The key is where it was; of the token there is only what is to be read.
#[track_caller]
fn expect_kept_nowhere(page: &Page, ada: &Caller, secret: &str) {
    let kept = "[Object.entries(sessionStorage), localStorage.length, document.cookie]";
    assert_eq!(page.value(kept), json!([[["minilab.key", ada.key()]], 0, ""]));
    let named = "[location.href, JSON.stringify(history.state), document.title,
        ...performance.getEntriesByType('resource').map((entry) => entry.name),
        ...[...document.querySelectorAll('input')].map((field) => field.value)].join()";
    let named = page.value(named);
    assert!(!named.as_str().expect("a text").contains(secret), "{named}");
}

fn watch(page: &Page, ada: &Caller, link: &Handed) {
    let photo = picture::jpeg(&picture::photograph(600, 400), 1);
    ada.upload_new("mine.jpg", &picture::variation(&photo, 7));
    link.holder.upload_new("cake.jpg", &photo);
    // Somebody comes back to the page: the count is new, the address is still to be copied.
    page.value("document.dispatchEvent(new Event('visibilitychange'))");
    page.until("document.querySelector('.came').textContent.startsWith('1 of 2 pictures')");
    assert!(page.text(".slip .address").ends_with(&link.token));
    // Loaded anew, there is nothing left of it.
    page.go("upload-links");
    page.until("window.seen === undefined");
    expect_list(page, 1);
    assert!(!page.shows(".fresh"));
    let html = page.value("document.documentElement.outerHTML");
    assert!(!html.as_str().expect("a text").contains(secret(&link.token)), "{html}");
    link.holder.upload_new("rings.jpg", &picture::variation(&photo, 1));
    page.value("document.dispatchEvent(new Event('visibilitychange'))");
    page.until("document.querySelector('.state').textContent === 'Full'");
    page.shot("full");
}

/// Only what came through the link, and a way back to everything.
fn see_pictures(page: &Page, ada: &Caller) {
    assert_eq!(ada.usage()["images"], 3);
    page.click(".slip .see");
    page.until("document.querySelectorAll('.card[data-state=ready]').length === 2");
    page.until_said("#library-title", &format!("Pictures for {LABEL}"));
    assert!(!page.shows("#drop"));
    page.expect_names();
    page.shot("pictures");
    page.click("#all");
    page.until("document.querySelectorAll('.card[data-state=ready]').length === 3");
    assert_eq!(page.value("location.pathname + location.search"), "/");
    page.click("a[href='/upload-links']");
    expect_list(page, 1);
}

/// A second link, which has room: after the question, nothing comes in by it.
fn revoke(page: &Page, ada: &Caller, first: &Handed) -> Handed {
    page.fill("#label", "Garden party");
    page.press(&[Key::Enter]);
    expect_list(page, 2);
    let address = page.text(".slip .address");
    let (_, token) = address.rsplit_once('/').expect("an address");
    let id = page.value("document.querySelector('.slip').dataset.id");
    let link = Handed {
        id: id.as_str().expect("a text").to_owned(),
        token: token.to_owned(),
        holder: ada.with_key(Some(token)),
    };
    assert_ne!(link.id, first.id);
    let photo = picture::jpeg(&picture::photograph(300, 200), 1);
    link.holder.upload_new("garden.jpg", &photo);

    page.click(".slip [data-do=revoke]");
    assert_eq!(page.value("document.activeElement.dataset.do"), "keep");
    assert!(page.text(".slip .sure").contains("What came in stays."));
    page.expect_names();
    page.shot("sure");
    page.press(&[Key::Enter]);
    assert_eq!(page.value("document.activeElement.dataset.do"), "revoke");
    assert_eq!(link.holder.get("/api/v1/upload-link").expect(200).json()["state"], "open");
    page.press(&[Key::Enter]);
    page.click(".slip [data-do=revoke-now]");
    page.until("document.querySelector('.state').textContent === 'Revoked'");
    expect_row(page, "Revoked", "1 picture · ");
    assert!(page.text(".slip .ends").starts_with("Would have ended "));
    assert_eq!(page.value("document.activeElement.textContent"), "Garden party");
    assert!(!page.shows(".slip .address"));
    page.shot("revoked");
    let refused = link.holder.upload("late.jpg", &picture::variation(&photo, 1));
    refused.problem(410, "upload_link_revoked");
    link
}

/// More links than a page of the list has, and one that has expired.
fn turn_pages(page: &Page, ada: &Caller) {
    for number in 0..20 {
        let wanted = json!({ "expires_in": 3600, "label": format!("Table {number}") });
        ada.json("POST", LINKS, &wanted).expect(201);
    }
    let made = ada.json("POST", LINKS, &json!({ "expires_in": 1 })).expect(201).json();
    let holder = ada.with_key(made["token"].as_str());
    until("the end of a link", ENDS_WITHIN, || {
        (holder.get("/api/v1/upload-link").status == 410).then_some(())
    });
    page.go("upload-links");
    expect_list(page, 20);
    expect_row(page, "Expired", "0 pictures · 0 bytes");
    // Without a label it goes by the time it was made.
    assert!(page.text(".slip .name").starts_with("Link of "));
    page.click("#more");
    expect_list(page, 23);
    assert!(!page.shows("#more"));
    let focused = page.value("document.activeElement.closest('.slip').dataset.id");
    let shown = page.value("[...document.querySelectorAll('.slip')].map((row) => row.dataset.id)");
    let shown = shown.as_array().expect("a list");
    assert_eq!(shown[20], focused, "with the keyboard one goes on where the new ones start");
    let distinct: BTreeSet<_> = shown.iter().filter_map(Value::as_str).collect();
    assert_eq!(distinct.len(), 23);
    page.expect_names();
    page.shot("all");
}

/// The form at its fullest, and a long list.
fn look_in_every_light(page: &Page) {
    page.click("#lasts option[value=own]");
    page.click("summary");
    page.look("form");
    page.go("upload-links");
    expect_list(page, 20);
    page.look("list");
}

fn come_without_the_right(page: &Page, eve: &Caller) {
    let change = format!("sessionStorage.setItem('minilab.key', {:?})", eve.key());
    page.value(&change);
    page.go("upload-links");
    page.until_shown("#lacking");
    page.until("document.querySelector('#list') === null");
    assert_eq!(page.text("#lacking h2"), "Your tier has no upload links");
    assert!(!page.shows("#inviting"));
    page.expect_names();
    page.shot("without-the-right");
    page.click("#lacking a");
    page.until("document.querySelector('#account')?.textContent === 'eve'");
    assert!(!page.shows("a[href='/upload-links']"));
}

/// The tier loses the right while the page is open: the lab's own words are said, and what there is
/// can still be looked at.
fn lose_the_right(page: &Page, root: &Caller, ada: &Caller) {
    let change = format!("sessionStorage.setItem('minilab.key', {:?})", ada.key());
    page.value(&change);
    page.go("upload-links");
    expect_list(page, 20);
    page.expect_quiet_console();
    let change = json!({ "rights": { "upload_links": false } });
    root.json("PATCH", "/api/v1/tiers/business", &change).expect(200);
    page.click("#inviting [type=submit]");
    expect_said(page, "The tier \"business\" does not include upload links.");
    page.shot("right-lost");
    // It noted the 403.
    page.console();
    page.go("upload-links");
    expect_list(page, 20);
    page.until_shown("#lacking");
    assert!(!page.shows("#inviting"));
    page.shot("without-the-right-any-more");
    page.expect_quiet_console();
}

/// The page is open and shows so many links.
#[track_caller]
fn expect_list(page: &Page, links: u32) {
    page.until(&format!(
        "location.pathname === '/upload-links' && document.readyState === 'complete'
            && document.querySelector('#list').offsetHeight > 0
            && (document.querySelector('#empty') !== null) === ({links} === 0)
            && document.querySelectorAll('.slip').length === {links}"
    ));
}

/// What the newest link says.
#[track_caller]
fn expect_row(page: &Page, state: &str, came: &str) {
    assert_eq!(page.text(".slip .state"), state);
    let said = page.text(".slip .came").replace('\u{a0}', " ");
    assert!(said.starts_with(came), "{said}");
}

/// By the mouse, as fast as it gets.
fn double_click(page: &Page, selector: &str) {
    let middle = page.value(&format!(
        "(() => {{
            const button = document.querySelector({selector:?});
            button.scrollIntoView({{ block: 'center' }});
            const box = button.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()"
    ));
    for clicks in [1, 2] {
        for step in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": step, "x": middle[0], "y": middle[1], "button": "left",
                "clickCount": clicks,
            });
            page.devtools("Input.dispatchMouseEvent", &event);
        }
    }
}
