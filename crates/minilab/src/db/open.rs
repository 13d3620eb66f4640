//! Opening the database that the settings name.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool};

use super::writer::Writer;
use super::{Conn, Db, away, migrate};

/// The database of a lab on SQLite, in its data directory.
const SQLITE_FILE: &str = "minilab.db";

/// `[database]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://…`; empty is SQLite in the data directory.
    pub url: String,
    /// How many connections this process may open.
    pub connections: u32,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: String::new(), connections: 16 }
    }
}

impl DatabaseConfig {
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let is_postgres =
            self.url.starts_with("postgres://") || self.url.starts_with("postgresql://");
        if !self.url.is_empty() && !is_postgres {
            problems.push(
                "database.url: must start with postgres:// (or be empty for SQLite)".to_owned(),
            );
        }
        if !(2..=500).contains(&self.connections) {
            problems.push(format!(
                "database.connections: {} is not between 2 and 500",
                self.connections
            ));
        }
        problems
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Db {
    /// Opens the database and brings its schema up to date.
    pub async fn open(config: &DatabaseConfig, data: &Path) -> anyhow::Result<Self> {
        let db = if config.url.is_empty() {
            open_sqlite(&data.join(SQLITE_FILE), config.connections).await?
        } else {
            open_postgres(config).await?
        };
        Ok(db)
    }

    /// A connection to a database as it is, to look whether there is a lab in it; nothing where there is no
    /// file. Makes and changes nothing.
    pub async fn peek(config: &DatabaseConfig, data: &Path) -> anyhow::Result<Option<Conn>> {
        if !config.url.is_empty() {
            let pool = postgres_pool(&DatabaseConfig { connections: 1, ..config.clone() }).await?;
            return Ok(Some(Conn::Postgres(pool.acquire().await?)));
        }
        let path = data.join(SQLITE_FILE);
        if !path.exists() {
            return Ok(None);
        }
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(false);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        let pool = pool.with_context(|| format!("opening {}", path.display()))?;
        Ok(Some(Conn::Sqlite(pool.acquire().await?)))
    }
}

/// Whether a statement failed because its table is not there.
pub fn is_missing_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table")
    })
}

async fn open_postgres(config: &DatabaseConfig) -> anyhow::Result<Db> {
    let pool = postgres_pool(config).await?;
    migrate::postgres(&pool).await?;
    Ok(Db::Postgres(pool))
}

async fn postgres_pool(config: &DatabaseConfig) -> anyhow::Result<PgPool> {
    let reaching = "connecting to the database that database.url names";
    let options = config.url.parse::<PgConnectOptions>().context(reaching)?;
    // Compiling a plan costs more than any of our statements.
    let options = options.options([("jit", "off")]);
    away::await_start(&options).await.context(reaching)?;
    Ok(PgPoolOptions::new()
        .max_connections(config.connections)
        .acquire_timeout(Duration::from_secs(10))
        .connect_lazy_with(options))
}

async fn open_sqlite(path: &Path, connections: u32) -> anyhow::Result<Db> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(30))
        .pragma("cache_size", "-8192")
        .pragma("temp_store", "memory");
    // Processes that start together bring the schema up to date one after the other.
    let lock = std::fs::File::create(path.with_extension("lock")).context("making a lock file")?;
    let lock = crate::cpu::run(move || Ok(lock.lock().map(|()| lock)?)).await?;
    let mut writer =
        options.connect().await.with_context(|| format!("opening {}", path.display()))?;
    migrate::sqlite(&mut writer).await?;
    drop(lock);
    let reads = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        // A file does not go away like a server: no question before each use.
        .test_before_acquire(false)
        .connect_with(options.pragma("query_only", "on"))
        .await
        .context("opening the database for reading")?;
    Ok(Db::Sqlite { reads, writer: Writer::start(writer) })
}
