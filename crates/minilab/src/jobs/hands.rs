//! The hands of this process, and whose jobs they are at: one account has at most half of them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Lease;
use super::claim::{claim, claim_freeing};
use crate::clock::Clock;
use crate::db::Db;
use crate::ids::AccountId;

/// Hands that may look for work at once. All may come back with jobs of one account.
const LOOKING: usize = 3;
/// While accounts have their share, others' jobs are looked for so often at most, and in a tenth of the
/// time at most: those who have their share may have left many.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOK_PART: u32 = 10;

pub struct Hands {
    share: usize,
    /// Jobs in hand of each account.
    held: Mutex<HashMap<AccountId, usize>>,
    looking: Semaphore,
    /// When others' jobs may be looked for again; held by the one hand that does.
    next_look: tokio::sync::Mutex<Instant>,
}

/// A job in hand, until it is dropped.
pub struct InHand<'a> {
    pub lease: Lease,
    hands: &'a Hands,
}

impl Hands {
    /// An account that has `share` jobs in hand gets no more.
    pub fn new(share: usize) -> Self {
        let next_look = tokio::sync::Mutex::new(Instant::now());
        Self { share, held: Mutex::default(), looking: Semaphore::new(LOOKING), next_look }
    }

    /// How many there have to be, so that half of them are more than one account ever gets.
    pub fn count(&self) -> usize {
        2 * (self.share + LOOKING - 1)
    }

    /// Whether some account has its share: who is idle looks by the clock then, not at every bell.
    pub fn has_full(&self) -> bool {
        !self.full().is_empty()
    }

    /// Takes the best waiting job of those accounts that have less than their share; of any account if it
    /// is to make room.
    pub async fn take(
        &self,
        db: &Db,
        clock: &Clock,
        worker: &str,
        is_freeing: bool,
    ) -> anyhow::Result<Option<InHand<'_>>> {
        let _looking = self.looking.acquire().await?;
        if is_freeing {
            return Ok(claim_freeing(db, clock, worker).await?.map(|lease| self.hold(lease)));
        }
        let full = self.full();
        if full.is_empty() {
            return Ok(claim(db, clock, worker, &full).await?.map(|lease| self.hold(lease)));
        }
        let Ok(mut next_look) = self.next_look.try_lock() else { return Ok(None) };
        let started = Instant::now();
        if started < *next_look {
            return Ok(None);
        }
        let claimed = claim(db, clock, worker, &full).await?.map(|lease| self.hold(lease));
        if claimed.is_none() {
            *next_look = Instant::now() + LOOK_AGAIN.max(started.elapsed() * LOOK_PART);
        }
        Ok(claimed)
    }

    fn full(&self) -> Vec<AccountId> {
        let held = self.held.lock().expect("nobody panics holding it");
        held.iter().filter(|(_, jobs)| **jobs >= self.share).map(|(account, _)| *account).collect()
    }

    fn hold(&self, lease: Lease) -> InHand<'_> {
        if let Some(account) = lease.account {
            *self.held.lock().expect("nobody panics holding it").entry(account).or_default() += 1;
        }
        InHand { lease, hands: self }
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let Some(account) = self.lease.account else { return };
        let mut held = self.hands.held.lock().expect("nobody panics holding it");
        let jobs = held.get_mut(&account).expect("it has this one");
        *jobs -= 1;
        if *jobs == 0 {
            held.remove(&account);
        }
    }
}
