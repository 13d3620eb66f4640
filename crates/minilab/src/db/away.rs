//! A PostgreSQL that does not answer, and why: a pool only knows that it waited too long.

use std::io;
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

/// How long one try to reach the server may take.
const TRY: Duration = Duration::from_secs(3);
/// Servers that start together may wait for each other so long.
const START: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(250);

/// A connection of the pool; where none comes in time, the true reason.
pub(super) async fn acquire(pool: &PgPool) -> sqlx::Result<PoolConnection<Postgres>> {
    match pool.acquire().await {
        Err(sqlx::Error::PoolTimedOut) => Err(cause(pool).await),
        acquired => acquired,
    }
}

pub(super) async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    match pool.begin().await {
        Err(sqlx::Error::PoolTimedOut) => Err(cause(pool).await),
        begun => begun,
    }
}

async fn cause(pool: &PgPool) -> sqlx::Error {
    match reach(&pool.connect_options()).await {
        Ok(()) => {
            let most = pool.options().get_max_connections();
            let text = format!(
                "the database answers, but all {most} connections of this process are in use \
                 (database.connections)"
            );
            sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, text))
        }
        Err(error) => error,
    }
}

/// Waits a moment for a server that is not there yet; then says why not.
pub(super) async fn await_start(options: &PgConnectOptions) -> sqlx::Result<()> {
    let started = Instant::now();
    loop {
        match reach(options).await {
            Err(sqlx::Error::Io(_)) if started.elapsed() < START => {
                tokio::time::sleep(AGAIN).await;
            }
            reached => return reached,
        }
    }
}

async fn reach(options: &PgConnectOptions) -> sqlx::Result<()> {
    let connected = tokio::time::timeout(TRY, PgConnection::connect_with(options)).await;
    let connected = connected.map_err(|_| {
        let text = format!("no answer within {} s", TRY.as_secs());
        sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, text))
    })?;
    connected?.close().await
}
