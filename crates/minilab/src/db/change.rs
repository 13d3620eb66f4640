//! Change, what a statement does that this process wants to hear of once it is committed.
//!
//! A statement says it where it is declared (`changes Work`), its connection remembers it, and
//! [`Db::write`](super::Db::write) tells it after the commit: no caller can forget to.

use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;

/// What may be known elsewhere and is not so any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Change {
    /// A job waits to be done.
    Work = 1,
    /// A job or an image ended: who waits for it may look.
    Ended = 2,
    /// Links are dead before their time.
    Links = 4,
    /// Who callers are or what they may do.
    Callers = 8,
    /// Tiers or presets.
    Catalogue = 16,
}

/// All that one transaction changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes(u8);

impl Changes {
    pub fn add(&mut self, change: Change) {
        self.0 |= change as u8;
    }

    pub fn has(self, change: Change) -> bool {
        self.0 & change as u8 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// What is done about changes after their commit, before the writer goes on.
pub(super) type Listener = Box<dyn Fn(Changes) -> BoxFuture<'static, ()> + Send + Sync>;

/// The one listener of a database, once there is one.
#[derive(Clone, Default)]
pub(super) struct Listening(Arc<OnceLock<Listener>>);

impl Listening {
    /// The first one stays.
    pub(super) fn begin(&self, listener: Listener) {
        let _ = self.0.set(listener);
    }

    pub(super) async fn tell(&self, changes: Changes) {
        if let Some(listener) = self.0.get().filter(|_| !changes.is_empty()) {
            listener(changes).await;
        }
    }
}
