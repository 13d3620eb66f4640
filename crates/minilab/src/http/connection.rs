//! One connection: what it does, and what is noticed when somebody looks at it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use futures_util::future::AbortHandle;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::config::HttpConfig;
use super::flow::Flow;
use super::frames::Frames;
use super::pace::Meter;
use super::received::{OnReceived, PeerState, Receipt, unacknowledged};
use crate::limits::Limit;

/// What an HTTP/2 client begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Who was asked to leave has so long to finish.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);
/// Memory for the answers of one HTTP/2 connection.
const ROOM_KIB: usize = 4096;

/// An open connection. The socket closes with the last who holds it.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    /// Who it is counted for; nobody if it is one of our own proxies.
    pub(super) network: Option<IpAddr>,
    pub(super) carrier: AbortHandle,
    /// Cancelled when it is to end after what is under way.
    pub(super) leave: CancellationToken,
    /// KiB for answers that are made or not taken yet.
    pub(super) room: Arc<Semaphore>,
    opened: Instant,
    /// Milliseconds after `opened` at which the last byte came in.
    heard_ms: AtomicU64,
    /// The same for the end of the last request.
    quiet_since_ms: AtomicU64,
    under_way: AtomicUsize,
    /// Requests whose body is waited for.
    awaited: AtomicUsize,
    /// Bytes of the preface that came in. Whoever has sent a request has spoken.
    preface: AtomicUsize,
    has_spoken: AtomicBool,
    written: AtomicU64,
    /// Whether a write waits for the reader.
    is_blocked: AtomicBool,
    is_closed: AtomicBool,
    is_broken: AtomicBool,
    /// Whether its task is over: nobody reads it any more.
    is_over: AtomicBool,
    watched: Mutex<WatchedAnswers>,
}

#[derive(Default)]
struct WatchedAnswers {
    meter: Meter,
    answers: Vec<Weak<Flow>>,
    frames: Frames,
    receipts: Vec<Receipt>,
}

/// A request from its head to the last byte of its answer.
pub(super) struct UnderWay(Arc<Connection>);

impl UnderWay {
    pub(super) fn connection(&self) -> &Connection {
        &self.0
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.quiet_since_ms.store(self.0.age_ms(), Ordering::Relaxed);
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        network: Option<IpAddr>,
        carrier: AbortHandle,
        leave: CancellationToken,
    ) -> Self {
        Self {
            stream,
            network,
            carrier,
            leave,
            room: Arc::new(Semaphore::new(ROOM_KIB)),
            opened: Instant::now(),
            heard_ms: AtomicU64::new(0),
            quiet_since_ms: AtomicU64::new(0),
            under_way: AtomicUsize::new(0),
            awaited: AtomicUsize::new(0),
            preface: AtomicUsize::new(0),
            has_spoken: AtomicBool::new(false),
            written: AtomicU64::new(0),
            is_blocked: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            is_broken: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            watched: Mutex::default(),
        }
    }

    fn age_ms(&self) -> u64 {
        self.opened.elapsed().as_millis() as u64
    }

