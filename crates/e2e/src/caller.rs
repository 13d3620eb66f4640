//! Somebody who calls the service over HTTP.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, request::Builder};

use crate::wait::until;
use crate::{Answer, Form};

/// How long a picture may take to be ready, in tests that do not care.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// All jobs of a story are done by then.
const IDLE_WITHIN: Duration = Duration::from_mins(2);

/// Somebody with a key, or without one.
#[derive(Clone)]
pub struct Caller {
    /// Where the service answers now: a restart may change it.
    base: Arc<Mutex<String>>,
    agent: Agent,
    key: Option<String>,
}

/// A request under construction.
pub struct Sending<'a> {
    caller: &'a Caller,
    builder: Builder,
}

impl Caller {
    pub(crate) fn new(base: Arc<Mutex<String>>, key: Option<String>) -> Self {
        // No connection is kept: after a kill it would belong to a process that is gone.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections(0)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(90)));
        Self { base, agent: config.build().into(), key }
    }

    /// The same place, asked with another key or with none.
    #[must_use]
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self::new(self.base.clone(), key.map(str::to_owned))
    }

    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }

    /// `127.0.0.1:port`
    pub fn address(&self) -> String {
        let base = self.base.lock().expect("nobody panics holding it").clone();
        base.trim_start_matches("http://").to_owned()
    }

    pub fn request(&self, method: &str, path: &str) -> Sending<'_> {
        let base = self.base.lock().expect("nobody panics holding it").clone();
        let mut builder = Request::builder().method(method).uri(format!("{base}{path}"));
        if let Some(key) = &self.key {
            builder = builder.header("authorization", format!("Bearer {key}"));
        }
        Sending { caller: self, builder }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path).send()
    }

    /// Sends JSON.
    pub fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let sending = self.request(method, path).header("content-type", "application/json");
        sending.send_body(body.to_string().as_bytes())
    }

    pub fn post_form(&self, path: &str, form: Form) -> Answer {
        let sending = self.request("POST", path);
        sending.header("content-type", &Form::content_type()).send_body(&form.finish())
    }

    /// Uploads one picture, as a browser would.
    pub fn upload(&self, filename: &str, bytes: &[u8]) -> Answer {
        self.post_form("/api/v1/images", Form::new().file("file", filename, bytes))
    }

    /// As [`Self::upload`], where the service may be killed before it answers.
    pub fn try_upload(&self, filename: &str, bytes: &[u8]) -> Option<Answer> {
        let form = Form::new().file("file", filename, bytes).finish();
        let sending = self.request("POST", "/api/v1/images");
        sending.header("content-type", &Form::content_type()).try_send_body(&form)
    }

    /// Uploads one picture that must be taken; its id.
    #[track_caller]
    pub fn upload_new(&self, filename: &str, bytes: &[u8]) -> String {
        let answer = self.upload(filename, bytes).expect(201);
        id_of(&answer.json()["items"][0])
    }

    pub fn image(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/images/{id}")).expect(200).json()
    }

    pub fn list(&self) -> Value {
        self.get("/api/v1/images?limit=100").expect(200).json()
    }

    /// `{"images", "bytes", "variant_bytes"}` of `/api/v1/me`.
    pub fn usage(&self) -> Value {
        self.get("/api/v1/me").expect(200).json()["usage"].clone()
    }

    /// `{"images", "bytes"}`: the part of it that uploads and deletes move at once.
    pub fn kept(&self) -> Value {
        let usage = self.usage();
        serde_json::json!({ "images": usage["images"], "bytes": usage["bytes"] })
    }

    /// Every image, over all pages.
    pub fn everything(&self) -> Vec<Value> {
        let mut images = Vec::new();
        let mut path = "/api/v1/images?limit=100".to_owned();
        loop {
            let mut page = self.get(&path).expect(200).json();
            images.append(page["items"].as_array_mut().expect("a list"));
            let Some(cursor) = page["next_cursor"].as_str() else { return images };
            path = format!("/api/v1/images?limit=100&cursor={cursor}");
        }
    }

    /// Waits until no job is left to do, and returns the statistics; for admins.
    #[track_caller]
    pub fn idle(&self) -> Value {
        until("no job is left", IDLE_WITHIN, || {
            let stats = self.get("/api/v1/stats").expect(200).json();
            let left = ["pending", "started", "retry"].iter().map(|state| &stats["jobs"][state]);
            left.into_iter().all(|jobs| *jobs == 0).then_some(stats)
        })
    }

    pub fn original(&self, id: &str) -> Answer {
        self.get(&format!("/api/v1/images/{id}/original"))
    }

    pub fn variant(&self, id: &str, preset: &str) -> Answer {
        self.get(&format!("/api/v1/images/{id}/variants/{preset}"))
    }

    /// Waits until the image is no longer `processing`.
    #[track_caller]
    pub fn settled(&self, id: &str) -> Value {
        until(format_args!("{id} is ready or failed"), READY_WITHIN, || {
            let image = self.image(id);
            (image["state"] != "processing").then_some(image)
        })
    }

    /// Waits until the image is `ready`; anything else in the end is an error.
    #[track_caller]
    pub fn ready(&self, id: &str) -> Value {
        let started = Instant::now();
        let image = self.settled(id);
        assert_eq!(image["state"], "ready", "after {:?}: {image}", started.elapsed());
        image
    }
}

impl Sending<'_> {
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub fn send(self) -> Answer {
        let request = self.builder.body(()).expect("a well-formed request");
        read(self.caller.agent.run(request))
    }

    /// As [`Self::send`], where the service may be killed before it answers.
    pub fn try_send(self) -> Option<Answer> {
        let request = self.builder.body(()).expect("a well-formed request");
        try_read(self.caller.agent.run(request)).ok()
    }

    pub fn send_body(self, body: &[u8]) -> Answer {
        let request = self.builder.body(body).expect("a well-formed request");
        read(self.caller.agent.run(request))
    }

    /// As [`Self::send_body`], where the service may be killed before it answers.
    pub fn try_send_body(self, body: &[u8]) -> Option<Answer> {
        let request = self.builder.body(body).expect("a well-formed request");
        try_read(self.caller.agent.run(request)).ok()
    }
}

fn read(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    try_read(response).expect("the service answers")
}

fn try_read(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Answer, ureq::Error> {
    let (head, mut body) = response?.into_parts();
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.with_config().limit(u64::MAX).read_to_vec()?,
    })
}

/// The id in an item or an image.
#[track_caller]
fn id_of(value: &Value) -> String {
    let id = value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}"));
    id.to_owned()
}
