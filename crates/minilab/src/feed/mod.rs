//! Feed: what happened, for whoever it concerns, as pages and as a stream.
//!
//! Both are fed by rows, so all processes on one database tell the same, and a reader that comes back misses
//! nothing. An account reads of its own images and links; an admin reads everything, as ids.

pub mod routes;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::accounts::Caller;
use crate::app::App;
use crate::db::Db;
use crate::events::{self, StoredEvent};
use crate::ids::AccountId;
use crate::seldom::Seldom;
use crate::shares::{Bounds, Shares};

/// How often somebody looks for new events while others watch: half of what they may be late.
const LOOK: Duration = Duration::from_millis(100);
/// Streams at a time, of all and of one account.
const STREAMS: Bounds = Bounds { all: 512, each: 8, queue: 0 };

/// Feed of one process: who watches, and up to which event there is something to read. A clone is the same.
#[derive(Clone)]
pub struct Feed {
    newest: Arc<watch::Sender<i64>>,
    watched: Arc<Notify>,
    places: Shares<AccountId>,
}

impl Default for Feed {
    fn default() -> Self {
        let (newest, _) = watch::channel(0);
        let (newest, watched) = (Arc::new(newest), Arc::default());
        Self { newest, watched, places: Shares::new(STREAMS) }
    }
}

impl Feed {
    fn watch(&self) -> watch::Receiver<i64> {
        let newest = self.newest.subscribe();
        self.watched.notify_one();
        newest
    }
}

/// Whose events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    All,
    Of(AccountId),
}

impl Audience {
    fn by(caller: &Caller) -> Self {
        if caller.is_admin() { Self::All } else { Self::Of(caller.account.id) }
    }

    /// Their events behind a number, oldest first.
    async fn after(self, db: &Db, seq: i64, limit: i64) -> sqlx::Result<Vec<StoredEvent>> {
        match self {
            Self::All => events::after(db, seq, limit).await,
            Self::Of(account) => events::after_of(db, account, seq, limit).await,
        }
    }
}

/// Looks for new events as long as somebody watches, until the process is to stop.
pub async fn run(app: App) {
    let seldom = Seldom::default();
    loop {
        let idle = app.feed.newest.receiver_count() == 0;
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.feed.watched.notified(), if idle => {}
            () = tokio::time::sleep(LOOK), if !idle => {}
        }
        match events::newest(&app.db).await {
            Ok(newest) => {
                app.feed
                    .newest
                    .send_if_modified(|known| std::mem::replace(known, newest) != newest);
            }
            Err(error) => {
                if seldom.speaks() {
                    tracing::warn!(%error, "new events are not seen for now");
                }
            }
        }
    }
}
