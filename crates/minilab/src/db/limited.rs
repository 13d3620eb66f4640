//! A reading connection whose statements are given up after a while.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Conn, Db, Store, away};

/// Steps of SQLite's machine between two looks at the clock: some 100 µs.
const STEPS: i32 = 10_000;

/// Reads as any [`Conn`] does, but not for ever.
pub struct Limited {
    conn: Conn,
    /// Then the connection is somebody else's, and its statements are not watched any more.
    is_given_back: Arc<AtomicBool>,
}

impl Db {
    /// A connection for reading whose statements end with an error once `most` is over: see
    /// [`is_too_slow`](super::is_too_slow).
    pub async fn read_within(&self, most: Duration) -> sqlx::Result<Limited> {
        let is_given_back = Arc::new(AtomicBool::new(false));
        let conn = match &self.store {
            Store::Sqlite { reads, .. } => {
                let mut conn = reads.acquire().await?;
                let (deadline, is_free) = (Instant::now() + most, is_given_back.clone());
                conn.lock_handle().await?.set_progress_handler(STEPS, move || {
                    is_free.load(Ordering::Relaxed) || Instant::now() < deadline
                });
                Conn::Sqlite(conn)
            }
            Store::Postgres(pool) => {
                let mut tx = away::begin(pool).await?;
                let limit = format!("SET LOCAL statement_timeout = {}", most.as_millis());
                sqlx::query(sqlx::AssertSqlSafe(limit)).execute(&mut *tx).await?;
                Conn::transaction(tx)
            }
        };
        Ok(Limited { conn, is_given_back })
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.is_given_back.store(true, Ordering::Relaxed);
    }
}

impl Deref for Limited {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Limited {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
