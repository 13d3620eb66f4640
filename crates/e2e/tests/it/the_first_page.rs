//! Somebody opens the page, signs in, adds a photograph and a text, and gets prints and an
//! explanation. The browser talks to nobody but the lab and has nothing to complain about.

use std::path::Path;

use e2e::browser::Key;
use e2e::page::Page;
use e2e::{Caller, Engine, Lab, picture};
use serde_json::{Value, json};

use super::window;

#[test]
fn the_first_page() {
    let lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "premium");
    let origin = format!("http://{}/", ada.address());
    let folder = tempfile::tempdir().expect("a temporary directory");
    let page = window(&origin, "the-first-page");

    page.go("");
    sign_in(&page, &ada);
    add_files(&page, &ada, folder.path());
    add_again(&page, &ada, folder.path());
    open_the_sheet(&page);
    page.look("library");
    come_back_and_delete(&page, &ada);

    page.expect_own_requests_only();
    page.expect_quiet_console();
    drop(page);
    lab.close();
}

fn sign_in(page: &Page, ada: &Caller) {
    // Whoever is not known is led to the door.
    page.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
    page.expect_names();
    page.shot("signed-out");
    page.click("#by-password [data-do=other-way]");
    page.until("document.activeElement.id === 'key'");
    page.expect_names();
    for (typed, said) in [
        ("not-a-key", "This key is unknown, expired or revoked."),
        ("schl\u{fc}ssel", "That does not look like a key."),
    ] {
        page.retype("#key", typed);
        page.click("#by-key [type=submit]");
        page.until_said("#key-mistake", said);
    }
    page.shot("wrong-key");

    page.retype("#key", ada.key());
    page.press(&[Key::Enter]);
    page.until("location.pathname === '/' && document.querySelector('#usage')?.textContent");
    assert!(page.text("#usage").contains("premium · 0 of 100 pictures"));
    // For the tab only, unless it was asked to remember.
    assert_eq!(page.value("[sessionStorage.length, localStorage.length]"), json!([1, 0]));
    // The way in is near for the keyboard too: one step before the place it may skip to.
    page.press(&[Key::Tab]);
    assert_eq!(page.value("document.activeElement.className"), "skip");
    page.press(&[Key::Enter]);
    page.until("document.activeElement.id === 'library-title'");
    page.press(&[Key::Shift, Key::Tab]);
    assert_eq!(page.value("document.activeElement.id"), "files");
    page.look("empty");
}

fn add_files(page: &Page, ada: &Caller, folder: &Path) {
    let photo = picture::jpeg(&picture::photograph(1200, 800), 1);
    std::fs::write(folder.join("holiday.jpg"), photo).expect("a file");
    std::fs::write(folder.join("letter.txt"), "Dear lab,\nno picture today.\n").expect("a file");
    // More than the tier takes: the page knows before it sends.
    std::fs::write(folder.join("poster.bmp"), vec![0; 11 << 20]).expect("a file");
    let paths = ["holiday.jpg", "letter.txt", "poster.bmp"].map(|name| folder.join(name));
    page.fill("#files", &paths.map(|path| path.display().to_string()).join("\n"));
    page.shot("sending");

    page.until("document.querySelectorAll('.card[data-state=refused]').length === 2");
    page.until(
        "document.querySelector('.card[data-state=ready]:not(.latent) img')?.naturalWidth > 0",
    );
    let note = |card: u32| page.text(&format!(".card:nth-child({card}) .note"));
    assert_eq!(note(1).replace('\u{a0}', " ").split(" · ").next(), Some("1200 × 800"));
    assert_eq!(note(2), "Not an image: looks like text.");
    assert!(note(3).starts_with("Too large: your tier takes files of up to 10"), "{}", note(3));
    page.until("document.querySelector('#usage').textContent.includes('1 of 100')");
    assert_eq!(ada.usage()["images"], 1);
    page.expect_names();
    page.look("ready-and-refused");
    page.click("#clear");
    assert_eq!(page.value("document.querySelectorAll('.card').length"), 1);
}

