//! The hands of this process, and what they are at: one account has at most half of them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::claim::claim;
use super::pauses::{self, Barred};
use super::workers::Doing;
use super::{FREEING, KINDS, Lease};
use crate::clock::Clock;
use crate::db::Db;
use crate::ids::{AccountId, JobId};

/// Hands that may look for work at once. All may come back with jobs of one account.
const LOOKING: usize = 3;
/// While accounts have their share, others' jobs are looked for so often at most, and in a tenth of the
/// time at most: those who have their share may have left many.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOK_PART: u32 = 10;
/// How old what is known of pauses may be.
const PAUSES_KEPT: Duration = Duration::from_millis(250);

pub struct Hands {
    share: usize,
    count: usize,
    /// Kinds that are left to other workers.
    left_out: Vec<&'static str>,
    /// Jobs in hand of each account.
    held: Mutex<HashMap<AccountId, usize>>,
    at: Mutex<HashMap<JobId, Lease>>,
    looking: Semaphore,
    /// When others' jobs may be looked for again; held by the one hand that does.
    next_look: tokio::sync::Mutex<Instant>,
    paused: tokio::sync::Mutex<Option<(Instant, Barred)>>,
}

/// A job in hand, until it is dropped.
pub struct InHand<'a> {
    pub lease: Lease,
    hands: &'a Hands,
}

impl Hands {
    /// An account that has `share` jobs in hand gets no more. There are so many hands that half of them are
    /// more than one account ever gets.
    pub fn new(share: usize) -> Self {
        Self::with(share, 2 * (share + LOOKING - 1), &KINDS)
    }

    /// So many, for these kinds of jobs.
    pub fn with(share: usize, count: usize, kinds: &[&str]) -> Self {
        Self {
            share,
            count,
            left_out: KINDS.into_iter().filter(|kind| !kinds.contains(kind)).collect(),
            held: Mutex::default(),
            at: Mutex::default(),
            looking: Semaphore::new(LOOKING),
            next_look: tokio::sync::Mutex::new(Instant::now()),
            paused: tokio::sync::Mutex::default(),
        }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// Kinds of jobs they take.
    pub fn kinds(&self) -> Vec<&'static str> {
        KINDS.into_iter().filter(|kind| !self.left_out.contains(kind)).collect()
    }

    /// Whether some account has its share: who is idle looks by the clock then, not at every bell.
    pub fn has_full(&self) -> bool {
        !self.full().is_empty()
    }

    /// What each busy hand is at.
    pub fn doing(&self) -> Vec<Doing> {
        let at = self.at.lock().expect("nobody panics holding it");
        let doing = at.values().map(|lease| Doing {
            job: lease.id,
            stage: lease.stages.last().to_owned(),
            memory_bytes: lease.stages.memory_bytes(),
        });
        doing.collect()
    }

    /// Takes the best waiting job of those accounts that have less than their share, and of what is not
    /// paused; if room is to be made, of what makes some.
    pub async fn take(
        &self,
        db: &Db,
        clock: &Clock,
        worker: &str,
        is_freeing: bool,
    ) -> anyhow::Result<Option<InHand<'_>>> {
        let _looking = self.looking.acquire().await?;
        let mut barred = self.barred(db, clock, worker).await?;
        if is_freeing {
            barred.kinds.extend(KINDS.into_iter().filter(|kind| !FREEING.contains(kind)));
        } else {
            barred.accounts.extend(self.full());
        }
        if barred.is_empty() || is_freeing {
            return Ok(claim(db, clock, worker, &barred).await?.map(|lease| self.hold(lease)));
        }
        let Ok(mut next_look) = self.next_look.try_lock() else { return Ok(None) };
        let started = Instant::now();
        if started < *next_look {
            return Ok(None);
        }
        let claimed = claim(db, clock, worker, &barred).await?.map(|lease| self.hold(lease));
        if claimed.is_none() {
            *next_look = Instant::now() + LOOK_AGAIN.max(started.elapsed() * LOOK_PART);
        }
        Ok(claimed)
    }

    /// What is paused or left to others, as of a moment ago.
    async fn barred(&self, db: &Db, clock: &Clock, worker: &str) -> anyhow::Result<Barred> {
        let mut paused = self.paused.lock().await;
        if let Some((read, barred)) = &*paused
            && read.elapsed() < PAUSES_KEPT
        {
            return Ok(barred.clone());
        }
        let current = pauses::current(&mut db.read().await?, clock.now_ms()).await?;
        let mut barred = Barred::by(&current, worker);
        barred.kinds.extend(&self.left_out);
        *paused = Some((Instant::now(), barred.clone()));
        Ok(barred)
    }

    fn full(&self) -> Vec<AccountId> {
        let held = self.held.lock().expect("nobody panics holding it");
        held.iter().filter(|(_, jobs)| **jobs >= self.share).map(|(account, _)| *account).collect()
    }

    fn hold(&self, lease: Lease) -> InHand<'_> {
        if let Some(account) = lease.account {
            *self.held.lock().expect("nobody panics holding it").entry(account).or_default() += 1;
        }
        self.at.lock().expect("nobody panics holding it").insert(lease.id, lease.clone());
        InHand { lease, hands: self }
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.hands.at.lock().expect("nobody panics holding it").remove(&self.lease.id);
        let Some(account) = self.lease.account else { return };
        let mut held = self.hands.held.lock().expect("nobody panics holding it");
        let jobs = held.get_mut(&account).expect("it has this one");
        *jobs -= 1;
        if *jobs == 0 {
            held.remove(&account);
        }
    }
}
