//! Opening the database that the settings name.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool};

use super::reserve::Reserve;
use super::writer::SqliteWriter;
use super::{Conn, Db, Store, away, migrate};
use crate::private;

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
        if !config.url.is_empty() {
            return open_postgres(config).await;
        }
        private::open_directory(data).context("making the data directory")?;
        open_sqlite(&data.join(SQLITE_FILE), config.connections).await
    }

    /// A connection to a database as it is, to look whether there is a lab in it; nothing where there is no
    /// file. Makes and changes nothing.
    pub async fn peek(config: &DatabaseConfig, data: &Path) -> anyhow::Result<Option<Conn>> {
        if !config.url.is_empty() {
            let pool = postgres_pool(&DatabaseConfig { connections: 1, ..config.clone() }).await?;
            return Ok(Some(Conn::Postgres(pool.acquire().await?)));
        }
        let path = data.join(SQLITE_FILE);
        if !private::is_there(&path).context("opening the database")? {
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
    Ok(Store::Postgres(pool).into())
}

async fn postgres_pool(config: &DatabaseConfig) -> anyhow::Result<PgPool> {
    let reaching = "connecting to the database that database.url names";
    let options = known_parameters(&config.url).parse::<PgConnectOptions>().context(reaching)?;
    // Compiling a plan costs more than any of our statements.
    let options = options.options([("jit", "off")]);
    away::await_start(&options).await.context(reaching)?;
    Ok(PgPoolOptions::new()
        .max_connections(config.connections)
        .acquire_timeout(Duration::from_secs(10))
        .connect_lazy_with(options))
}

/// What sqlx reads of a URL's parameters; those that begin with `options[` come to these.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// The URL without parameters that nobody reads: sqlx would put them into the log with their values, and
/// they may be secrets.
fn known_parameters(url: &str) -> String {
    let Some((base, query)) = url.split_once('?') else { return url.to_owned() };
    let query = query.split('#').next().unwrap_or_default();
    let (known, ignored) = query.split('&').partition::<Vec<_>, _>(|pair| {
        let key = pair.split('=').next().unwrap_or_default();
        let key = percent_decode_str(key).decode_utf8_lossy();
        PARAMETERS.contains(&&*key) || key.starts_with("options[")
    });
    if !ignored.is_empty() {
        let ignored = ignored.len();
        tracing::warn!(ignored, "database.url has parameters that mean nothing here");
    }
    format!("{base}?{}", known.join("&"))
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
        // After a burst the log of writes gives its room back.
        .pragma("journal_size_limit", "16777216")
        .pragma("temp_store", "memory");
    // Processes that start together bring the schema up to date one after the other.
    let lock = path.with_extension("lock");
    let lock = crate::cpu::run(move || private::lock(&lock)).await?;
    // Made here, so that it is private: what SQLite puts beside it gets the same rights.
    private::make(path).context("opening the database")?;
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
    let data = path.parent().expect("the data directory").to_owned();
    let reserve = crate::cpu::run(move || Ok(Reserve::open(&data))).await?;
    Ok(Store::Sqlite { reads, writer: SqliteWriter::start(writer, reserve) }.into())
}
