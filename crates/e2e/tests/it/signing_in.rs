//! The first visit to a lab that nobody set up: the link from its log, a password, a picture; out by
//! the door, and in again. Nothing of it is kept where a script could read it.

use std::time::Duration;

use e2e::browser::{Browser, Key};
use e2e::wait::until;
use e2e::{Engine, Lab, picture};
use serde_json::json;

use super::the_first_page::{Shots, expect_names, expect_own_requests_only, expect_quiet_console};

const PASSWORD: &str = "lantern gravel otter sixpence";
const LOGGED_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn signing_in() {
    let mut lab = Lab::open(Engine::Sqlite);
    let origin = format!("http://{}/", lab.nobody().address());
    let link = setup_link(&mut lab);
    let (start, token) = link.split_once('#').expect("a token behind the address");
    assert_eq!(start, format!("{origin}setup"));
    let told = lab.server().log_text().matches(token).count();
    let browser = Browser::open();
    let shots = Shots::new(&browser, "signing-in");

    browser.color_scheme("light");
    come_without_a_link(&browser, &shots, &origin);
    set_up(&browser, &shots, &link);
    add_a_picture(&browser);
    sign_out(&browser, &shots, &origin);
    sign_in_again(&browser, &shots, &origin);
    try_the_link_again(&browser, &shots, &link);
    look_in_every_light(&browser, &shots, &origin);

    expect_own_requests_only(&browser, &origin);
    expect_quiet_console(&browser);
    drop(browser);
    // Using the link wrote it nowhere.
    assert_eq!(lab.server().log_text().matches(token).count(), told);
    lab.close();
}

/// As an operator finds it: somewhere in the log of the first start.
fn setup_link(lab: &mut Lab) -> String {
    until("a link for setting up", LOGGED_WITHIN, || {
        let log = lab.server().log_text();
        let (before, after) = log.split_once("/setup#")?;
        let start = before.rfind("http")?;
        // A line that is being written has no end yet.
        let end = after.find(|next: char| next == '"' || next == '\\' || next.is_whitespace())?;
        Some(format!("{}/setup#{}", &before[start..], &after[..end]))
    })
}

fn come_without_a_link(browser: &Browser, shots: &Shots<'_>, origin: &str) {
    browser.visit(origin);
    browser.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
    browser.click("a[href='/setup']");
    browser.until("document.activeElement?.id === 'elsewhere'");
    assert!(browser.text("#elsewhere").contains("minilab account add"));
    expect_names(browser);
    shots.take("without-a-link");
}

fn set_up(browser: &Browser, shots: &Shots<'_>, link: &str) {
    // The page is open already: only the fragment changes.
    browser.visit(link);
    browser.until("document.activeElement?.id === 'name'");
    assert_eq!(browser.value("location.pathname + location.hash"), "/setup");
    expect_names(browser);
    shots.take("set-up");

    browser.press(&[Key::Enter]);
    browser.until("document.querySelector('#trouble').textContent === 'Choose a name.'");
    browser.fill("#name", "ada");
    browser.fill("#password", "password");
    browser.press(&[Key::Enter]);
    browser.until("document.querySelector('#password').ariaInvalid === 'true'");
    assert_eq!(browser.value("document.activeElement.id"), "password");
    assert!(browser.text("#trouble").ends_with('.'), "{}", browser.text("#trouble"));
    shots.take("weak-password");

    retype(browser, "#password", PASSWORD);
    browser.click("#setup [type=submit]");
    expect_inside(browser);
    shots.take("set-up-and-in");
}

fn add_a_picture(browser: &Browser) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("holiday.jpg");
    let photo = picture::jpeg(&picture::photograph(600, 400), 1);
    std::fs::write(&path, photo).expect("a file");
    browser.fill("#files", &path.display().to_string());
    browser.until(
        "document.querySelector('.card[data-state=ready]:not(.latent) img')?.naturalWidth > 0",
    );
}

fn sign_out(browser: &Browser, shots: &Shots<'_>, origin: &str) {
    browser.click("#leave");
    browser.until("document.activeElement?.id === 'title'");
    assert_eq!(browser.text("#title"), "Signed out");
    expect_names(browser);
    shots.take("signed-out");
    browser.visit(origin);
    browser.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
}

fn sign_in_again(browser: &Browser, shots: &Shots<'_>, origin: &str) {
    let mut said = Vec::new();
    for (name, password) in [("ada", "not the password"), ("nobody", PASSWORD)] {
        retype(browser, "#name", name);
        retype(browser, "#password", password);
        browser.click("#by-password [type=submit]");
        browser.until("document.querySelector('#password-trouble').textContent");
        assert_eq!(browser.value("document.activeElement.id"), "password");
        said.push(browser.text("#password-trouble"));
    }
    // Nobody learns here which names there are.
    assert_eq!(said[0], said[1]);
    assert!(said[0].ends_with('.'), "{said:?}");
    shots.take("wrong-password");

    retype(browser, "#name", "ada");
    retype(browser, "#password", PASSWORD);
    browser.press(&[Key::Enter]);
    expect_inside(browser);
    browser.until("document.querySelectorAll('.card').length === 1");
    // Whoever is inside does not stand at the door.
    browser.visit(&format!("{origin}sign-in"));
    expect_inside(browser);
}

fn try_the_link_again(browser: &Browser, shots: &Shots<'_>, link: &str) {
    browser.visit(link);
    browser.until("document.activeElement?.id === 'name'");
    browser.fill("#name", "eve");
    browser.fill("#password", PASSWORD);
    browser.press(&[Key::Enter]);
    browser.until("document.querySelector('#over').textContent");
    assert_eq!(browser.value("document.querySelector('#setup').hidden"), true);
    shots.take("used-link");
}

fn look_in_every_light(browser: &Browser, shots: &Shots<'_>, origin: &str) {
    // Last of all, because it signs out.
    for page in ["setup", "sign-out", "sign-in"] {
        browser.visit(&format!("{origin}{page}"));
        browser.until("document.activeElement?.closest('.door')");
        for scheme in ["dark", "light"] {
            browser.color_scheme(scheme);
            for width in [1280, 390, 320] {
                browser.resize(width, 900);
                browser.until(&format!("innerWidth === {width}"));
                // What is kept free for a scroll bar is no part of the width of a page without one.
                let overflows =
                    "document.documentElement.scrollWidth > document.documentElement.clientWidth";
                assert_eq!(browser.value(overflows), false, "{page}, {scheme}");
                shots.take(&format!("{page}-{scheme}-{width}"));
            }
        }
    }
}

/// Signed in, and by nothing that a script could read.
#[track_caller]
fn expect_inside(browser: &Browser) {
    browser.until(
        "location.pathname === '/' && document.querySelector('#account')?.textContent === 'ada'",
    );
    let readable = "[document.cookie, sessionStorage.length, localStorage.length]";
    assert_eq!(browser.value(readable), json!(["", 0, 0]));
}

/// Types into a field in place of what was there.
fn retype(browser: &Browser, selector: &str, text: &str) {
    browser.value(&format!("document.querySelector({selector:?}).value = ''"));
    browser.fill(selector, text);
}
