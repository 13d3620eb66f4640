//! Links that are dead before their time, in memory.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use super::sql;
use crate::db::Db;
use crate::fetch_all;
use crate::ids::LinkId;

/// Transactions commit later than their clock says, and clocks differ: so far back each look goes.
const OVERLAP: Duration = Duration::from_mins(2);

/// The dead by id, each with the moment from which it would be refused anyway.
#[derive(Clone, Default)]
pub struct DenyList {
    dead: Arc<RwLock<HashMap<LinkId, i64>>>,
}

impl DenyList {
    pub fn contains(&self, link: LinkId) -> bool {
        self.dead.read().expect("nobody panics holding it").contains_key(&link)
    }

    /// Adds what died since a moment, 0 for all there are.
    async fn read(&self, db: &Db, since_ms: i64, now_ms: i64) -> sqlx::Result<()> {
        let mut conn = db.read().await?;
        let rows = fetch_all!(&mut conn, (LinkId, i64, i64), sql::SELECT_DEAD, since_ms, now_ms)?;
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
    pub async fn refresh_soon(&self, db: &Db, now_ms: i64) {
        if let Err(error) = self.refresh(db, now_ms).await {
            tracing::warn!(%error, "could not read the list of dead links");
        }
    }

    /// What died lately, here or in another process.
    pub async fn refresh(&self, db: &Db, now_ms: i64) -> sqlx::Result<()> {
        self.read(db, now_ms - OVERLAP.as_millis() as i64, now_ms).await
    }
}
