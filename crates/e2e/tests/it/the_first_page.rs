//! Somebody opens the page, signs in, adds a photograph and a text, and gets prints and an
//! explanation. The browser talks to nobody but the lab and has nothing to complain about.

use std::path::{Path, PathBuf};

use e2e::browser::{Browser, Key};
use e2e::{Caller, Engine, Lab, picture};
use serde_json::{Value, json};

#[test]
fn the_first_page() {
    let lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "premium");
    let origin = format!("http://{}/", ada.address());
    let folder = tempfile::tempdir().expect("a temporary directory");
    let browser = Browser::open();
    let shots = Shots::new(&browser, "the-first-page");

    browser.color_scheme("light");
    browser.visit(&origin);
    sign_in(&browser, &shots, &ada);
    add_files(&browser, &shots, &ada, folder.path());
    add_again(&browser, &ada, folder.path());
    open_the_sheet(&browser, &shots);
    look_in_every_light(&browser, &shots);
    come_back_and_delete(&browser, &ada, &origin);

    expect_own_requests_only(&browser, &origin);
    expect_quiet_console(&browser);
    drop(browser);
    lab.close();
}

/// Screenshots for people, below the target directory.
pub(super) struct Shots<'a> {
    browser: &'a Browser,
    folder: PathBuf,
}

impl<'a> Shots<'a> {
    pub(super) fn new(browser: &'a Browser, story: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(story);
        std::fs::create_dir_all(&folder).expect("a folder for screenshots");
        Self { browser, folder }
    }

    pub(super) fn take(&self, name: &str) {
        self.browser.screenshot(&self.folder.join(format!("{name}.png")));
    }
}

fn sign_in(browser: &Browser, shots: &Shots<'_>, ada: &Caller) {
    // Whoever is not known is led to the door.
    browser.until("location.pathname === '/sign-in' && document.activeElement?.id === 'name'");
    expect_names(browser);
    shots.take("signed-out");
    browser.click("#by-password [data-do=other-way]");
    browser.until("document.activeElement.id === 'key'");
    expect_names(browser);
    for (typed, said) in [
        ("not-a-key", "This key is unknown, expired or revoked."),
        ("schl\u{fc}ssel", "That does not look like a key."),
    ] {
        browser.value("document.querySelector('#key').value = ''");
        browser.fill("#key", typed);
        browser.click("#by-key [type=submit]");
        browser.until(&format!("document.querySelector('#key-trouble').textContent === {said:?}"));
    }
    shots.take("wrong-key");

    browser.value("document.querySelector('#key').value = ''");
    browser.fill("#key", ada.key());
    browser.press(&[Key::Enter]);
    browser.until("location.pathname === '/' && document.querySelector('#usage')?.textContent");
    assert!(browser.text("#usage").contains("premium · 0 of 100 pictures"));
    // For the tab only, unless it was asked to remember.
    assert_eq!(browser.value("[sessionStorage.length, localStorage.length]"), json!([1, 0]));
    // The way in is near for the keyboard too: one step before the place it may skip to.
    browser.press(&[Key::Tab]);
    assert_eq!(browser.value("document.activeElement.className"), "skip");
    browser.press(&[Key::Enter]);
    browser.until("document.activeElement.id === 'library-title'");
    browser.press(&[Key::Shift, Key::Tab]);
    assert_eq!(browser.value("document.activeElement.id"), "files");
    shots.take("empty");
}

fn add_files(browser: &Browser, shots: &Shots<'_>, ada: &Caller, folder: &Path) {
    let photo = picture::jpeg(&picture::photograph(1200, 800), 1);
    std::fs::write(folder.join("holiday.jpg"), photo).expect("a file");
    std::fs::write(folder.join("letter.txt"), "Dear lab,\nno picture today.\n").expect("a file");
    // More than the tier takes: the page knows before it sends.
    std::fs::write(folder.join("poster.bmp"), vec![0; 11 << 20]).expect("a file");
    let paths = ["holiday.jpg", "letter.txt", "poster.bmp"].map(|name| folder.join(name));
    browser.fill("#files", &paths.map(|path| path.display().to_string()).join("\n"));
    shots.take("sending");

    browser.until("document.querySelectorAll('.card[data-state=refused]').length === 2");
    browser.until(
        "document.querySelector('.card[data-state=ready]:not(.latent) img')?.naturalWidth > 0",
    );
    let note = |card: u32| browser.text(&format!(".card:nth-child({card}) .note"));
    assert_eq!(note(1).replace('\u{a0}', " ").split(" · ").next(), Some("1200 × 800"));
    assert_eq!(note(2), "Not an image: looks like text.");
    assert!(note(3).starts_with("Too large: your tier takes files of up to 10"), "{}", note(3));
    browser.until("document.querySelector('#usage').textContent.includes('1 of 100')");
    assert_eq!(ada.usage()["images"], 1);
    expect_names(browser);
    shots.take("ready-and-refused");
    browser.click("#clear");
    assert_eq!(browser.value("document.querySelectorAll('.card').length"), 1);
}

fn add_again(browser: &Browser, ada: &Caller, folder: &Path) {
    browser.fill("#files", &folder.join("holiday.jpg").display().to_string());
    browser.until(
        "document.querySelector('.note strong')?.textContent === 'You already have this one'",
    );
    assert_eq!(browser.value("document.querySelectorAll('.card').length"), 1);
    assert_eq!(ada.usage()["images"], 1);
}

