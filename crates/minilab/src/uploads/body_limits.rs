//! What passes through an upload's body: not too slowly, not too much between its files, and not too much
//! in all.
//!
//! The reader of a form gathers the headers of its parts, small inputs and preambles in memory until
//! it finds their end. They are counted here, and a form that goes on and on is cut off. All bytes of a
//! body count, whatever they are of: files that are taken or refused, inputs, headers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::error::UploadError;
use crate::http::pace::Pace;
use crate::limits::Limit;

const BETWEEN_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes of all inputs of a form that are no files.
const INPUT_BYTES_MAX: u64 = 1024 * 1024;
/// What a file costs beside its bytes: a boundary, and headers with a name.
const HEAD_BYTES: u64 = 4096;

/// How much one body may bring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    pub files: usize,
    /// Of all files.
    pub bytes: u64,
}

impl Most {
    /// Bytes of the whole body, with all that stands around the files.
    fn body_bytes(self) -> u64 {
        let around = INPUT_BYTES_MAX + BETWEEN_BYTES_MAX + HEAD_BYTES * self.files as u64;
        self.bytes.saturating_add(around)
    }
}

/// Watches one body; shared with who reads it.
#[derive(Clone)]
pub(super) struct BodyLimits {
    inner: Arc<BodyLimitsInner>,
}

struct BodyLimitsInner {
    pace: Pace,
    most: Most,
    in_file: AtomicBool,
    between_bytes: AtomicU64,
    input_bytes: AtomicU64,
    cut_off: OnceLock<UploadError>,
}

impl BodyLimits {
    pub(super) fn new(pace: Pace, most: Most) -> Self {
        let inner = BodyLimitsInner {
            pace,
            most,
            in_file: AtomicBool::new(false),
            between_bytes: AtomicU64::new(0),
            input_bytes: AtomicU64::new(0),
            cut_off: OnceLock::new(),
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
            Limit::SlowSenders.reached();
            let Pace { idle, rate_min } = self.inner.pace;
            return Err(self.cut_off(UploadError::TooSlow { secs: idle.as_secs(), rate_min }));
        };
        let Some(chunk) = chunk.transpose().map_err(std::io::Error::other)? else {
            return Ok(None);
        };
        if bytes + chunk.len() as u64 > self.inner.most.body_bytes() {
            return Err(self.cut_off(UploadError::BatchTooLarge { max: self.inner.most.bytes }));
        }
        let is_between = !self.inner.in_file.load(Ordering::Relaxed);
        if is_between && self.count_between(chunk.len()) > BETWEEN_BYTES_MAX {
            return Err(self.cut_off(UploadError::InputsTooLarge { max: BETWEEN_BYTES_MAX }));
        }
        Ok(Some(chunk))
    }

    /// Ends the body; its reader only sees an error, so the reason is kept.
    fn cut_off(&self, refused: UploadError) -> std::io::Error {
        let text = refused.to_string();
        let _ = self.inner.cut_off.set(refused);
        std::io::Error::other(text)
    }

    /// Counts bytes of an input that is no file.
    pub(super) fn count_input(&self, bytes: usize) -> Result<(), UploadError> {
        let bytes = bytes as u64;
        let all = self.inner.input_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let max = INPUT_BYTES_MAX;
        if all > max { Err(UploadError::InputsTooLarge { max }) } else { Ok(()) }
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
    pub(super) fn refusal(&self, text: String) -> UploadError {
        self.inner.cut_off.get().cloned().unwrap_or(UploadError::BrokenBody(text))
    }
}
