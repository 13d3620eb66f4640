//! Stream of events, as browsers and programs read them (server-sent events).
//!
//! Nothing waits in memory for a slow reader: it is a number, and what it has not read are rows.

use std::convert::Infallible;
use std::fmt::Write;

use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep_until};

use super::view::EventView;
use crate::accounts::{Caller, ReadingCaller};
use crate::app::App;
use crate::http::Problem;
use crate::http::code::Code;
use crate::ids::AccountId;
use crate::limits::Limit;
use crate::queue::Whose;
use crate::shares::SharePlace;

/// Events read, and held, at once.
const STRETCH: i64 = 256;
/// How often it is looked whether the reader may still read.
const CHECK: Duration = Duration::from_millis(100);
/// After so long without an event a comment tells that the connection lives.
const QUIET: Duration = Duration::from_secs(15);

struct Reader {
    app: App,
    /// What it proved itself with.
    parts: Parts,
    whose: Whose,
    after: i64,
    newest: watch::Receiver<i64>,
    check_at: Instant,
    speak_at: Instant,
    _place: SharePlace<AccountId>,
}

/// The answer that goes on.
pub(super) fn answer(
    app: App,
    caller: &Caller,
    parts: Parts,
    after: i64,
) -> Result<Response, Problem> {
    let (place, newest) = app.watchers.enter(caller.account.id).map_err(|full| {
        let detail = "too many streams of events are open; close one, or ask for pages";
        Problem::crowded(full, Limit::Streams, Code::TooManyStreams, detail, 5)
    })?;
    let now = Instant::now();
    let reader = Reader {
        whose: Whose::by(caller),
        newest,
        app,
        parts,
        after,
        check_at: now + CHECK,
        speak_at: now,
        _place: place,
    };
    let pieces = futures_util::stream::unfold(reader, |mut reader| async move {
        let piece = reader.next().await?;
        Some((Ok::<_, Infallible>(piece), reader))
    });
    let headers = [
        (header::CONTENT_TYPE.as_str(), "text/event-stream"),
        // A proxy that gathers an answer would never hand this one on.
        ("x-accel-buffering", "no"),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

impl Reader {
    /// What is to be sent next; nothing when the stream is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.app.stop.is_cancelled() || !self.may_read().await {
                return None;
            }
            if let Some(told) = self.told().await? {
                self.speak_at = Instant::now() + QUIET;
                return Some(told.into());
            }
            if Instant::now() >= self.speak_at {
                self.speak_at = Instant::now() + QUIET;
                return Some(Bytes::from_static(b":\n\n"));
            }
            tokio::select! {
                () = self.app.stop.cancelled() => return None,
                changed = self.newest.changed() => changed.ok()?,
                () = sleep_until(self.check_at) => {}
            }
        }
    }

    /// The events behind the last one that was sent, if there are any; nothing at all when they cannot be read.
    async fn told(&mut self) -> Option<Option<String>> {
        let newest = *self.newest.borrow_and_update();
        if newest <= self.after {
            return Some(None);
        }
        let found = super::after(&self.app.db, self.whose, self.after, STRETCH).await;
        let found = found.map_err(|error| tracing::debug!(%error, "a stream ends")).ok()?;
        let mut told = String::new();
        let has_more = found.len() as i64 == STRETCH;
        for event in found {
            let event = EventView::of(event);
            self.after = event.seq;
            let data = serde_json::to_string(&event).ok()?;
            write!(told, "id: {}\nevent: {}\ndata: {data}\n\n", event.seq, event.kind).ok()?;
        }
        if !has_more {
            // What lies between is for others.
            self.after = self.after.max(newest);
        }
        Some((!told.is_empty()).then_some(told))
    }

    /// Whether what it showed still opens the same: a key is revoked, a session closed, an account suspended.
    async fn may_read(&mut self) -> bool {
        if Instant::now() < self.check_at {
            return true;
        }
        self.check_at = Instant::now() + CHECK;
        let caller = ReadingCaller::from_request_parts(&mut self.parts, &self.app).await;
        caller.is_ok_and(|ReadingCaller(caller)| Whose::by(&caller) == self.whose)
    }
}
