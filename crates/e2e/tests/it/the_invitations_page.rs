//! Somebody makes an upload link on its page, hands its address out, watches pictures come in, and
//! revokes it. The address is shown once; what the lab refuses is said in words.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::browser::{Browser, Key};
use e2e::wait::until;
use e2e::{Caller, Engine, Lab, picture};
use serde_json::{Value, json};

use super::the_first_page::{Shots, expect_names, expect_own_requests_only, expect_quiet_console};

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
    let browser = Browser::open();
    let shots = Shots::new(&browser, "the-invitations-page");

    browser.color_scheme("light");
    come_in(&browser, &origin, &ada);
    be_refused(&browser, &shots, &ada);
    let link = make(&browser, &shots, &ada, &origin);
    watch(&browser, &shots, &ada, &link, &origin);
    see_pictures(&browser, &shots, &ada);
    let revoked = revoke(&browser, &shots, &ada, &link);
    turn_pages(&browser, &shots, &ada, &origin);
    look_in_every_light(&browser, &shots, &origin);
    come_without_the_right(&browser, &shots, &eve, &origin);
    lose_the_right(&browser, &shots, &root, &ada, &origin);

    expect_own_requests_only(&browser, &origin);
    drop(browser);
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
fn come_in(browser: &Browser, origin: &str, ada: &Caller) {
    browser.visit(&format!("{origin}upload-links"));
    browser.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
    browser.click("#by-password [data-do=other-way]");
    browser.fill("#key", ada.key());
    browser.press(&[Key::Enter]);
    expect_list(browser, 0);
    assert_eq!(browser.value("location.pathname + location.search"), "/upload-links");
    // Not to anywhere else, whatever an address asks for.
    for wanted in ["//example.org/", "https://example.org/", "/sign-out", "/u/mlu_x"] {
        browser.visit(&format!("{origin}sign-in?next={wanted}"));
        browser.until("location.pathname === '/' && document.querySelector('#usage').textContent");
    }
    browser.click("a[href='/upload-links']");
    expect_list(browser, 0);
    browser.until("document.querySelector('#empty').offsetHeight > 0");
    expect_names(browser);
}

fn be_refused(browser: &Browser, shots: &Shots<'_>, ada: &Caller) {
    browser.click("#lasts option[value=own]");
    set(browser, "#ends", "2020-05-01T10:00");
    set(browser, "#label", "two\tcolumns");
    browser.click("#inviting [type=submit]");
    expect_said(
        browser,
        "What it is for: is at most 200 characters, on one line, with none that cannot be seen or \
         turns the direction of text.",
    );
    let beside = "document.querySelector('#ends ~ [data-beside]').textContent";
    assert_eq!(browser.value(beside), "Its end: is not in the future.");
    expect_wrong(browser, &["label", "ends"]);
    expect_names(browser);
    shots.take("refused");
    set(browser, "#label", "");
    set(browser, "#ends", "");
    browser.click("#inviting [type=submit]");
    expect_said(browser, "Choose the day and the time when it ends.");
    expect_wrong(browser, &["ends"]);
    browser.click("#lasts option[value='86400']");
    // What is wrong is not left in a fold.
    set(browser, "#pictures", "0");
    browser.click("#inviting [type=submit]");
    expect_said(browser, "Most pictures: type a whole number from 1 on, or nothing.");
    expect_wrong(browser, &["pictures"]);
    assert_eq!(browser.value("document.querySelector('details').open"), true);
    assert_eq!(ada.get(LINKS).expect(200).json()["items"], json!([]));
}

#[track_caller]
fn expect_said(browser: &Browser, words: &str) {
    browser
        .until(&format!("document.querySelector('#inviting-trouble').textContent === {words:?}"));
}

/// The fields that are marked; the first has the focus.
#[track_caller]
fn expect_wrong(browser: &Browser, fields: &[&str]) {
    let marked = "[...document.querySelectorAll('[aria-invalid=true]')].map((one) => one.id)";
    assert_eq!(browser.value(marked), json!(fields));
    assert_eq!(browser.value("document.activeElement.id"), fields[0]);
}

