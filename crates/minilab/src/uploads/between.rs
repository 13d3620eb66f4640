//! What a form may send between its files: headers of parts, small inputs, preambles.
//!
//! The form's reader gathers such bytes in memory until it finds their end. They are counted here,
//! and a form that goes on and on is cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::Request;
use futures_util::StreamExt;

const BYTES_MAX: u64 = 1024 * 1024;

/// Counts the bytes that pass while no file is being read.
#[derive(Clone, Default)]
pub(super) struct Between {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    in_file: AtomicBool,
    bytes: AtomicU64,
}

impl Between {
    /// The same request, with its body counted.
    pub(super) fn watch(&self, request: Request) -> Request {
        let inner = self.inner.clone();
        request.map(|body| {
            Body::from_stream(body.into_data_stream().map(move |chunk| {
                let chunk = chunk.map_err(std::io::Error::other)?;
                if inner.in_file.load(Ordering::Relaxed) {
                    return Ok(chunk);
                }
                let before = inner.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                if before > BYTES_MAX {
                    return Err(std::io::Error::other("too much between the files of the form"));
                }
                Ok(chunk)
            }))
        })
    }

    pub(super) fn enter_file(&self) {
        self.inner.in_file.store(true, Ordering::Relaxed);
    }

    pub(super) fn leave_file(&self) {
        self.inner.bytes.store(0, Ordering::Relaxed);
        self.inner.in_file.store(false, Ordering::Relaxed);
    }
}