fn open_the_sheet(browser: &Browser, shots: &Shots<'_>) {
    browser.click(".card .frame");
    // The large view is made for this look.
    browser.until("document.querySelector('.sheet-picture img').naturalWidth === 1200");
    let prints =
        browser.value("[...document.querySelectorAll('.print-name')].map(e => e.textContent)");
    let prints = prints.as_array().expect("a list").iter().map(|name| name.as_str().expect("text"));
    let mut prints: Vec<_> = prints.collect();
    prints.sort_unstable();
    let all = ["Emoji", "Large", "Medium", "Original", "Preview", "Small", "Thumbnail"];
    assert_eq!(prints, all);
    assert!(browser.text(".facts").contains(picture::MODEL));

    let grant = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    browser.devtools("Browser.grantPermissions", &grant);
    browser.click(".print:last-child [data-do=copy]");
    browser.until("document.querySelector('#sheet .toast').textContent.startsWith('Link copied.')");
    let asked = json!({ "expression": "navigator.clipboard.readText()", "awaitPromise": true });
    let copied = browser.devtools("Runtime.evaluate", &asked);
    let copied =
        copied["result"]["value"].as_str().unwrap_or_else(|| panic!("{copied}")).to_owned();
    let start = browser.value("location.origin + '/api/v1/images/'");
    assert!(copied.starts_with(start.as_str().expect("a text")), "{copied}");
    assert!(copied.contains("/original"), "{copied}");

    expect_names(browser);
    shots.take("sheet");
    browser.press(&[Key::Escape]);
    browser.until("!document.querySelector('#sheet').open");
    assert_eq!(browser.value("document.activeElement.className"), "frame");
}

fn look_in_every_light(browser: &Browser, shots: &Shots<'_>) {
    for scheme in ["dark", "light"] {
        browser.color_scheme(scheme);
        for width in [1280, 375, 320] {
            browser.resize(width, 800);
            browser.until(&format!("innerWidth === {width}"));
            let overflow =
                "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.value(overflow), 0, "{scheme}, {width}");
            shots.take(&format!("{scheme}-{width}"));
        }
    }
    browser.resize(1280, 900);
}

fn come_back_and_delete(browser: &Browser, ada: &Caller, origin: &str) {
    // The key lives in the tab: a reload shows the library again, by the print 300 pixels wide.
    browser.visit(origin);
    browser.until("document.querySelector('.card[data-state=ready] img')?.naturalWidth === 300");
    expect_nothing_moved(browser);
    browser.click(".card [data-do=open]:not(.frame)");
    browser.click("#sheet [data-do=delete]");
    assert_eq!(browser.value("document.activeElement.dataset.do"), "keep");
    browser.click("#sheet [data-do=delete-now]");
    browser.until("document.querySelectorAll('.card').length === 0");
    browser.until("document.querySelector('#usage').textContent.includes('0 of 100')");
    assert_eq!(ada.usage()["images"], 0);

    browser.click("#leave");
    browser.until("document.activeElement?.id === 'title'");
    assert_eq!(browser.text("#title"), "Signed out");
    assert_eq!(browser.value("[sessionStorage.length, localStorage.length]"), json!([0, 0]));
}

/// What came in after the first paint moved nothing that was there: the browser's own score, where 0.1 is
/// still called good, and what it blames.
#[track_caller]
fn expect_nothing_moved(browser: &Browser) {
    let shifts = browser.value(
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

/// Everything that can be used has a name for those who do not see it.
#[track_caller]
pub(super) fn expect_names(browser: &Browser) {
    let tree = browser.devtools("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().expect("a list of nodes");
    let usable = ["button", "textbox", "checkbox", "link", "dialog", "progressIndicator"];
    let shown = nodes.iter().filter(|node| node["ignored"] == false);
    let mut used = shown.filter(|node| usable.iter().any(|role| node["role"]["value"] == *role));
    let is_unnamed = |node: &&Value| node["name"]["value"].as_str().unwrap_or_default().is_empty();
    assert_eq!(used.find(is_unnamed), None);
}

/// No request went to any other host. The browser's own first tab has no host: it is a page of
/// `chrome:` with pictures of `data:`, which the lab's page must not use.
#[track_caller]
pub(super) fn expect_own_requests_only(browser: &Browser, origin: &str) {
    let requested = browser.requested();
    assert!(requested.iter().any(|url| url == origin), "{requested:?}");
    let own =
        [origin.to_owned(), format!("blob:{origin}"), "chrome:".to_owned(), "data:".to_owned()];
    let is_foreign = |url: &&String| !own.iter().any(|start| url.starts_with(start));
    assert_eq!(requested.iter().find(is_foreign), None);
}

/// Chromium notes every answer of 400 and above; anything else, such as a refusal by the page's
/// own security policy, is a fault of the page.
#[track_caller]
pub(super) fn expect_quiet_console(browser: &Browser) {
    let console = browser.console();
    let is_expected = |line: &&Value| {
        let message = line["message"].as_str().unwrap_or_default();
        let statuses = ["401 (Unauthorized)", "410 (", "415 (", "422 ("];
        line["source"] == "network" && statuses.iter().any(|status| message.contains(status))
    };
    assert_eq!(console.iter().find(|line| !is_expected(line)), None);
}
