//! The first visit to a lab that nobody set up: the link from its log, a password, a picture; out by
//! the door, and in again. Nothing of it is kept where a script could read it.

use std::time::Duration;

use e2e::browser::Key;
use e2e::page::Page;
use e2e::wait::until;
use e2e::{Engine, Lab, picture};
use serde_json::json;

use super::window;

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
    let page = window(&origin, "signing-in");

    come_without_a_link(&page);
    set_up(&page, &link);
    add_a_picture(&page);
    sign_out(&page);
    sign_in_again(&page);
    try_the_link_again(&page, &link);
    look_in_every_light(&page);

    page.expect_own_requests_only();
    page.expect_quiet_console();
    drop(page);
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

fn come_without_a_link(page: &Page) {
    page.go("");
    page.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
    page.click("a[href='/setup']");
    page.until("document.activeElement?.id === 'elsewhere'");
    assert!(page.text("#elsewhere").contains("minilab account add"));
    page.expect_names();
    page.shot("without-a-link");
}

fn set_up(page: &Page, link: &str) {
    // The page is open already: only the fragment changes.
    page.visit(link);
    page.until("document.activeElement?.id === 'name'");
    assert_eq!(page.value("location.pathname + location.hash"), "/setup");
    page.expect_names();
    page.look("set-up");

    page.press(&[Key::Enter]);
    page.until_said("#name-mistake", "Choose a name.");
    page.fill("#name", "ada");
    page.fill("#password", "password");
    page.press(&[Key::Enter]);
    page.until("document.querySelector('#password').ariaInvalid === 'true'");
    assert_eq!(page.value("document.activeElement.id"), "password");
    assert!(page.text("#password-mistake").ends_with('.'), "{}", page.text("#password-mistake"));
    page.shot("weak-password");

    page.retype("#password", PASSWORD);
    page.click("#setup [type=submit]");
    expect_inside(page);
    page.shot("set-up-and-in");
}

fn add_a_picture(page: &Page) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("holiday.jpg");
    let photo = picture::jpeg(&picture::photograph(600, 400), 1);
    std::fs::write(&path, photo).expect("a file");
    page.fill("#files", &path.display().to_string());
    page.until(
        "document.querySelector('.card[data-state=ready]:not(.latent) img')?.naturalWidth > 0",
    );
}

fn sign_out(page: &Page) {
    page.click("#leave");
    page.until("document.activeElement?.id === 'title'");
    assert_eq!(page.text("#title"), "Signed out");
    page.expect_names();
    page.shot("signed-out");
    page.go("");
    page.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
}

fn sign_in_again(page: &Page) {
    let mut said = Vec::new();
    for (name, password) in [("ada", "not the password"), ("nobody", PASSWORD)] {
        page.retype("#name", name);
        page.retype("#password", password);
        page.click("#by-password [type=submit]");
        page.until("document.querySelector('#password-mistake').textContent");
        assert_eq!(page.value("document.activeElement.id"), "password");
        said.push(page.text("#password-mistake"));
    }
    // Nobody learns here which names there are.
    assert_eq!(said[0], said[1]);
    assert!(said[0].ends_with('.'), "{said:?}");
    page.shot("wrong-password");

    page.retype("#name", "ada");
    page.retype("#password", PASSWORD);
    page.press(&[Key::Enter]);
    expect_inside(page);
    page.until("document.querySelectorAll('.card').length === 1");
    // Whoever is inside does not stand at the door.
    page.go("sign-in");
    expect_inside(page);
}

fn try_the_link_again(page: &Page, link: &str) {
    page.visit(link);
    page.until("document.activeElement?.id === 'name'");
    page.fill("#name", "eve");
    page.fill("#password", PASSWORD);
    page.press(&[Key::Enter]);
    page.until("document.querySelector('#over').textContent");
    assert!(!page.shows("#setup"));
    page.shot("used-link");
}

fn look_in_every_light(page: &Page) {
    // Last of all, because it signs out.
    for name in ["setup", "sign-out", "sign-in"] {
        page.go(name);
        page.until("document.activeElement.closest('.door')");
        page.look(name);
    }
    page.expect_quiet_console();
    // What browsers are brought to where there is nothing.
    page.go("nothing");
    page.until_said(".door h1", "There is nothing here");
    page.look("nothing");
    // It noted the 404.
    page.console();
}

/// Signed in, and by nothing that a script could read.
#[track_caller]
fn expect_inside(page: &Page) {
    page.until(
        "location.pathname === '/' && document.querySelector('#account')?.textContent === 'ada'",
    );
    let readable = "[document.cookie, sessionStorage.length, localStorage.length]";
    assert_eq!(page.value(readable), json!(["", 0, 0]));
}
