//! How much of an answer went out, as whoever looks at its connection sees it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::AbortHandle;
use futures_util::task::AtomicWaker;

use super::pace::{Meter, Pace};

/// The bytes of one answer that were handed to the transport, and those it took.
pub(super) struct Flow {
    pub(super) handed: AtomicU64,
    pub(super) taken: AtomicU64,
    /// Whether nothing is kept back any more.
    pub(super) has_ended: AtomicBool,
    /// The body, when it waits for its chunk to be taken.
    pub(super) waits: AtomicWaker,
    carrier: Option<AbortHandle>,
    meter: Mutex<Meter>,
}

impl Flow {
    /// One that ends its `carrier` when it is given up.
    pub(super) fn new(carrier: Option<AbortHandle>, keeps_end: bool) -> Self {
        Self {
            handed: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            has_ended: AtomicBool::new(!keeps_end),
            waits: AtomicWaker::new(),
            carrier,
            meter: Mutex::default(),
        }
    }

    /// Bytes that were handed out and not taken yet.
    pub(super) fn rest(&self) -> u64 {
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
