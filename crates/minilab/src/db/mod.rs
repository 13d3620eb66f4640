//! One database behind two engines: SQLite in the data directory, or PostgreSQL.
//!
//! Reads take a connection with [`Db::read`]; every write goes through [`Db::write`]. SQL lives in
//! each feature's `sql.rs`, declared with the [`sql!`](crate::sql) macro and run with `execute!`,
//! `fetch_all!`, `fetch_optional!` and `fetch_one!`. Only the filters of lists are put together, as [`Built`].

mod away;
mod built;
mod change;
mod conn;
mod faults;
mod full;
mod limited;
mod migrate;
mod open;
mod reserve;
pub mod sql;
mod writer;

pub use built::{Arg, Built};
pub use change::{Change, Changes};
pub use conn::{Conn, Engine};
pub use faults::{Undecided, is_away, is_bad_text, is_too_slow, is_undecided};
pub use full::{is_full, is_full_database};
pub use limited::Limited;
pub use open::{DatabaseConfig, Dialect, is_missing_table};

pub use reserve::Reserve;

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sqlx::{PgPool, SqlitePool};

use change::{Listener, Listening};
use conn::is_retryable;
use writer::SqliteWriter;

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    store: Store,
    listening: Listening,
}

#[derive(Clone)]
enum Store {
    Sqlite { reads: SqlitePool, writer: SqliteWriter },
    Postgres(PgPool),
}

impl From<Store> for Db {
    fn from(store: Store) -> Self {
        Self { store, listening: Listening::default() }
    }
}

/// A read that takes longer than this is not waited for at the end.
const READERS_END: Duration = Duration::from_secs(5);
/// How often a PostgreSQL transaction is tried when others got in its way, or its connection was lost.
const TRIES_MAX: u32 = 8;
/// Who waited so long for a connection does not wait for another one.
const PATIENCE: Duration = Duration::from_secs(3);

impl Db {
    /// A connection for reading. What it sees is committed.
    pub async fn read(&self) -> sqlx::Result<Conn> {
        Ok(match &self.store {
            Store::Sqlite { reads, .. } => Conn::Sqlite(reads.acquire().await?),
            Store::Postgres(pool) => Conn::Postgres(away::acquire(pool).await?),
        })
    }

    /// Runs `body` in a transaction and returns once it is durable; an `Err` undoes it.
    ///
    /// `body` may run twice, so it does nothing but SQL. On SQLite it shares one commit with the
    /// other writers that wait, and runs to its end even when the caller goes away. What its statements
    /// [change](Change) is told before this returns.
    pub async fn write<A, T, E, F>(&self, args: A, body: F) -> Result<T, E>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        E: From<sqlx::Error> + Send + 'static,
        F: for<'a> Fn(&'a mut Conn, &'a A) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    {
        let (value, changes) = match &self.store {
            Store::Sqlite { writer, .. } => writer.write(args, body).await?,
            Store::Postgres(pool) => write_postgres(pool, &args, &body).await?,
        };
        self.listening.tell(changes).await;
        Ok(value)
    }

    /// Has `listener` told of every change that is committed through this handle and its clones.
    pub fn listen(&self, listener: Listener) {
        self.listening.begin(listener);
    }

    /// The same database, whose writes nobody is told of: what a listener itself may hold.
    #[must_use]
    pub fn untold(&self) -> Self {
        self.store.clone().into()
    }

    /// Connections for reading: how many are open, how many of them idle, how many there may be.
    pub fn connections(&self) -> (u32, usize, u32) {
        fn of<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> (u32, usize, u32) {
            (pool.size(), pool.num_idle(), pool.options().get_max_connections())
        }
        match &self.store {
            Store::Sqlite { reads, .. } => of(reads),
            Store::Postgres(all) => of(all),
        }
    }

    pub fn dialect(&self) -> Dialect {
        match &self.store {
            Store::Sqlite { .. } => Dialect::Sqlite,
            Store::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Lets waiting writes finish and closes every connection. Of SQLite, one file is left then, unless
    /// another process has it open.
    pub async fn close(&self) {
        match &self.store {
            Store::Sqlite { reads, writer } => {
                // The readers first: the last connection to close moves all into that one file.
                if tokio::time::timeout(READERS_END, reads.close()).await.is_err() {
                    tracing::warn!("somebody still reads the database; its log of writes stays");
                }
                writer.close().await;
            }
            Store::Postgres(pool) => pool.close().await,
        }
    }
}

async fn write_postgres<A, T, E, F>(pool: &PgPool, args: &A, body: &F) -> Result<(T, Changes), E>
where
    E: From<sqlx::Error>,
    F: for<'a> Fn(&'a mut Conn, &'a A) -> BoxFuture<'a, Result<T, E>>,
{
    let (mut tries, started) = (0, Instant::now());
    loop {
        tries += 1;
        let begun = match away::begin(pool).await {
            // Waiting for a connection has its own bound.
            Err(error) if is_away(&error) && tries < TRIES_MAX && started.elapsed() < PATIENCE => {
                tokio::time::sleep(backoff(tries)).await;
                continue;
            }
            begun => begun?,
        };
        let mut tx = Conn::transaction(begun);
        let outcome = body(&mut tx, args).await;
        let Conn::Transaction { tx, is_worth_a_retry, is_lost, changes } = tx else {
            unreachable!("a body cannot replace its transaction by another kind of connection")
        };
        if outcome.is_err() || is_lost {
            // What cannot be rolled back any more is rolled back by the server.
            if let Err(error) = tx.rollback().await
                && !is_away(&error)
            {
                return Err(error.into());
            }
            if is_worth_a_retry && tries < TRIES_MAX {
                tokio::time::sleep(backoff(tries)).await;
                continue;
            }
            // A body may have made light of the loss; there is nothing to commit all the same.
            return match outcome {
                Ok(_) => Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into()),
                Err(failed) => Err(failed),
            };
        }
        match tx.commit().await {
            Err(error) if is_retryable(&error) && tries < TRIES_MAX => {
                tokio::time::sleep(backoff(tries)).await;
            }
            // It may have happened: only the caller knows whether twice is once too often.
            Err(error) if is_away(&error) => return Err(sqlx::Error::from(Undecided(error)).into()),
            committed => {
                committed?;
                return outcome.map(|value| (value, changes));
            }
        }
    }
}

fn backoff(tries: u32) -> Duration {
    Duration::from_millis(rand::random_range(1..=(4 << tries)))
}
