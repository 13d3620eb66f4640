//! Links that are dead before their time, in memory.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::sql;
use crate::app::App;
use crate::db::Db;
use crate::fetch_all;
use crate::seldom::Seldom;

/// The database may be away for a night.
static AWAY: Seldom = Seldom::new();

/// How often a process asks for the newly dead.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Transactions commit later than their clock says, and clocks differ: so far back each look goes.
const OVERLAP: Duration = Duration::from_mins(2);
/// All are read anew so often, for what a look may have missed.
const RELOAD_EVERY: Duration = Duration::from_mins(1);

/// The dead by id, each with the moment from which it would be refused anyway.
#[derive(Clone, Default)]
pub struct DenyList {
    dead: Arc<RwLock<HashMap<Uuid, i64>>>,
}

impl DenyList {
    pub fn contains(&self, link: Uuid) -> bool {
        self.dead.read().expect("nobody panics holding it").contains_key(&link)
    }

    /// Adds what died since a moment, 0 for all there are.
    async fn read(&self, db: &Db, since_ms: i64, now_ms: i64) -> sqlx::Result<()> {
        let mut conn = db.read().await?;
        let rows = fetch_all!(&mut conn, (Uuid, i64, i64), sql::SELECT_DEAD, since_ms, now_ms)?;
        drop(conn);
        let mut dead = self.dead.write().expect("nobody panics holding it");
        dead.extend(rows.into_iter().map(|(id, expires_ms, _)| (id, expires_ms)));
        Ok(())
    }

    /// Everything that is dead now. Called before the process says that it is ready.
    pub async fn load(&self, db: &Db, now_ms: i64) -> sqlx::Result<()> {
        self.read(db, 0, now_ms).await?;
        let mut dead = self.dead.write().expect("nobody panics holding it");
        dead.retain(|_, expires_ms| *expires_ms > now_ms);
        Ok(())
    }

    /// As [`refresh`](Self::refresh); what cannot be read now is read by the next look.
    pub async fn refresh_soon(&self, app: &App) {
        if let Err(error) = self.refresh(&app.db, app.clock.now_ms()).await {
            tracing::warn!(%error, "could not read the list of dead links");
        }
    }

    /// What died lately, here or in another process.
    pub async fn refresh(&self, db: &Db, now_ms: i64) -> sqlx::Result<()> {
        self.read(db, now_ms - OVERLAP.as_millis() as i64, now_ms).await
    }
}

/// Keeps the list young until the process is to stop. While the database is away nobody can kill a
/// link, and those that live go on.
pub async fn watch(app: App) {
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
