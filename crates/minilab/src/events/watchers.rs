//! Watchers of events in this process: who reads a stream, and up to which event there is something to read.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::ids::AccountId;
use crate::shares::{Bounds, Full, SharePlace, Shares};

/// Streams at a time, of all and of one account.
const STREAMS: Bounds = Bounds { all: 512, each: 8, queue: 0 };

/// Watchers; a clone is the same.
#[derive(Clone)]
pub struct Watchers {
    newest: Arc<watch::Sender<i64>>,
    begun: Arc<Notify>,
    places: Shares<AccountId>,
}

impl Default for Watchers {
    fn default() -> Self {
        let (newest, _) = watch::channel(0);
        Self { newest: newest.into(), begun: Arc::default(), places: Shares::new(STREAMS) }
    }
}

impl Watchers {
    /// A place for a stream, and what tells it the number of the newest event.
    pub fn enter(
        &self,
        account: AccountId,
    ) -> Result<(SharePlace<AccountId>, watch::Receiver<i64>), Full> {
        let place = self.places.try_take(account)?;
        let newest = self.newest.subscribe();
        self.begun.notify_one();
        Ok((place, newest))
    }

    /// Waits for a while; as long as nobody watches, for somebody who does.
    pub async fn wait(&self, time: Duration) {
        if self.newest.receiver_count() == 0 {
            self.begun.notified().await;
        } else {
            tokio::time::sleep(time).await;
        }
    }

    /// Tells the number of the newest event.
    pub fn tell(&self, newest: i64) {
        self.newest.send_if_modified(|known| std::mem::replace(known, newest) != newest);
    }
}
