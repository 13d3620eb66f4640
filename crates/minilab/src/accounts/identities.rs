//! Who a key belongs to, known for at most a second.
//!
//! A revoked key and a suspended account are refused everywhere within that second; in the process
//! that did it at once.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use uuid::Uuid;

use super::key::{Key, Kind};
use super::{Account, Scopes, sql};
use crate::clock::Clock;
use crate::db::Db;
use crate::{execute, fetch_optional};

/// Counted from after the row was read; with the reading it stays below a second.
const LIFE: Duration = Duration::from_millis(900);
const KNOWN_MAX: u64 = 10_000;
/// When a key was last used is kept to the minute.
const TOUCH_EVERY: Duration = Duration::from_mins(1);
/// A browser stays signed in so long after its last visit.
pub(super) const COOKIE_LIFE: Duration = Duration::from_hours(30 * 24);

/// A live key's row, and the account behind it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Identity {
    pub kind: String,
    pub secret_hash: Vec<u8>,
    pub family_id: Option<Uuid>,
    #[sqlx(try_from = "String")]
    pub scopes: Scopes,
    pub expires_ms: Option<i64>,
    pub last_used_ms: Option<i64>,
    pub spent_ms: Option<i64>,
    #[sqlx(flatten)]
    pub account: Account,
}

impl Identity {
    fn is_live(&self, key: &Key, now_ms: i64) -> bool {
        key.matches(&self.secret_hash)
            && self.kind == key.kind.word()
            && self.expires_ms.is_none_or(|expires_ms| now_ms < expires_ms)
    }
}

/// The keys that were used within the last second.
#[derive(Clone)]
pub struct Identities {
    known: Cache<Uuid, Arc<Identity>>,
}

impl Default for Identities {
    fn default() -> Self {
        Self { known: Cache::builder().max_capacity(KNOWN_MAX).time_to_live(LIFE).build() }
    }
}

impl Identities {
    /// The account behind a key; nothing for a key that is unknown, revoked or expired.
    pub async fn find(
        &self,
        db: &Db,
        clock: &Clock,
        key: &Key,
    ) -> sqlx::Result<Option<Arc<Identity>>> {
        let now_ms = clock.now_ms();
        if let Some(known) = self.known.get(&key.id).await {
            return Ok(Some(known).filter(|known| known.is_live(key, now_ms)));
        }
        Box::pin(self.look_up(db, key, now_ms)).await
    }

    async fn look_up(
        &self,
        db: &Db,
        key: &Key,
        now_ms: i64,
    ) -> sqlx::Result<Option<Arc<Identity>>> {
        let row = look_up(db, key.id).await?;
        let Some(row) = row.filter(|row| row.is_live(key, now_ms)) else {
            return Ok(None);
        };
        if is_due(row.last_used_ms, now_ms) {
            touch(db.clone(), key.id, key.kind, now_ms);
        }
        let row = Arc::new(row);
        self.known.insert(key.id, row.clone()).await;
        Ok(Some(row))
    }

    /// Something about accounts or keys was changed here: all rows are read anew.
    pub fn forget(&self) {
        self.known.invalidate_all();
    }
}

/// The row as it is now.
pub(super) async fn look_up(db: &Db, id: Uuid) -> sqlx::Result<Option<Identity>> {
    fetch_optional!(&mut db.read().await?, Identity, sql::SELECT_CREDENTIAL, id)
}

fn is_due(last_used_ms: Option<i64>, now_ms: i64) -> bool {
    last_used_ms.is_none_or(|last| now_ms - last >= TOUCH_EVERY.as_millis() as i64)
}

/// Nobody waits for this to be written.
fn touch(db: Db, id: Uuid, kind: Kind, now_ms: i64) {
    let expires_ms = (kind == Kind::Cookie).then(|| now_ms + COOKIE_LIFE.as_millis() as i64);
    crate::spawn(async move {
        let written = db.write((id, now_ms, expires_ms), |tx, &(id, now_ms, expires_ms)| {
            Box::pin(async move { execute!(tx, sql::TOUCH, id, now_ms, expires_ms) })
        });
        if let Err(error) = written.await {
            tracing::warn!(%error, "could not note the use of a key");
        }
    });
}