fn add_again(page: &Page, ada: &Caller, folder: &Path) {
    page.fill("#files", &folder.join("holiday.jpg").display().to_string());
    page.until(
        "document.querySelector('.note strong')?.textContent === 'You already have this one'",
    );
    assert_eq!(page.value("document.querySelectorAll('.card').length"), 1);
    assert_eq!(ada.usage()["images"], 1);
}

fn open_the_sheet(page: &Page) {
    page.click(".card .frame");
    // The large view is made for this look.
    page.until("document.querySelector('.sheet-picture img').naturalWidth === 1200");
    let prints =
        page.value("[...document.querySelectorAll('.print-name')].map(e => e.textContent)");
    let prints = prints.as_array().expect("a list").iter().map(|name| name.as_str().expect("text"));
    let mut prints: Vec<_> = prints.collect();
    prints.sort_unstable();
    let all = ["Emoji", "Large", "Medium", "Original", "Preview", "Small", "Thumbnail"];
    assert_eq!(prints, all);
    assert!(page.text(".facts").contains(picture::MODEL));

    let grant = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    page.devtools("Browser.grantPermissions", &grant);
    page.click(".print:last-child [data-do=copy]");
    page.until("document.querySelector('#sheet .toast').textContent.startsWith('Link copied.')");
    let asked = json!({ "expression": "navigator.clipboard.readText()", "awaitPromise": true });
    let copied = page.devtools("Runtime.evaluate", &asked);
    let copied =
        copied["result"]["value"].as_str().unwrap_or_else(|| panic!("{copied}")).to_owned();
    let start = page.value("location.origin + '/api/v1/images/'");
    assert!(copied.starts_with(start.as_str().expect("a text")), "{copied}");
    assert!(copied.contains("/original"), "{copied}");

    page.expect_names();
    page.look("sheet");
    page.press(&[Key::Escape]);
    page.until("document.querySelector('#sheet') === null");
    assert_eq!(page.value("document.activeElement.className"), "frame");
}

fn come_back_and_delete(page: &Page, ada: &Caller) {
    // The key lives in the tab: a reload shows the library again, by the print 300 pixels wide.
    page.go("");
    page.until("document.querySelector('.card[data-state=ready] img')?.naturalWidth === 300");
    expect_nothing_moved(page);
    page.click(".card [data-do=open]:not(.frame)");
    page.click("#sheet [data-do=delete]");
    assert_eq!(page.value("document.activeElement.dataset.do"), "keep");
    page.click("#sheet [data-do=delete-now]");
    page.until("document.querySelectorAll('.card').length === 0");
    page.until("document.querySelector('#usage').textContent.includes('0 of 100')");
    assert_eq!(ada.usage()["images"], 0);

    page.click("#leave");
    page.until("document.activeElement?.id === 'title'");
    assert_eq!(page.text("#title"), "Signed out");
    assert_eq!(page.value("[sessionStorage.length, localStorage.length]"), json!([0, 0]));
}

/// What came in after the first paint moved nothing that was there: the browser's own score, where 0.1 is
/// still called good, and what it blames.
#[track_caller]
fn expect_nothing_moved(page: &Page) {
    let shifts = page.value(
        "(() => {
            const observer = new PerformanceObserver(() => {});
            observer.observe({ type: 'layout-shift', buffered: true });
            const blamed = (entry) => entry.sources.map((source) => source.node?.outerHTML?.slice(0, 80));
            return observer.takeRecords().map((entry) => [entry.value, blamed(entry)]);
        })()",
    );
    let score = |shift: &Value| shift[0].as_f64().unwrap_or_default();
    let sum = shifts.as_array().expect("a list").iter().map(score).sum::<f64>();
    assert!(sum < 0.01, "{shifts}");
}
