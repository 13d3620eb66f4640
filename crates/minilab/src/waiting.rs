//! Waiting for what a job will bring: look, wait to be notified, look again.

use std::pin::Pin;
use std::time::Duration;

use tokio::sync::futures::OwnedNotified;
use tokio::time::Instant;

use crate::app::App;
use crate::ids::AccountId;
use crate::limits::Limit;
use crate::shares::SharePlace;

/// Work done by another process is noticed so soon.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// One request's patience. Call [`subscribe`](Self::subscribe), look, and if there is nothing to see
/// yet, [`wait`](Self::wait) and start over.
pub struct Waiting<'a> {
    app: &'a App,
    holder: AccountId,
    deadline: Instant,
    notified: Pin<Box<OwnedNotified>>,
    place: Option<SharePlace<AccountId>>,
}

impl<'a> Waiting<'a> {
    /// `holder` is the account whose waiting places it may take.
    pub fn new(app: &'a App, holder: AccountId, patience: Duration) -> Self {
        let notified = Box::pin(app.done.subscribe());
        Self { app, holder, deadline: Instant::now() + patience, notified, place: None }
    }

    /// Comes before the look, so that a job ending between the look and the wait still wakes us.
    pub fn subscribe(&mut self) {
        self.notified.set(self.app.done.subscribe());
        self.notified.as_mut().enable();
    }

    /// Waits until another look is worthwhile. False when the patience is at its end, when the
    /// process is to stop, or when too many wait already, of this holder or of all.
    pub async fn wait(&mut self) -> bool {
        if self.place.is_none() {
            self.place = self.app.waiters.try_take(self.holder).ok();
            if self.place.is_none() {
                Limit::Waiters.reached();
            }
        }
        let is_over = Instant::now() >= self.deadline || self.app.stop.is_cancelled();
        if self.place.is_none() || is_over {
            return false;
        }
        let until = self.deadline.min(Instant::now() + LOOK_AGAIN);
        let _ = tokio::time::timeout_at(until, self.notified.as_mut()).await;
        true
    }
}
