//! Feed: what happened, for whoever it concerns, as pages and as a stream.
//!
//! Both are fed by rows, so all processes on one database tell the same, and a reader that comes back misses
//! nothing. An account reads of its own images and links; an admin reads everything, as ids.

pub mod routes;
mod stream;
mod view;

use std::time::Duration;

use crate::app::App;
use crate::db::Db;
use crate::events::{self, StoredEvent};
use crate::queue::Whose;
use crate::seldom::Seldom;

/// How often somebody looks for new events while others watch: half of what they may be late.
const LOOK: Duration = Duration::from_millis(100);

/// The events of somebody behind a number, oldest first.
async fn after(db: &Db, whose: Whose, seq: i64, limit: i64) -> sqlx::Result<Vec<StoredEvent>> {
    match whose {
        Whose::All => events::after(db, seq, limit).await,
        Whose::Of(account) => events::after_of(db, account, seq, limit).await,
    }
}

/// Looks for new events as long as somebody watches, until the process is to stop.
pub async fn run(app: App) {
    let seldom = Seldom::default();
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.watchers.wait(LOOK) => {}
        }
        match events::newest(&app.db).await {
            Ok(newest) => app.watchers.tell(newest),
            Err(error) => {
                if seldom.speaks() {
                    tracing::warn!(%error, "new events are not seen for now");
                }
            }
        }
    }
}
