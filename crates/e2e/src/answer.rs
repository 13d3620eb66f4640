//! What the service answered, and the demands that every answer of a kind must meet.

use serde_json::Value;
use ureq::http::HeaderMap;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// One header's text; empty when it is missing. A header that came twice is an error.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|value| value.to_str().expect("headers are ASCII"));
        assert!(values.next().is_none(), "{name} came more than once");
        value.unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Passes the answer on if it has this status.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "often the status is all that matters")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// The body of an error: RFC 9457, with this status and this code.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        let problem = self.json();
        assert_eq!(problem["status"], status, "{self}");
        assert_eq!(problem["code"], code, "{self}");
        let says_something = |member: &str| {
            let text = problem[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {member}: {self}");
        };
        for member in ["type", "title", "detail", "request_id"] {
            says_something(member);
        }
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{self}");
        problem
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = &self.body[..self.body.len().min(2000)];
        let text = String::from_utf8_lossy(start);
        write!(f, "{} with {} bytes: {text}", self.status, self.body.len())
    }
}
