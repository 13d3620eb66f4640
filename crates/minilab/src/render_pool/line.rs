//! The line before the children: nobody takes all of them, and small work does not wait for large.
//!
//! There is one child more than may work on large pictures, and than one holder may have; so whoever
//! comes with something small finds one. A child that becomes free goes to the holder who has the
//! fewest, and among those to who came first.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::ids::AccountId;
use tokio::sync::Notify;

const MIB: u64 = 1024 * 1024;
/// Work with more pixels to draw, or bytes to read, than this is large.
const SMALL_EFFORT: u64 = 16 * 1024 * 1024;
/// This part of the memory is for small work alone.
const SMALL_PART: u64 = 8;

/// What work is expected to cost.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Whose work it is.
    pub holder: AccountId,
    /// Memory at the peak.
    pub memory_bytes: u64,
    /// Pixels to draw, and bytes to read.
    pub effort: u64,
}

pub(super) struct RenderQueue {
    children: usize,
    memory_mib: u64,
    state: Mutex<QueueState>,
    /// Rung when a child became free, or when another may be taken.
    moves: Notify,
}

#[derive(Default)]
struct QueueState {
    last: u64,
    running: Vec<QueuedPicture>,
    waiting: Vec<QueuedPicture>,
}

#[derive(Clone, Copy)]
struct QueuedPicture {
    number: u64,
    holder: AccountId,
    mib: u64,
    is_large: bool,
}

/// A child's time, until it is dropped.
pub(super) struct Stay {
    line: Arc<RenderQueue>,
    number: u64,
}

impl RenderQueue {
    pub(super) fn new(children: usize, memory_mib: u64) -> Self {
        Self { children, memory_mib, state: Mutex::default(), moves: Notify::new() }
    }

    /// MiB that work under way is expected to take, and the most of it.
    pub(super) fn memory_mib(&self) -> (u64, u64) {
        (self.state().running.iter().map(|one| one.mib).sum(), self.memory_mib)
    }

    /// Children at work, and the most of them.
    pub(super) fn children(&self) -> (usize, usize) {
        (self.state().running.len(), self.children + 1)
    }

    /// Waits for a child. Whoever stops waiting leaves the line.
    pub(super) async fn enter(self: &Arc<Self>, load: &Load) -> Stay {
        let stay = Stay { line: self.clone(), number: self.line_up(load) };
        loop {
            let mut moves = std::pin::pin!(self.moves.notified());
            // Before the look, so that a move between the look and the wait is not missed.
            moves.as_mut().enable();
            if self.start(stay.number) {
                break;
            }
            moves.await;
        }
        // There may be room for the next one, too.
        self.moves.notify_waiters();
        stay
    }

    fn line_up(&self, load: &Load) -> u64 {
        let small_mib = self.memory_mib / SMALL_PART;
        let mib = load.memory_bytes.div_ceil(MIB);
        let is_large = mib > small_mib || load.effort > SMALL_EFFORT;
        let mut state = self.state();
        state.last += 1;
        let (number, holder) = (state.last, load.holder);
        // What needs more than there is goes alone.
        let mib = mib.min(self.memory_mib - small_mib);
        state.waiting.push(QueuedPicture { number, holder, mib, is_large });
        number
    }

    /// True when it is this one's turn, and there is room.
    fn start(&self, number: u64) -> bool {
        let mut state = self.state();
        if self.next(&state) != Some(number) {
            return false;
        }
        let place = state.waiting.iter().position(|one| one.number == number);
        let ticket = state.waiting.remove(place.expect("it waits"));
        state.running.push(ticket);
        true
    }

