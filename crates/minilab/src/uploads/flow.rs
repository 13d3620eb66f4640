//! What passes through an upload's body: not too slowly, and not too much between its files.
//!
//! The reader of a form gathers the headers of its parts, small inputs and preambles in memory until
//! it finds their end. They are counted here, and a form that goes on and on is cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::refused::Refused;
use crate::http::pace::Pace;
use crate::limits::Limit;

const BETWEEN_BYTES_MAX: u64 = 1024 * 1024;

/// Watches one body; shared with who reads it.
#[derive(Clone)]
pub(super) struct Flow {
    inner: Arc<Inner>,
}

struct Inner {
    pace: Pace,
    in_file: AtomicBool,
    between_bytes: AtomicU64,
    too_slow: AtomicBool,
}

impl Flow {
    pub(super) fn new(pace: Pace) -> Self {
        let inner = Inner {
            pace,
            in_file: AtomicBool::new(false),
            between_bytes: AtomicU64::new(0),
            too_slow: AtomicBool::new(false),
        };
        Self { inner: inner.into() }
    }

    /// The same body, watched. Time in which nobody reads it does not count.
    pub(super) fn watch(&self, body: Body) -> Body {
        let start = (self.clone(), body.into_data_stream(), Duration::ZERO, 0);
        let watched = stream::unfold(start, |(flow, mut body, waited, bytes)| async move {
            let began = Instant::now();
            let chunk = flow.next(&mut body, waited, bytes).await.transpose()?;
            let length = chunk.as_ref().map_or(0, Bytes::len) as u64;
            Some((chunk, (flow, body, waited + began.elapsed(), bytes + length)))
        });
        // Readers may ask once more after the end.
        Body::from_stream(watched.fuse())
    }

    async fn next(
        &self,
        body: &mut BodyDataStream,
        waited: Duration,
        bytes: u64,
    ) -> std::io::Result<Option<Bytes>> {
        let patience = self.inner.pace.patience(bytes, waited);
        let Ok(chunk) = tokio::time::timeout(patience, body.next()).await else {
            self.inner.too_slow.store(true, Ordering::Relaxed);
            Limit::SlowSenders.reached();
            return Err(std::io::Error::other("too slow"));
        };
        let Some(chunk) = chunk.transpose().map_err(std::io::Error::other)? else {
            return Ok(None);
        };
        let is_between = !self.inner.in_file.load(Ordering::Relaxed);
        if is_between && self.count_between(chunk.len()) > BETWEEN_BYTES_MAX {
            return Err(std::io::Error::other("too much between the files of the form"));
        }
        Ok(Some(chunk))
    }

    /// Counts; as many as there were before. The chunk itself may be the beginning of a file.
    fn count_between(&self, bytes: usize) -> u64 {
        self.inner.between_bytes.fetch_add(bytes as u64, Ordering::Relaxed)
    }

    pub(super) fn enter_file(&self) {
        self.inner.in_file.store(true, Ordering::Relaxed);
    }

    pub(super) fn leave_file(&self) {
        self.inner.between_bytes.store(0, Ordering::Relaxed);
        self.inner.in_file.store(false, Ordering::Relaxed);
    }

    /// Why reading the body failed, in place of what its reader made of it.
    pub(super) fn refusal(&self, text: String) -> Refused {
        if self.inner.too_slow.load(Ordering::Relaxed) {
            let Pace { idle, rate_min } = self.inner.pace;
            return Refused::TooSlow { secs: idle.as_secs(), rate_min };
        }
        Refused::BrokenBody(text)
    }
}
