//! Bodies on their way out: how much of each the connection has taken, and no more at once than a chunk.
//!
//! Every answer goes through here. A chunk tells when it is written to the socket, so what is handed out
//! and not taken is known exactly; the next chunk is made when there is no such rest.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Buf, Bytes};
use futures_util::future::AbortHandle;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::connection::UnderWay;
use super::flow::Flow;
use super::received::OnReceived;

tokio::task_local! {
    /// Ends what carries the answer that is being made: an HTTP/2 stream, or the connection.
    pub(super) static CARRIER: AbortHandle;
}

/// An answer until its last byte is taken or lost; shared by its body and by its chunks.
struct OutgoingAnswer {
    flow: Arc<Flow>,
    /// What is due when it was received, and how long it says it is, if it says so.
    received: Mutex<Option<(Option<u64>, OnReceived)>>,
    under_way: UnderWay,
    _room: Option<OwnedSemaphorePermit>,
}

impl Drop for OutgoingAnswer {
    fn drop(&mut self) {
        let received = self.received.get_mut().expect("nobody panics holding it").take();
        if let Some((bytes, on_received)) = received
            && bytes.is_none_or(|bytes| bytes == self.flow.taken.load(Ordering::Acquire))
            && self.flow.rest() == 0
            && self.flow.has_ended.load(Ordering::Acquire)
        {
            self.under_way.connection().await_receipt(on_received);
        }
    }
}

/// A piece of an answer. The transport takes it bit by bit.
pub(super) struct Chunk {
    bytes: Bytes,
    answer: Arc<OutgoingAnswer>,
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
        self.answer.flow.taken.fetch_add(count as u64, Ordering::AcqRel);
        if self.bytes.is_empty() {
            self.answer.flow.waits.wake();
        }
    }
}

/// The body of an answer.
pub(super) struct Outgoing {
    body: Body,
    answer: Arc<OutgoingAnswer>,
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
        let flow = Arc::new(Flow::new(CARRIER.try_with(Clone::clone).ok(), keeps_end));
        if keeps_end && !body.is_end_stream() {
            under_way.connection().watch(&flow);
        }
        let received = Mutex::new(on_received.map(|on_received| (length, on_received)));
        let answer = Arc::new(OutgoingAnswer { flow, received, under_way, _room: room });
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
        if self.answer.flow.rest() > 0 {
            self.answer.flow.waits.register(context.waker());
            // Looked at again: it may have been taken meanwhile.
            if self.answer.flow.rest() > 0 {
                return Poll::Pending;
            }
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.answer.flow.has_ended.fetch_or(frame.is_none(), Ordering::AcqRel);
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|bytes| {
                    self.answer.flow.handed.fetch_add(bytes.len() as u64, Ordering::AcqRel);
                    Chunk { bytes, answer: self.answer.clone() }
                })
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        let has_begun = self.answer.flow.handed.load(Ordering::Acquire) > 0;
        self.body.is_end_stream() && !(self.keeps_end && has_begun)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