    /// The first for whom there is room.
    fn next(&self, state: &QueueState) -> Option<u64> {
        let running = &state.running;
        if running.len() > self.children {
            return None;
        }
        let has = |holder| running.iter().filter(|one| one.holder == holder).count();
        let has_child = |one: &QueuedPicture| {
            let large = running.iter().filter(|other| other.is_large).count();
            has(one.holder) < self.children && !(one.is_large && large == self.children)
        };
        let mut line = state.waiting.iter().filter(|one| has_child(one)).collect::<Vec<_>>();
        line.sort_by_key(|one| (has(one.holder), one.number));

        let large_first = line.iter().find(|one| one.is_large).map(|one| one.number);
        let mib = |which: fn(&QueuedPicture) -> bool| {
            running.iter().filter(|one| which(one)).map(|one| one.mib).sum::<u64>()
        };
        let small_mib = self.memory_mib / SMALL_PART;
        let has_memory = |one: &QueuedPicture| {
            let fits = mib(|_| true) + one.mib <= self.memory_mib;
            if one.is_large {
                // In their order: a very large one would wait for ever for several to end at once.
                let of_large = mib(|one| one.is_large) + one.mib;
                fits && large_first == Some(one.number) && of_large <= self.memory_mib - small_mib
            } else {
                // While a large one waits for memory, small ones keep to what is theirs alone.
                let of_small = mib(|one| !one.is_large) + one.mib;
                fits && (large_first.is_none() || of_small <= small_mib)
            }
        };
        line.into_iter().find(|one| has_memory(one)).map(|one| one.number)
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().expect("nobody panics holding it")
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let mut state = self.line.state();
        let other = |one: &QueuedPicture| one.number != self.number;
        state.running.retain(other);
        state.waiting.retain(other);
        drop(state);
        self.line.moves.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: AccountId = AccountId::from_uuid(uuid::Uuid::from_u128(1));
    const EVE: AccountId = AccountId::from_uuid(uuid::Uuid::from_u128(2));

    fn small(holder: AccountId) -> Load {
        Load { holder, memory_bytes: 10 * MIB, effort: 1 }
    }

    fn large(holder: AccountId, mib: u64) -> Load {
        Load { holder, memory_bytes: mib * MIB, effort: SMALL_EFFORT + 1 }
    }

    /// Comes in, or is left waiting.
    async fn now(line: &Arc<RenderQueue>, load: Load) -> Option<Stay> {
        let mut entering = Box::pin(line.enter(&load));
        match futures_util::poll!(&mut entering) {
            std::task::Poll::Ready(stay) => Some(stay),
            std::task::Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn one_holder_never_has_the_last_child() {
        for children in 1..4 {
            let line = Arc::new(RenderQueue::new(children, 448));
            let mut held = Vec::new();
            for _ in 0..children {
                held.push(now(&line, small(EVE)).await.unwrap());
            }
            assert!(now(&line, small(EVE)).await.is_none());
            let last = now(&line, small(ADA)).await;
            assert!(last.is_some());
            assert!(now(&line, small(AccountId::nil())).await.is_none());
            drop(held.pop());
            assert!(now(&line, small(ADA)).await.is_some() || children == 1);
        }
    }

    #[tokio::test]
    async fn large_pictures_leave_a_child_and_memory_to_small_ones() {
        let line = Arc::new(RenderQueue::new(2, 448));
        let first = now(&line, large(EVE, 5000)).await.unwrap();
        // No memory for another, but for something small.
        let mut waits = Box::pin(async { line.enter(&large(ADA, 100)).await });
        assert!(futures_util::poll!(&mut waits).is_pending());
        let little = now(&line, small(ADA)).await.unwrap();
        assert!(futures_util::poll!(&mut waits).is_pending());
        drop(first);
        let second = waits.await;
        assert!(now(&line, large(EVE, 100)).await.is_some());
        drop((little, second));
        let state = line.state();
        assert_eq!((state.running.len(), state.waiting.len()), (0, 0));
    }

    #[tokio::test]
    async fn a_large_picture_that_waits_for_memory_is_not_overtaken_for_ever() {
        let line = Arc::new(RenderQueue::new(4, 80));
        let held = [now(&line, large(EVE, 30)).await, now(&line, small(EVE)).await];
        assert!(held.iter().all(Option::is_some));
        let mut waits = Box::pin(async { line.enter(&large(ADA, 60)).await });
        assert!(futures_util::poll!(&mut waits).is_pending());
        // The memory of small ones is taken, and what is left over is kept for the large one.
        assert!(now(&line, large(EVE, 11)).await.is_none());
        assert!(now(&line, small(ADA)).await.is_none());
        drop(held);
        waits.await;
    }

    #[tokio::test]
    async fn a_free_child_goes_to_who_has_the_fewest() {
        let line = Arc::new(RenderQueue::new(2, 448));
        let mut held = [now(&line, small(EVE)).await, now(&line, small(EVE)).await];
        let ada = now(&line, small(ADA)).await.unwrap();
        let mut eve_waits = Box::pin(async { line.enter(&small(EVE)).await });
        assert!(futures_util::poll!(&mut eve_waits).is_pending());
        let mut bob_waits = Box::pin(async { line.enter(&small(AccountId::nil())).await });
        assert!(futures_util::poll!(&mut bob_waits).is_pending());
        held[0] = None;
        assert!(futures_util::poll!(&mut eve_waits).is_pending());
        let bob = bob_waits.await;
        drop(ada);
        eve_waits.await;
        drop(bob);
    }
}
