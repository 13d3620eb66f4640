//! What every handler and every job can reach. Cheap to clone.

use std::ops::Deref;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::accounts::Identities;
use crate::accounts::throttle::Throttle;
use crate::blobs::Blobs;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::events::Watchers;
use crate::http::Connections;
use crate::ids::{AccountId, BlobId};
use crate::jobs::Notifier;
use crate::links::{DenyList, Seal};
use crate::render_pool::RenderPool;
use crate::room::Room;
use crate::shares::Shares;
use crate::spool::Spool;
use crate::tiers::Catalogues;
use crate::variants::resolved::RecentVariants;

#[derive(Clone)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The parts, wired once.
pub struct Parts {
    pub config: Config,
    pub db: Db,
    pub blobs: Blobs,
    pub spool: Arc<Spool>,
    /// Whether there is room on the disk.
    pub room: Room,
    pub render_pool: RenderPool,
    pub cache: Cache,
    pub catalogues: Catalogues,
    /// Who the keys of the last second belong to.
    pub identities: Identities,
    /// The variants served within the last second.
    pub recent_variants: RecentVariants,
    pub throttle: Throttle,
    /// Costly lists, by account.
    pub listings: Shares<AccountId>,
    /// Seals and opens temporary links.
    pub seal: Seal,
    /// Links that are dead before their time.
    pub denied: DenyList,
    pub clock: Clock,
    /// Who is connected.
    pub connections: Arc<Connections>,
    /// Notified when a job was enqueued.
    pub work: Notifier,
    /// Notified when a job or an image ended.
    pub done: Notifier,
    /// Requests that may wait for a variant at the same time, by account.
    pub waiters: Shares<AccountId>,
    /// One at a time takes the place out of an original, by blob.
    pub strips: Shares<BlobId>,
    /// Zip files that may be written at the same time.
    pub zips: Shares<AccountId>,
    /// Who watches what happens.
    pub watchers: Watchers,
    /// Cancelled when the process is to stop.
    pub stop: CancellationToken,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// An absolute URL for a path of this service.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.base_url())
    }
}
