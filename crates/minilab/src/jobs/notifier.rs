//! Notifier, by which those who wait hear that there may be something for them. Polling is the guarantee.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Wakes waiters inside this process. Those in other processes find out by polling.
#[derive(Clone, Default)]
pub struct Notifier {
    waiters: Arc<Notify>,
}

impl Notifier {
    /// Wakes one waiter; kept for the next one when nobody waits.
    pub fn notify(&self) {
        self.waiters.notify_one();
    }

    /// Wakes everybody who waits now.
    pub fn notify_all(&self) {
        self.waiters.notify_waiters();
    }

    /// What the next notification ends. Enable it, look, then wait: one in between is not missed.
    pub fn subscribe(&self) -> OwnedNotified {
        self.waiters.clone().notified_owned()
    }

    /// Waits for a notification, at most so long.
    pub async fn wait(&self, at_most: Duration) {
        let _ = tokio::time::timeout(at_most, self.waiters.notified()).await;
    }
}
