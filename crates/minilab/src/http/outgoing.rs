//! Bodies on their way out: how much of each the connection has taken, and no more at once than a chunk.
//!
//! Every answer goes through here. A chunk tells when it is written to the socket, so what is handed out
//! and not taken is known exactly; the next chunk is made when there is no such rest.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Buf, Bytes};
use futures_util::future::AbortHandle;
use futures_util::task::AtomicWaker;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::connection::UnderWay;
use super::pace::{Meter, Pace};
use super::received::OnReceived;

tokio::task_local! {
    /// Ends what carries the answer that is being made: an HTTP/2 stream, or the connection.
    pub(super) static CARRIER: AbortHandle;
}

/// An answer until its last byte is taken or lost; shared by its body and by its chunks.
pub(super) struct Answer {
    handed: AtomicU64,
    taken: AtomicU64,
    /// Whether nothing is kept back any more.
    has_ended: AtomicBool,
    /// The body, when it waits for its chunk to be taken.
    waits: AtomicWaker,
    carrier: Option<AbortHandle>,
    meter: Mutex<Meter>,
    received: Mutex<Option<(u64, OnReceived)>>,
    under_way: UnderWay,
    _room: Option<OwnedSemaphorePermit>,
}

impl Answer {
    fn rest(&self) -> u64 {
        // In this order: no more is ever taken than was handed out.
        let taken = self.taken.load(Ordering::Acquire);
        self.handed.load(Ordering::Acquire) - taken
    }

    /// Gives it up if its reader is too slow. Time counts only while there is something to take.
    pub(super) fn give_up_if_slow(&self, pace: Pace, elapsed: Duration) -> bool {
        let waited = (self.rest() > 0).then_some(elapsed);
        let taken = self.taken.load(Ordering::Acquire);
        let mut meter = self.meter.lock().expect("nobody panics holding it");
        let is_too_slow = meter.is_too_slow(pace, taken, waited);
        let carrier = self.carrier.as_ref().filter(|carrier| !carrier.is_aborted());
        let Some(carrier) = carrier.filter(|_| is_too_slow) else { return false };
        carrier.abort();
        true
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let received = self.received.get_mut().expect("nobody panics holding it").take();
        if let Some((bytes, on_received)) = received
            && bytes == *self.taken.get_mut()
            && *self.has_ended.get_mut()
        {
            self.under_way.connection().await_receipt(on_received);
        }
    }
}

/// A piece of an answer. The transport takes it bit by bit.
pub(super) struct Chunk {
    bytes: Bytes,
    answer: Arc<Answer>,
}

impl Buf for Chunk {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.answer.taken.fetch_add(count as u64, Ordering::AcqRel);
        if self.bytes.is_empty() {
            self.answer.waits.wake();
        }
    }
}

/// The body of an answer.
pub(super) struct Outgoing {
    body: Body,
    answer: Arc<Answer>,
    /// On HTTP/2 the end is kept back until all is taken: what lies in buffers behind the end of a stream
    /// is out of reach.
    keeps_end: bool,
}

impl Outgoing {
    pub(super) fn new(
        body: Body,
        headers: &HeaderMap,
        on_received: Option<OnReceived>,
        under_way: UnderWay,
        keeps_end: bool,
        room: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let answer = Arc::new(Answer {
            handed: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            has_ended: AtomicBool::new(!keeps_end),
            waits: AtomicWaker::new(),
            carrier: CARRIER.try_with(Clone::clone).ok(),
            meter: Mutex::default(),
            received: Mutex::new(length.zip(on_received)),
            under_way,
            _room: room,
        });
        if keeps_end && !body.is_end_stream() {
            answer.under_way.connection().watch(&answer);
        }
        Self { body, answer, keeps_end }
    }
}

impl HttpBody for Outgoing {
    type Data = Chunk;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, axum::Error>>> {
        if self.answer.rest() > 0 {
            self.answer.waits.register(context.waker());
            // Looked at again: it may have been taken meanwhile.
            if self.answer.rest() > 0 {
                return Poll::Pending;
            }
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.answer.has_ended.fetch_or(frame.is_none(), Ordering::AcqRel);
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|bytes| {
                    self.answer.handed.fetch_add(bytes.len() as u64, Ordering::AcqRel);
                    Chunk { bytes, answer: self.answer.clone() }
                })
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        let has_begun = self.answer.handed.load(Ordering::Acquire) > 0;
        self.body.is_end_stream() && !(self.keeps_end && has_begun)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
