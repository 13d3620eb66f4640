//! Brings the schema up to date. Both directories hold the same version numbers.

use anyhow::Context;
use sqlx::{PgPool, SqliteConnection};

pub(super) async fn sqlite(conn: &mut SqliteConnection) -> anyhow::Result<()> {
    sqlx::migrate!("migrations/sqlite").run(conn).await.context("bringing the schema up to date")
}

/// Several processes may start at once: sqlx takes an advisory lock around the whole.
pub(super) async fn postgres(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::migrate!("migrations/postgres").run(pool).await.context("bringing the schema up to date")
}