    /// A request came in.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.has_spoken.store(true, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::AcqRel);
        UnderWay(self.clone())
    }

    /// No bytes: the other side has closed.
    pub(super) fn heard(&self, bytes: &[u8]) {
        self.is_closed.fetch_or(bytes.is_empty(), Ordering::Relaxed);
        self.heard_ms.store(self.age_ms(), Ordering::Relaxed);
        let before = self.preface.load(Ordering::Relaxed);
        if before < PREFACE.len() && self.has_spoken.load(Ordering::Relaxed) {
            // HTTP/1.
            return;
        }
        let wanted = &PREFACE[before..];
        let length = bytes.len().min(wanted.len());
        if bytes[..length] != wanted[..length] {
            return;
        }
        if length > 0 {
            self.preface.store(before + length, Ordering::Relaxed);
        }
        if before + length == PREFACE.len() {
            let mut watched = self.watched();
            if watched.frames.have_reset(&bytes[length..]) {
                // Which of the last answers it means is not known here; none of them counts.
                watched.receipts.clear();
            }
        }
    }

    pub(super) fn wrote(&self, bytes: usize) {
        self.blocked(false);
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn blocked(&self, is_blocked: bool) {
        self.is_blocked.store(is_blocked, Ordering::Relaxed);
    }

    pub(super) fn broke(&self) {
        self.is_broken.store(true, Ordering::Relaxed);
    }

    pub(super) fn ended(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    /// Whether a request is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.load(Ordering::Acquire) > 0
    }

    /// Whether each of its requests waits for the caller to send the rest of it.
    pub(super) fn awaits_caller(&self) -> bool {
        self.is_busy()
            && self.awaited.load(Ordering::Acquire) >= self.under_way.load(Ordering::Acquire)
    }

    /// The body of one of its requests is waited for, or is not any more.
    pub(super) fn body_is_awaited(&self, is_awaited: bool) {
        if is_awaited {
            self.awaited.fetch_add(1, Ordering::AcqRel);
        } else {
            self.awaited.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// When the last byte came in, or it was opened.
    pub(super) fn last_heard(&self) -> Instant {
        self.opened + Duration::from_millis(self.heard_ms.load(Ordering::Relaxed))
    }

    /// Whether it only stays open until its last answer is known to be received.
    pub(super) fn awaits_receipts(&self) -> bool {
        !self.watched().receipts.is_empty()
    }

    fn watched(&self) -> std::sync::MutexGuard<'_, WatchedAnswers> {
        self.watched.lock().expect("nobody panics holding it")
    }

    pub(super) fn watch(&self, answer: &Arc<Flow>) {
        self.watched().answers.push(Arc::downgrade(answer));
    }

    pub(super) fn await_receipt(&self, on_received: OnReceived) {
        self.watched().receipts.push(Receipt::new(on_received));
    }

    /// Ends it at once. What was not received by now is not.
    pub(super) fn give_up(&self) {
        self.watched().receipts.clear();
        self.carrier.abort();
    }

    /// The same for a slow reader: what the kernel holds for it goes, too.
    fn break_off(&self) {
        Limit::SlowReaders.reached();
        let _ = self.stream.set_zero_linger();
        self.give_up();
    }

    /// What is due after `elapsed` since the last look. False once there is nothing to look after.
    pub(super) fn look(&self, config: &HttpConfig, elapsed: Duration) -> bool {
        self.look_after_receipts(elapsed);
        if self.is_over.load(Ordering::Acquire) {
            return self.awaits_receipts();
        }
        if !self.is_busy() {
            self.look_after_silence(config);
        }
        let is_blocked = self.is_blocked.load(Ordering::Relaxed);
        let mut watched = self.watched();
        let written = self.written.load(Ordering::Relaxed);
        let waited = is_blocked.then_some(elapsed);
        if watched.meter.is_too_slow(config.pace(), written, waited) {
            drop(watched);
            self.break_off();
            return true;
        }
        // While the connection itself is waited for, its streams wait for it and not for their readers.
        let waited = if is_blocked { Duration::ZERO } else { elapsed };
        watched.answers.retain(|answer| answer.strong_count() > 0);
        let answers = watched.answers.iter().filter_map(Weak::upgrade).collect::<Vec<_>>();
        // An answer that ends here and now comes back for the lock.
        drop(watched);
        for answer in answers {
            if answer.give_up_if_slow(config.pace(), waited) {
                Limit::SlowReaders.reached();
            }
        }
        true
    }

    fn look_after_silence(&self, config: &HttpConfig) {
        let age = Duration::from_millis(self.age_ms());
        if !self.has_spoken.load(Ordering::Relaxed) {
            if age >= Duration::from_secs(config.first_request_secs) {
                self.give_up();
            }
            return;
        }
        let quiet_since = Duration::from_millis(self.quiet_since_ms.load(Ordering::Relaxed));
        let quiet = age.saturating_sub(quiet_since);
        let patience = Duration::from_secs(config.keep_alive_secs);
        if quiet >= patience + LEAVE_WITHIN {
            self.give_up();
        } else if quiet >= patience {
            self.leave.cancel();
        }
    }

    fn look_after_receipts(&self, elapsed: Duration) {
        let mut watched = self.watched();
        if watched.receipts.is_empty() {
            return;
        }
        let line = self.line();
        let has_rest = self.is_blocked.load(Ordering::Relaxed)
            || unacknowledged(&self.stream).unwrap_or(1) > 0;
        watched.receipts.retain_mut(|receipt| receipt.is_awaited(line, has_rest, elapsed));
    }

    fn line(&self) -> PeerState {
        if self.is_over.load(Ordering::Acquire) && !self.is_closed.load(Ordering::Relaxed) {
            // Nobody else reads what may come: the other side's end, or its reset.
            let mut rest = [0; 1024];
            match self.stream.try_read(&mut rest) {
                Ok(0) => self.is_closed.store(true, Ordering::Relaxed),
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => self.broke(),
                _ => {}
            }
        }
        if !matches!(self.stream.take_error(), Ok(None)) {
            self.broke();
        }
        match (self.is_broken.load(Ordering::Relaxed), self.is_closed.load(Ordering::Relaxed)) {
            (true, _) => PeerState::Broken,
            (false, true) => PeerState::Closed,
            (false, false) => PeerState::Open,
        }
    }
}