/// One link, although the button is pressed twice.
fn make(browser: &Browser, shots: &Shots<'_>, ada: &Caller, origin: &str) -> Handed {
    browser.fill("#label", LABEL);
    set(browser, "#pictures", "2");
    set(browser, "#size", "1.5");
    browser.click("#formats [value=jpeg]");
    browser.click("#formats [value=png]");
    browser.click("#goes option[value=own]");
    set(browser, "#days", "3");
    browser.value(WATCH);
    double_click(browser, "#inviting [type=submit]");
    browser.until("document.querySelector('.fresh')?.offsetHeight > 0");
    let seen = browser.value("[...window.seen].sort()");
    assert_eq!(seen, json!([false, true]), "the button while it was sent");
    assert_eq!(browser.value("document.activeElement.textContent"), LABEL);
    let listed = ada.get(LINKS).expect(200).json();
    expect_list(browser, 1);
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
    expect_row(browser, "Open", "0 of 2 pictures · 0 bytes of 1.5 MiB");
    let terms = "Takes JPEG or PNG only · Each is deleted 3 days after it came in";
    assert_eq!(browser.text(".slip .terms"), terms);
    assert!(browser.text(".slip .ends").starts_with("Ends "), "{}", browser.text(".slip .ends"));

    let address = browser.text(".slip .address");
    let token = address.strip_prefix(&format!("{origin}u/")).expect("the page of the link");
    expect_copied(browser, &address);
    expect_kept_nowhere(browser, ada, secret(token));
    expect_names(browser);
    shots.take("made");
    let id = made["id"].as_str().expect("a text").to_owned();
    Handed { id, token: token.to_owned(), holder: ada.with_key(Some(token)) }
}

#[track_caller]
fn expect_copied(browser: &Browser, address: &str) {
    let grant = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    browser.devtools("Browser.grantPermissions", &grant);
    browser.click(".slip [data-do=copy]");
    browser.until("document.querySelector('.toast').textContent === 'Address copied.'");
    let asked = json!({ "expression": "navigator.clipboard.readText()", "awaitPromise": true });
    assert_eq!(browser.devtools("Runtime.evaluate", &asked)["result"]["value"], address);
}

/// The key is where it was; of the token there is only what is to be read.
#[track_caller]
fn expect_kept_nowhere(browser: &Browser, ada: &Caller, secret: &str) {
    let kept = "[Object.entries(sessionStorage), localStorage.length, document.cookie]";
    assert_eq!(browser.value(kept), json!([[["minilab.key", ada.key()]], 0, ""]));
    let named = "[location.href, JSON.stringify(history.state), document.title,
        ...performance.getEntriesByType('resource').map((entry) => entry.name),
        ...[...document.querySelectorAll('input')].map((field) => field.value)].join()";
    let named = browser.value(named);
    assert!(!named.as_str().expect("a text").contains(secret), "{named}");
}

fn watch(browser: &Browser, shots: &Shots<'_>, ada: &Caller, link: &Handed, origin: &str) {
    let photo = picture::jpeg(&picture::photograph(600, 400), 1);
    ada.upload_new("mine.jpg", &picture::variation(&photo, 7));
    link.holder.upload_new("cake.jpg", &photo);
    // Somebody comes back to the page: the count is new, the address is still to be copied.
    browser.value("document.dispatchEvent(new Event('visibilitychange'))");
    browser.until("document.querySelector('.came').textContent.startsWith('1 of 2 pictures')");
    assert!(browser.text(".slip .address").ends_with(&link.token));
    // Loaded anew, there is nothing left of it.
    browser.visit(&format!("{origin}upload-links"));
    browser.until("window.seen === undefined");
    expect_list(browser, 1);
    assert_eq!(browser.value("document.querySelector('.fresh').offsetHeight"), 0);
    let page = browser.value("document.documentElement.outerHTML");
    assert!(!page.as_str().expect("a text").contains(secret(&link.token)), "{page}");
    link.holder.upload_new("rings.jpg", &picture::variation(&photo, 1));
    browser.value("document.dispatchEvent(new Event('visibilitychange'))");
    browser.until("document.querySelector('.state').textContent === 'Full'");
    shots.take("full");
}

