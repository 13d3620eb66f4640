//! A connection of either engine, and the macros that run a statement on it.

use std::mem::take;

use super::{Change, Changes, is_away};
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

/// What a statement runs on.
pub enum Conn {
    /// The one connection that writes to SQLite; the writer task owns it.
    SqliteWriter {
        conn: SqliteConnection,
        changes: Changes,
    },
    /// A reading connection; the engine refuses writes on it.
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
    Transaction {
        tx: Transaction<'static, Postgres>,
        /// A statement failed because of another transaction or of its connection: the whole body is
        /// worth a retry.
        is_worth_a_retry: bool,
        /// The connection is gone: there is nothing to commit.
        is_lost: bool,
        changes: Changes,
    },
}

/// The engine's own connection, borrowed for one statement.
pub enum Engine<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Conn {
    pub(super) fn transaction(tx: Transaction<'static, Postgres>) -> Self {
        let changes = Changes::default();
        Self::Transaction { tx, is_worth_a_retry: false, is_lost: false, changes }
    }

    /// Closes a connection for reading, instead of giving it back to its pool.
    pub async fn close(self) {
        let closed = match self {
            Self::Sqlite(conn) => conn.close().await,
            Self::Postgres(conn) => conn.close().await,
            Self::SqliteWriter { .. } | Self::Transaction { .. } => Ok(()),
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "a connection did not close well");
        }
    }

    pub fn engine(&mut self) -> Engine<'_> {
        match self {
            Self::SqliteWriter { conn, .. } => Engine::Sqlite(conn),
            Self::Sqlite(conn) => Engine::Sqlite(conn),
            Self::Postgres(conn) => Engine::Postgres(conn),
            Self::Transaction { tx, .. } => Engine::Postgres(tx),
        }
    }

    /// Remembers what is to be told after the commit. Nothing on a connection that only reads.
    pub fn changed(&mut self, change: Option<Change>) {
        if let (
            Self::SqliteWriter { changes, .. } | Self::Transaction { changes, .. },
            Some(change),
        ) = (self, change)
        {
            changes.add(change);
        }
    }

    /// What was remembered since the last time.
    pub(super) fn take_changes(&mut self) -> Changes {
        match self {
            Self::SqliteWriter { changes, .. } | Self::Transaction { changes, .. } => take(changes),
            Self::Sqlite(_) | Self::Postgres(_) => Changes::default(),
        }
    }

    /// Remembers whether a failed statement makes its transaction worth repeating.
    pub fn note<T>(&mut self, outcome: sqlx::Result<T>) -> sqlx::Result<T> {
        if let (Self::Transaction { is_worth_a_retry, is_lost, .. }, Err(error)) = (self, &outcome)
        {
            *is_lost |= is_away(error);
            *is_worth_a_retry |= *is_lost || is_retryable(error);
        }
        outcome
    }
}

/// Serialization failure and deadlock, as PostgreSQL's appendix A names them.
pub(super) fn is_retryable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

/// Runs one statement on whichever engine the connection is of.
#[macro_export]
macro_rules! run_sql {
    ($conn:expr, $query:ident $(::<$row:ty>)?, $sql:expr, [$($arg:expr),*], $finish:ident, $map:expr, $has_done:expr) => {{
        let conn: &mut $crate::db::Conn = $conn;
        let sql: $crate::db::sql::Sql = $sql;
        debug_assert_eq!(sql.params, <[&str]>::len(&[$(stringify!($arg)),*]), "parameters of {}", sql.name);
        let outcome = match conn.engine() {
            $crate::db::Engine::Sqlite(c) => {
                sqlx::$query::<sqlx::Sqlite $(, $row)?>(sql.sqlite)$(.bind($arg))*
                    .$finish(c).await.map($map)
            }
            $crate::db::Engine::Postgres(c) => {
                sqlx::$query::<sqlx::Postgres $(, $row)?>(sql.postgres)$(.bind($arg))*
                    .$finish(c).await.map($map)
            }
        };
        if outcome.as_ref().is_ok_and($has_done) {
            conn.changed(sql.change);
        }
        conn.note(outcome)
    }};
}

/// Runs a statement; returns how many rows it changed.
#[macro_export]
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::run_sql!($conn, query, $sql, [$($arg),*], execute, |done| done.rows_affected(), |rows| *rows > 0)
    };
}

/// Every row, as `$row` (a tuple or a `FromRow` struct).
#[macro_export]
macro_rules! fetch_all {
    ($conn:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::run_sql!($conn, query_as::<$row>, $sql, [$($arg),*], fetch_all, |found| found, |rows| !rows.is_empty())
    };
}

/// The first row or nothing.
#[macro_export]
macro_rules! fetch_optional {
    ($conn:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::run_sql!($conn, query_as::<$row>, $sql, [$($arg),*], fetch_optional, |found| found, Option::is_some)
    };
}

/// The one row there must be.
#[macro_export]
macro_rules! fetch_one {
    ($conn:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::run_sql!($conn, query_as::<$row>, $sql, [$($arg),*], fetch_one, |found| found, |_| true)
    };
}
