//! The bell: tells a waiting worker that there may be something to do. Polling is the guarantee.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Rings inside this process. Workers in other processes find the work by polling.
#[derive(Clone, Default)]
pub struct Bell {
    rung: Arc<Notify>,
}

impl Bell {
    /// Wakes one worker; kept for the next one when all are busy.
    pub fn ring(&self) {
        self.rung.notify_one();
    }

    /// Wakes whoever waits now, to look at something else than the queue.
    pub fn ring_all(&self) {
        self.rung.notify_waiters();
    }

    /// A ring to wait for. Enable it, look, then wait: a ring in between is not missed.
    pub fn listen(&self) -> OwnedNotified {
        self.rung.clone().notified_owned()
    }

    /// Waits for a ring, at most so long.
    pub async fn wait(&self, at_most: Duration) {
        let _ = tokio::time::timeout(at_most, self.rung.notified()).await;
    }
}
