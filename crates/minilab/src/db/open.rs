//! Opening the database that the settings name.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool};

use super::writer::Writer;
use super::{Db, migrate};

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
            open_sqlite(&data.join("minilab.db"), config.connections).await?
        } else {
            open_postgres(config).await?
        };
        Ok(db)
    }
}

async fn open_postgres(config: &DatabaseConfig) -> anyhow::Result<Db> {
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(config.connections)
        .acquire_timeout(Duration::from_secs(10))
        .connect(&config.url)
        .await
        .context("connecting to the database that database.url names")?;
    migrate::postgres(&pool).await?;
    Ok(Db::Postgres(pool))
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
