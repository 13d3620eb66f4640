//! The start of a process: everything is opened, what the dead left is taken back, and what goes on by itself
//! until the end is set going.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::accounts::Identities;
use crate::accounts::create::ensure_anonymous;
use crate::accounts::throttle::Throttle;
use crate::app::{App, Parts};
use crate::blobs::Blobs;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{self, Change, Db};
use crate::events::Watchers;
use crate::http::Connections;
use crate::jobs::{self, Notifier};
use crate::links::{DenyList, Seal};
use crate::render_pool::RenderPool;
use crate::room::Room;
use crate::seldom::Seldom;
use crate::shares::Shares;
use crate::spool::Spool;
use crate::tiers::{Catalogues, seed, sql};
use crate::uploads::idempotency;
use crate::variants::resolved::RecentVariants;
use crate::{cpu, fetch_one, fetch_optional, images, private};

/// The database may be away for a night.
static AWAY: Seldom = Seldom::new();
/// How often a process asks for the newly dead links.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// All of them are read anew so often, for what a look may have missed.
const RELOAD_EVERY: Duration = Duration::from_mins(1);
const TIDY_EVERY: Duration = Duration::from_mins(1);

/// Opens everything that the settings name. `program` is this binary, for the renderers.
pub async fn open(config: Config, program: PathBuf) -> anyhow::Result<App> {
    for folder in ["", "spool", "secrets"] {
        let folder = config.data.join(folder);
        private::open_directory(&folder)
            .with_context(|| format!("making the folder {}", folder.display()))?;
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
        ensure_anonymous(&db, &config.anonymous, clock.now_ms()).await.context("anonymous")?;
    }
    let (spool, dead) = Spool::open(&config.data.join("spool"))?;
    jobs::claim::take_back(&db, &clock, dead.clone())
        .await
        .context("taking back jobs of the dead")?;
    idempotency::take_back(&db, dead).await.context("taking back keys of the dead")?;
    let render_pool =
        RenderPool::new(program, config.renderer.clone(), config.worker_count().max(1));
    let blobs = Blobs::open(&config.blobs, &config.data)?;
    let mut conn = db.read().await?;
    let (lab,) = fetch_one!(&mut conn, (Uuid,), sql::SELECT_LAB)?;
    let has_blobs = fetch_optional!(&mut conn, (Uuid,), images::sql::SELECT_ANY_BLOB)?.is_some();
    drop(conn);
    blobs.belong_to(lab, has_blobs)?;
    let seal = Seal::open(&db, &config.data.join("secrets")).await?;
    let denied = DenyList::default();
    denied.load(&db, clock.now_ms()).await.context("reading the list of dead links")?;
    let app = App::new(Parts {
        db,
        blobs,
        cache: Cache::new(&config.cache),
        identities: Identities::default(),
        recent_variants: RecentVariants::default(),
        throttle: Throttle::new(&config.sign_in),
        listings: Shares::new(config.images.listing_places()),
        seal,
        denied,
        spool: Arc::new(spool),
        room,
        render_pool,
        catalogues: Catalogues::default(),
        clock,
        connections: Connections::new(config.http.clone(), config.proxies.clone()),
        work: Notifier::default(),
        done: Notifier::default(),
        waiters: Shares::new(config.variants.waiting_places()),
        strips: Shares::new(config.variants.strips()),
        zips: Shares::new(config.images.zip_places()),
        watchers: Watchers::default(),
        stop: CancellationToken::new(),
        config,
    });
    hear_of_changes(&app);
    Ok(app)
}

/// What this process knows of rows is forgotten with the commit that changes them, and who waits for work or
/// for an image hears of it. Other processes find out by looking, within a second.
fn hear_of_changes(app: &App) {
    let (db, denied, clock) = (app.db.untold(), app.denied.clone(), app.clock.clone());
    let (catalogues, identities) = (app.catalogues.clone(), app.identities.clone());
    let (work, done) = (app.work.clone(), app.done.clone());
    app.db.listen(Box::new(move |changes| {
        if changes.has(Change::Catalogue) {
            catalogues.forget();
        }
        if changes.has(Change::Catalogue) || changes.has(Change::Callers) {
            identities.forget();
        }
        if changes.has(Change::Work) {
            work.notify();
        }
        if changes.has(Change::Ended) {
            done.notify_all();
        }
        if !changes.has(Change::Links) {
            return Box::pin(std::future::ready(()));
        }
        let (db, denied, clock) = (db.clone(), denied.clone(), clock.clone());
        Box::pin(async move { denied.refresh_soon(&db, clock.now_ms()).await })
    }));
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

/// Keeps the list of dead links young until the process is to stop. While the database is away nobody can kill a
/// link, and those that live go on.
pub async fn watch_links(app: App) {
    let mut last_load = Instant::now();
    while !app.stop.is_cancelled() {
        let now_ms = app.clock.now_ms();
        let read = if last_load.elapsed() > RELOAD_EVERY {
            last_load = Instant::now();
            app.denied.load(&app.db, now_ms).await
        } else {
            app.denied.refresh(&app.db, now_ms).await
        };
        if let Err(error) = read
            && AWAY.speaks()
        {
            tracing::warn!(%error, "could not read the list of dead links");
        }
        if let Err(cause) = app.seal.reload_if_changed() {
            tracing::error!(cause = format!("{cause:#}"), "could not read the keys of links");
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Keeps the memory of tries small until the process is to stop.
pub async fn tidy_sign_ins(app: App) {
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(TIDY_EVERY) => app.throttle.tidy(),
        }
    }
}
