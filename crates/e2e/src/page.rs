//! What the stories about pages have in common: a window on the lab, pictures of it for people, and what must
//! be true of each page of ours in every light, for every width and for those who do not see it.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::browser::{Browser, Key};
use crate::variable;

/// In pixels: a desk, a telephone, and the narrowest that anybody has.
const WIDTHS: [u32; 3] = [1280, 390, 320];
const HEIGHT: u32 = 844;
/// What the console may hold: Chromium notes every answer of 400 and above. Anything else, such as a refusal
/// by the page's own security policy, is a fault of the page.
const EXPECTED: [&str; 4] = ["401 (Unauthorized)", "410 (", "415 (", "422 ("];
/// Pixels to be reached sideways only, of the page or of what scrolls in it. What is kept free for a scroll bar
/// is no part of the width of a page without one.
const OVERFLOW: &str = "Math.max(0, ...[...document.querySelectorAll('*')]
    .filter((one) => one === document.documentElement
        || ['auto', 'scroll'].includes(getComputedStyle(one).overflowX))
    .map((one) => one.scrollWidth - one.clientWidth))";
/// All that is found wrong, as text; nothing when all is well.
const AXE: &str = "new Promise(requestAnimationFrame).then(() =>
    axe.run(document, { resultTypes: ['violations'] })).then((found) => found.violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id}: ${node.html} ${node.failureSummary}`)).join('\\n'))";

/// Notes what can be used and, from now on, what gets the focus; tells how many there are.
const WALK: &str = "(() => {
    const usable = 'a[href], button:enabled, input:enabled, select:enabled, summary';
    const room = document.querySelector('dialog[open]') ?? document;
    const controls = [...room.querySelectorAll(usable)].filter((one) => one.checkVisibility());
    const reached = new Set();
    const note = (event) => reached.add(event.target);
    document.addEventListener('focusin', note);
    window.walk = { controls, reached, note, first: document.activeElement };
    document.activeElement.blur();
    return controls.length;
})()";
/// Puts the focus back; what was not reached, as text.
const WALKED: &str = "(() => {
    const { controls, reached, note, first } = window.walk;
    document.removeEventListener('focusin', note);
    first.focus();
    return controls.filter((one) => !reached.has(one)).map((one) => one.outerHTML).join('\\n');
})()";

/// A window that shows pages of one lab.
pub struct Page {
    browser: Browser,
    /// The lab's first page, with a slash at the end.
    origin: String,
    /// Where screenshots are kept.
    folder: PathBuf,
}

impl Deref for Page {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Page {
    /// Opens a window in a light room. `folder` is for screenshots.
    pub fn open(origin: &str, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder for screenshots");
        let browser = Browser::open();
        browser.color_scheme("light");
        Self { browser, origin: origin.to_owned(), folder: folder.to_owned() }
    }

    /// Visits a page of the lab; nothing stands for the first one.
    pub fn go(&self, path: &str) {
        self.visit(&format!("{}{path}", self.origin));
    }

    /// Takes a picture for people, below the target directory.
    pub fn shot(&self, name: &str) {
        self.screenshot(&self.folder.join(format!("{name}.png")));
    }

    /// Writes into a field in place of what it holds; fields for dates are typed into in a manner of each
    /// language.
    #[track_caller]
    pub fn set(&self, selector: &str, value: &str) {
        self.value(&format!("document.querySelector({selector:?}).value = {value:?}"));
    }

    /// Types into a field in place of what it holds.
    #[track_caller]
    pub fn retype(&self, selector: &str, text: &str) {
        self.set(selector, "");
        self.fill(selector, text);
    }

    /// Whether an element is there and takes up room.
    #[track_caller]
    pub fn shows(&self, selector: &str) -> bool {
        self.value(&format!("document.querySelector({selector:?})?.offsetHeight > 0")) == true
    }

    /// Waits until an element is there and takes up room.
    #[track_caller]
    pub fn until_shown(&self, selector: &str) {
        self.until(&format!("document.querySelector({selector:?}).offsetHeight > 0"));
    }

    /// Waits until an element has a text.
    #[track_caller]
    pub fn until_said(&self, selector: &str, text: &str) {
        self.until(&format!("document.querySelector({selector:?}).textContent === {text:?}"));
    }

    /// Looks at the page by the keyboard, in light and dark, at each width, with text twice as large and in forced colours;
    /// keeps pictures of all. Nothing stands out sideways, and axe finds nothing.
    #[track_caller]
    pub fn look(&self, name: &str) {
        self.expect_keyboard_reaches_all();
        for scheme in ["dark", "light"] {
            self.emulate(scheme, "none");
            self.expect_accessible();
            for width in WIDTHS {
                self.look_at(width, &format!("{name}-{scheme}-{width}"));
            }
        }
        self.emulate("dark", "active");
        self.look_at(WIDTHS[0], &format!("{name}-forced-colours"));
        self.emulate("light", "none");
        self.text_pixels(32);
        for width in &WIDTHS[..2] {
            self.look_at(*width, &format!("{name}-large-text-{width}"));
        }
        self.text_pixels(16);
        self.resize(1280, 900);
        self.color_scheme("light");
    }

    #[track_caller]
    fn look_at(&self, width: u32, name: &str) {
        self.resize(width, HEIGHT);
        self.until(&format!("innerWidth === {width}"));
        assert_eq!(self.value(OVERFLOW), 0, "{name}: stands out sideways");
        self.shot(name);
    }

    /// Nothing moves meanwhile: what is seen is how it ends up.
    fn emulate(&self, scheme: &str, forced_colors: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "forced-colors", "value": forced_colors },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// The size of text that the visitor has chosen in the browser's settings.
    fn text_pixels(&self, size: u32) {
        let sizes = json!({ "fontSizes": { "standard": size, "fixed": size } });
        self.devtools("Page.setFontSizes", &sizes);
    }

    /// Walks with the Tab key over everything that can be used.
    #[track_caller]
    pub fn expect_keyboard_reaches_all(&self) {
        let controls = self.value(WALK).as_u64().expect("a number");
        // Fields for dates take several steps; behind the last control the walk starts anew.
        for _ in 0..controls + 10 {
            self.press(&[Key::Tab]);
        }
        assert_eq!(self.value(WALKED), "", "out of reach of the keyboard");
    }

    /// Has axe-core look for what is in the way of anybody. It comes in by the debugger: the page's own policy
    /// would not let it.
    #[track_caller]
    pub fn expect_accessible(&self) {
        if self.value("typeof axe") == "undefined" {
            let tools =
                variable("UI_TOOLS").expect("UI_TOOLS names a folder; `make test` fills it");
            let path = Path::new(&tools).join("node_modules/axe-core/axe.min.js");
            let axe = std::fs::read_to_string(path).expect("axe-core is there");
            self.devtools("Runtime.evaluate", &json!({ "expression": axe }));
        }
        let asked = json!({ "expression": AXE, "awaitPromise": true, "returnByValue": true });
        let found = self.devtools("Runtime.evaluate", &asked);
        assert_eq!(found["result"]["value"], "", "{found:#}");
    }

    /// Everything that can be used has a name for those who do not see it.
    #[track_caller]
    pub fn expect_names(&self) {
        let tree = self.devtools("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].as_array().expect("a list of nodes");
        let usable = ["button", "textbox", "checkbox", "link", "dialog", "progressIndicator"];
        let shown = nodes.iter().filter(|node| node["ignored"] == false);
        let mut used =
            shown.filter(|node| usable.iter().any(|role| node["role"]["value"] == *role));
        let is_unnamed =
            |node: &&Value| node["name"]["value"].as_str().unwrap_or_default().is_empty();
        assert_eq!(used.find(is_unnamed), None);
    }

    /// No request went to any other host. The browser's own first tab has no host: it is a page of
    /// `chrome:` with pictures of `data:`, which the lab's page must not use.
    #[track_caller]
    pub fn expect_own_requests_only(&self) {
        let requested = self.requested();
        assert!(requested.iter().any(|url| url.starts_with(&self.origin)), "{requested:?}");
        let own = [
            self.origin.clone(),
            format!("blob:{}", self.origin),
            "chrome:".to_owned(),
            "data:".to_owned(),
        ];
        let is_foreign = |url: &&String| !own.iter().any(|start| url.starts_with(start));
        assert_eq!(requested.iter().find(is_foreign), None);
    }

    /// Nothing but statuses that a story brings about.
    #[track_caller]
    pub fn expect_quiet_console(&self) {
        let console = self.console();
        let is_expected = |line: &&Value| {
            let message = line["message"].as_str().unwrap_or_default();
            line["source"] == "network" && EXPECTED.iter().any(|status| message.contains(status))
        };
        assert_eq!(console.iter().find(|line| !is_expected(line)), None);
    }
}