/// Only what came through the link, and a way back to everything.
fn see_pictures(browser: &Browser, shots: &Shots<'_>, ada: &Caller) {
    assert_eq!(ada.usage()["images"], 3);
    browser.click(".slip .see");
    browser.until("document.querySelectorAll('.card[data-state=ready]').length === 2");
    browser.until(&format!(
        "document.querySelector('#library-title').textContent === \"Pictures for {LABEL}\""
    ));
    assert_eq!(browser.value("document.querySelector('#drop').offsetHeight"), 0);
    expect_names(browser);
    shots.take("pictures");
    browser.click("#all");
    browser.until("document.querySelectorAll('.card[data-state=ready]').length === 3");
    assert_eq!(browser.value("location.pathname + location.search"), "/");
    browser.click("a[href='/upload-links']");
    expect_list(browser, 1);
}

/// A second link, which has room: after the question, nothing comes in by it.
fn revoke(browser: &Browser, shots: &Shots<'_>, ada: &Caller, first: &Handed) -> Handed {
    browser.fill("#label", "Garden party");
    browser.press(&[Key::Enter]);
    expect_list(browser, 2);
    let address = browser.text(".slip .address");
    let (_, token) = address.rsplit_once('/').expect("an address");
    let id = browser.value("document.querySelector('.slip').dataset.id");
    let link = Handed {
        id: id.as_str().expect("a text").to_owned(),
        token: token.to_owned(),
        holder: ada.with_key(Some(token)),
    };
    assert_ne!(link.id, first.id);
    let photo = picture::jpeg(&picture::photograph(300, 200), 1);
    link.holder.upload_new("garden.jpg", &photo);

    browser.click(".slip [data-do=revoke]");
    assert_eq!(browser.value("document.activeElement.dataset.do"), "keep");
    assert!(browser.text(".slip .sure").contains("What came in stays."));
    expect_names(browser);
    shots.take("sure");
    browser.press(&[Key::Enter]);
    assert_eq!(browser.value("document.activeElement.dataset.do"), "revoke");
    assert_eq!(link.holder.get("/api/v1/upload-link").expect(200).json()["state"], "open");
    browser.press(&[Key::Enter]);
    browser.click(".slip [data-do=revoke-now]");
    browser.until("document.querySelector('.state').textContent === 'Revoked'");
    expect_row(browser, "Revoked", "1 picture · ");
    assert!(browser.text(".slip .ends").starts_with("Would have ended "));
    assert_eq!(browser.value("document.activeElement.textContent"), "Garden party");
    assert_eq!(browser.text(".slip .address"), "");
    shots.take("revoked");
    let refused = link.holder.upload("late.jpg", &picture::variation(&photo, 1));
    refused.problem(410, "upload_link_revoked");
    link
}

/// More links than a page of the list has, and one that has expired.
fn turn_pages(browser: &Browser, shots: &Shots<'_>, ada: &Caller, origin: &str) {
    for number in 0..20 {
        let wanted = json!({ "expires_in": 3600, "label": format!("Table {number}") });
        ada.json("POST", LINKS, &wanted).expect(201);
    }
    let made = ada.json("POST", LINKS, &json!({ "expires_in": 1 })).expect(201).json();
    let holder = ada.with_key(made["token"].as_str());
    until("the end of a link", ENDS_WITHIN, || {
        (holder.get("/api/v1/upload-link").status == 410).then_some(())
    });
    browser.visit(&format!("{origin}upload-links"));
    expect_list(browser, 20);
    expect_row(browser, "Expired", "0 pictures · 0 bytes");
    // Without a label it goes by the time it was made.
    assert!(browser.text(".slip .name").starts_with("Link of "));
    browser.click("#more");
    expect_list(browser, 23);
    assert_eq!(browser.value("document.querySelector('#more').offsetHeight"), 0);
    let focused = browser.value("document.activeElement.closest('.slip').dataset.id");
    let shown =
        browser.value("[...document.querySelectorAll('.slip')].map((row) => row.dataset.id)");
    let shown = shown.as_array().expect("a list");
    assert_eq!(shown[20], focused, "with the keyboard one goes on where the new ones start");
    let distinct: BTreeSet<_> = shown.iter().filter_map(Value::as_str).collect();
    assert_eq!(distinct.len(), 23);
    expect_names(browser);
    shots.take("all");
}

