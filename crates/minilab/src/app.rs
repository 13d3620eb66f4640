//! What every handler and every job can reach. Cheap to clone.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::accounts::Identities;
use crate::accounts::throttle::Throttle;
use crate::blobs::Blobs;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Config;
use crate::darkroom::Darkroom;
use crate::db::{self, Db};
use crate::http::Connections;
use crate::jobs::{self, Bell};
use crate::links::{DenyList, Seal};
use crate::room::Room;
use crate::shares::Shares;
use crate::tiers::{Catalogues, seed, sql};
use crate::uploads::{Spool, once};
use crate::variants::prints::Prints;
use crate::{cpu, fetch_one, fetch_optional, images, private};

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
    pub darkroom: Darkroom,
    pub cache: Cache,
    pub catalogues: Catalogues,
    /// Who the keys of the last second belong to.
    pub identities: Identities,
    /// What was handed out within the last second.
    pub prints: Prints,
    pub throttle: Throttle,
    /// Costly lists, by account.
    pub listings: Shares<Uuid>,
    /// Seals and opens temporary links.
    pub seal: Seal,
    /// Links that are dead before their time.
    pub denied: DenyList,
    pub clock: Clock,
    /// Who is connected.
    pub connections: Arc<Connections>,
    /// Rung when a job was enqueued.
    pub work: Bell,
    /// Rung when a job ended.
    pub done: Bell,
    /// Requests that may wait for a variant at the same time, by account.
    pub waiters: Shares<Uuid>,
    /// One at a time takes the place out of an original, by blob.
    pub strips: Shares<Uuid>,
    /// Zip files that may be written at the same time.
    pub zips: Shares<Uuid>,
    /// Cancelled when the process is to stop.
    pub stop: CancellationToken,
}

impl App {
    /// Opens everything that the settings name. `program` is this binary, for the darkroom.
    pub async fn open(config: Config, program: PathBuf) -> anyhow::Result<Self> {
        for folder in ["", "spool", "secrets"] {
            private::open_directory(&config.data.join(folder)).context("making a folder")?;
        }
        let (data, stored) = (config.data.clone(), config.blobs.root(&config.data));
        let room = Room::new(&config.room, &data, &stored);
        let tightened = move || {
            private::tighten(&data, &stored);
            Ok(())
        };
        cpu::run(tightened).await?;
        let clock = Clock::default();
        let db = Db::open(&config.database, &config.data).await?;
        seed::plant(&db).await.context("filling a new database")?;
        if !config.anonymous.is_empty() {
            crate::accounts::create::ensure_anonymous(&db, &config.anonymous, clock.now_ms())
                .await
                .context("anonymous")?;
        }
        let (spool, dead) = Spool::open(&config.data.join("spool"))?;
        jobs::claim::take_back(&db, &clock, dead.clone())
            .await
            .context("taking back jobs of the dead")?;
        once::take_back(&db, dead).await.context("taking back keys of the dead")?;
        let darkroom =
            Darkroom::new(program, config.darkroom.clone(), config.worker_count().max(1));
        let blobs = Blobs::open(&config.blobs, &config.data)?;
        let mut conn = db.read().await?;
        let (lab,) = fetch_one!(&mut conn, (Uuid,), sql::SELECT_LAB)?;
        let has_blobs =
            fetch_optional!(&mut conn, (Uuid,), images::sql::SELECT_ANY_BLOB)?.is_some();
        drop(conn);
        blobs.belong_to(lab, has_blobs)?;
        let seal = Seal::open(&db, &config.data.join("secrets")).await?;
        let denied = DenyList::default();
        denied.load(&db, clock.now_ms()).await.context("reading the list of dead links")?;
        Ok(Self(Arc::new(Parts {
            db,
            blobs,
            cache: Cache::new(&config.cache),
            identities: Identities::default(),
            prints: Prints::default(),
            throttle: Throttle::new(&config.sign_in),
            listings: Shares::new(config.images.listing_places()),
            seal,
            denied,
            spool: Arc::new(spool),
            room,
            darkroom,
            catalogues: Catalogues::default(),
            clock,
            connections: Connections::new(config.http.clone(), config.proxies.clone()),
            work: Bell::default(),
            done: Bell::default(),
            waiters: Shares::new(config.variants.waiting_places()),
            strips: Shares::new(config.variants.strips()),
            zips: Shares::new(config.images.zip_places()),
            stop: CancellationToken::new(),
            config,
        })))
    }

    /// Whether the database that the settings name has a lab in it. Makes nothing.
    pub async fn has_lab(config: &Config) -> anyhow::Result<bool> {
        let Some(mut conn) = Db::peek(&config.database, &config.data).await? else {
            return Ok(false);
        };
        let found = fetch_optional!(&mut conn, (Uuid,), sql::SELECT_LAB);
        conn.close().await;
        match found {
            Err(error) if db::is_missing_table(&error) => Ok(false),
            found => Ok(found.context("looking for a lab")?.is_some()),
        }
    }

    /// An absolute URL for a path of this service.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.base_url())
    }
}
