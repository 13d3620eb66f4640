//! A real browser without a window: Debian's Chromium, told what to do over `WebDriver`.
//!
//! `WebDriver` is JSON over HTTP; the few commands that stories need are not worth a library.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::Request;

use crate::wait::{try_until, until};

const STARTS_WITHIN: Duration = Duration::from_mins(1);
const SHOWS_WITHIN: Duration = Duration::from_secs(30);
/// The name under which `WebDriver` hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One window of a browser of its own. It is closed when this is dropped.
pub struct Browser {
    driver: Child,
    agent: Agent,
    session: String,
    /// Deleted last.
    _profile: TempDir,
}

impl Browser {
    /// A missing browser is a failure, never a skip.
    pub fn open() -> Self {
        let profile = tempfile::tempdir().expect("a temporary directory");
        let wanted = capabilities(profile.path());
        let (driver, port) = start_driver();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(STARTS_WITHIN));
        let mut browser = Self {
            driver,
            agent: config.build().into(),
            session: format!("http://127.0.0.1:{port}/session"),
            _profile: profile,
        };
        let session = browser.post("", &wanted);
        let id = session["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {session}"));
        write!(browser.session, "/{id}").expect("a string takes more");
        browser
    }

    pub fn visit(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// The value of a JavaScript expression.
    #[track_caller]
    pub fn value(&self, expression: &str) -> Value {
        let script = format!("return ({expression})");
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let found = self.value(&format!("document.querySelector({selector:?}).textContent"));
        found.as_str().expect("a text").to_owned()
    }

    /// Waits until a JavaScript expression is true. It may speak of elements that are not there yet.
    #[track_caller]
    pub fn until(&self, expression: &str) {
        let asked = format!(
            "(() => {{ try {{ return Boolean({expression}); }} catch {{ return false; }} }})()"
        );
        let came = try_until(SHOWS_WITHIN, || (self.value(&asked) == true).then_some(()));
        let page = if came.is_none() { self.text("body") } else { String::new() };
        assert!(
            came.is_some(),
            "{expression}: not within {SHOWS_WITHIN:?}, on a page saying {page}"
        );
    }

    /// Clicks as a hand would: it fails when something lies over the element.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into a field; a file field takes paths, one a line.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.post(&format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// Presses keys one after the other, wherever the focus is.
    pub fn press(&self, keys: &[Key]) {
        let with_type = |kind: &str, key: &Key| json!({ "type": kind, "value": key.code() });
        let down = keys.iter().map(|key| with_type("keyDown", key));
        let up = keys.iter().rev().map(|key| with_type("keyUp", key));
        let strokes: Vec<_> = down.chain(up).collect();
        let source = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.post("/actions", &json!({ "actions": [source] }));
    }

    /// A command of Chromium's own protocol.
    #[track_caller]
    pub fn devtools(&self, command: &str, params: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    pub fn color_scheme(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": [feature] }));
    }

    pub fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    #[track_caller]
    pub fn screenshot(&self, path: &Path) {
        let shot = self.get("/screenshot");
        let bytes = STANDARD.decode(shot.as_str().expect("a text")).expect("base64");
        std::fs::write(path, bytes).expect("a file for the screenshot");
    }

    /// What the console said since it was last asked: level, source and message.
    pub fn console(&self) -> Vec<Value> {
        self.log("browser")
    }

    /// The address of every request that pages sent since this was last asked.
    pub fn requested(&self) -> Vec<String> {
        let events = self.log("performance").into_iter().map(|line| {
            let text = line["message"].as_str().expect("a text").to_owned();
            serde_json::from_str::<Value>(&text).expect("JSON in JSON")["message"].take()
        });
        let sent = events.filter(|event| event["method"] == "Network.requestWillBeSent");
        let url = |event: Value| event["params"]["request"]["url"].as_str().map(str::to_owned);
        sent.map(|event| url(event).expect("a request has an address")).collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let lines = self.post("/se/log", &json!({ "type": kind }));
        lines.as_array().expect("a list of lines").clone()
    }

    #[track_caller]
    fn find(&self, selector: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = self.post("/element", &wanted);
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let request = Request::get(format!("{}{path}", self.session)).body(());
        read(path, self.agent.run(request.expect("a well-formed request")))
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let request = Request::post(format!("{}{path}", self.session))
            .header("content-type", "application/json")
            .body(body.to_string());
        read(path, self.agent.run(request.expect("a well-formed request")))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver closes the browser; killed at once, it would leave it behind.
        if let Ok(request) = Request::delete(&self.session).body(()) {
            let _ = self.agent.run(request);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Keys without a letter.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    Enter,
    Escape,
    Shift,
    Tab,
}

impl Key {
    fn code(self) -> &'static str {
        match self {
            Self::Tab => "\u{E004}",
            Self::Enter => "\u{E007}",
            Self::Shift => "\u{E008}",
            Self::Escape => "\u{E00C}",
        }
    }
}

fn start_driver() -> (Child, u16) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver is missing; `scripts/setup.sh test` installs it");
    let mut said = BufReader::new(driver.stdout.take().expect("its output is piped")).lines();
    let port = until("a port of chromedriver", STARTS_WITHIN, || {
        let line = said.next().expect("chromedriver says its port").expect("in UTF-8");
        let (_, port) = line.split_once("successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    (driver, port)
}

fn capabilities(profile: &Path) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    let args = [
        "--headless",
        // Containers run tests as root, where Chromium's own sandbox cannot work.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        // Nothing but the page may talk to anybody.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-quic",
        "--disable-sync",
        "--no-first-run",
        "--no-proxy-server",
        "--window-size=1280,900",
        &profile,
    ];
    json!({ "capabilities": { "alwaysMatch": {
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": { "args": args },
    } } })
}

#[track_caller]
fn read(what: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
    let mut body = answer.expect("chromedriver answers").into_body();
    let text = body.with_config().limit(u64::MAX).read_to_vec().expect("all of the answer");
    let mut answer: Value = serde_json::from_slice(&text).expect("WebDriver speaks JSON");
    let value = answer["value"].take();
    assert!(value["error"].is_null(), "{what}: {} {}", value["error"], value["message"]);
    value
}