fn look_in_every_light(browser: &Browser, shots: &Shots<'_>, origin: &str) {
    browser.click("#lasts option[value=own]");
    browser.click("summary");
    for page in ["form", "list", "library"] {
        match page {
            "list" => browser.visit(&format!("{origin}upload-links")),
            "library" => browser.visit(origin),
            _ => {}
        }
        browser.until("document.querySelector('.top')?.offsetHeight > 0");
        for scheme in ["dark", "light"] {
            browser.color_scheme(scheme);
            for width in [1280, 390, 320] {
                browser.resize(width, 844);
                browser.until(&format!("innerWidth === {width}"));
                let overflow =
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth";
                assert_eq!(browser.value(overflow), 0, "{page}, {scheme}, {width}");
                shots.take(&format!("{page}-{scheme}-{width}"));
            }
        }
    }
    browser.resize(1280, 900);
}

fn come_without_the_right(browser: &Browser, shots: &Shots<'_>, eve: &Caller, origin: &str) {
    let change = format!("sessionStorage.setItem('minilab.key', {:?})", eve.key());
    browser.value(&change);
    browser.visit(&format!("{origin}upload-links"));
    browser.until("document.querySelector('#lacking').offsetHeight > 0");
    browser.until("document.querySelector('#list').offsetHeight === 0");
    assert_eq!(browser.text("#lacking h2"), "Your tier has no upload links");
    assert_eq!(browser.value("document.querySelector('#inviting').offsetHeight"), 0);
    expect_names(browser);
    shots.take("without-the-right");
    browser.click("#lacking a");
    browser.until("document.querySelector('#account')?.textContent === 'eve'");
    let way = "document.querySelector(\"a[href='/upload-links']\").offsetHeight";
    assert_eq!(browser.value(way), 0);
}

/// The tier loses the right while the page is open: the lab's own words are said, and what there is
/// can still be looked at.
fn lose_the_right(browser: &Browser, shots: &Shots<'_>, root: &Caller, ada: &Caller, origin: &str) {
    let change = format!("sessionStorage.setItem('minilab.key', {:?})", ada.key());
    browser.value(&change);
    browser.visit(&format!("{origin}upload-links"));
    expect_list(browser, 20);
    expect_quiet_console(browser);
    let change = json!({ "rights": { "upload_links": false } });
    root.json("PATCH", "/api/v1/tiers/business", &change).expect(200);
    browser.click("#inviting [type=submit]");
    expect_said(browser, "The tier \"business\" does not include upload links.");
    shots.take("right-lost");
    // It noted the 403.
    browser.console();
    browser.visit(&format!("{origin}upload-links"));
    expect_list(browser, 20);
    browser.until("document.querySelector('#lacking').offsetHeight > 0");
    assert_eq!(browser.value("document.querySelector('#inviting').offsetHeight"), 0);
    shots.take("without-the-right-any-more");
    expect_quiet_console(browser);
}

/// The page is open and shows so many links.
#[track_caller]
fn expect_list(browser: &Browser, links: u32) {
    browser.until(&format!(
        "location.pathname === '/upload-links' && document.readyState === 'complete'
            && document.querySelector('#list').offsetHeight > 0
            && (document.querySelector('#empty').offsetHeight > 0) === ({links} === 0)
            && document.querySelectorAll('.slip').length === {links}"
    ));
}

/// What the newest link says.
#[track_caller]
fn expect_row(browser: &Browser, state: &str, came: &str) {
    assert_eq!(browser.text(".slip .state"), state);
    let said = browser.text(".slip .came").replace('\u{a0}', " ");
    assert!(said.starts_with(came), "{said}");
}

/// In place of what a field holds; fields for dates are typed into in a manner of each language.
fn set(browser: &Browser, selector: &str, value: &str) {
    browser.value(&format!("document.querySelector({selector:?}).value = {value:?}"));
}

/// By the mouse, as fast as it gets.
fn double_click(browser: &Browser, selector: &str) {
    let middle = browser.value(&format!(
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
            browser.devtools("Input.dispatchMouseEvent", &event);
        }
    }
}
