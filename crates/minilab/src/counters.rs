//! What is counted: sums of deltas that each change appends in its own transaction.
//!
//! Housekeeping folds the deltas now and then. Readers add what is folded and what is not, in one
//! statement, so a sum is exact at every moment and no writer ever waits for a hot row.

use std::fmt;

use crate::db::{Conn, Db, Dialect};
use crate::ids::AccountId;
use crate::{execute, fetch_all, fetch_one, fetch_optional};

/// Whose counter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterScope {
    Account(AccountId),
    /// The whole installation.
    Lab,
    /// The curated collection.
    Gallery,
}

impl CounterScope {
    /// The scope whose names are the values of a facet.
    pub fn by(self, facet: Facet) -> String {
        format!("{self}/{facet}")
    }
}

impl fmt::Display for CounterScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{}", id.simple()),
            Self::Lab => f.write_str("lab"),
            Self::Gallery => f.write_str("gallery"),
        }
    }
}

/// What images are counted by, each value apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    Format,
    /// Models; the empty one is unknown.
    Camera,
    /// Days of upload, UTC. Deletes do not change them.
    Day,
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "format",
            Self::Camera => "camera",
            Self::Day => "day",
        })
    }
}

/// Images that exist.
pub const IMAGES: &str = "images";
/// Bytes of their originals, as uploaded.
pub const BYTES: &str = "bytes";
/// Bytes of distinct originals.
pub const STORED_BYTES: &str = "stored_bytes";
/// Changes of a list, so that each state of it has a number. Nothing to recount.
pub const CHANGES: &str = "changes";
/// Bytes of all variants; for an account, of those that its images have.
pub const VARIANT_BYTES: &str = "variant_bytes";

/// Jobs that ended well. Nothing to recount: their rows are not kept.
pub const JOBS_SUCCEEDED: &str = "jobs_succeeded";
pub const JOBS_CANCELLED: &str = "jobs_cancelled";

pub async fn add(tx: &mut Conn, scope: CounterScope, name: &str, delta: i64) -> sqlx::Result<()> {
    execute!(tx, sql::INSERT_DELTA, scope.to_string(), name, delta).map(|_| ())
}

/// A scope, a name, and by how much it changes.
pub type Delta<'a> = (String, &'a str, i64);

/// Adds many at once.
pub async fn add_all(tx: &mut Conn, deltas: &[Delta<'_>]) -> sqlx::Result<()> {
    if deltas.is_empty() {
        return Ok(());
    }
    let deltas = serde_json::to_string(deltas).expect("texts and numbers");
    execute!(tx, sql::INSERT_DELTAS, deltas).map(|_| ())
}

pub async fn read(conn: &mut Conn, scope: CounterScope, name: &str) -> sqlx::Result<i64> {
    let (sum,) = fetch_one!(conn, (i64,), sql::SUM, scope.to_string(), name)?;
    Ok(sum)
}

/// How many images of a scope have this value of a facet.
pub async fn of_facet(
    conn: &mut Conn,
    scope: CounterScope,
    facet: Facet,
    value: &str,
) -> sqlx::Result<i64> {
    let (sum,) = fetch_one!(conn, (i64,), sql::SUM, scope.by(facet), value)?;
    Ok(sum)
}

/// Values of a facet and how many images of a scope have them, of so many values at most. A value that
/// nothing has any more may be among them.
pub async fn values(
    conn: &mut Conn,
    scope: CounterScope,
    facet: Facet,
    most: i64,
) -> sqlx::Result<Vec<(String, i64)>> {
    fetch_all!(conn, (String, i64), sql::SUMS_OF_SOME, scope.by(facet), most)
}

/// The counters of an account that its pages show.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountCounts {
    pub images: i64,
    pub bytes: i64,
    pub variant_bytes: i64,
    pub changes: i64,
}

/// All counters of one scope, in one moment.
pub async fn of(conn: &mut Conn, scope: CounterScope) -> sqlx::Result<AccountCounts> {
    let mut counted = AccountCounts::default();
    for (name, sum) in fetch_all!(conn, (String, i64), sql::SUMS, scope.to_string())? {
        match &*name {
            IMAGES => counted.images = sum,
            BYTES => counted.bytes = sum,
            VARIANT_BYTES => counted.variant_bytes = sum,
            CHANGES => counted.changes = sum,
            _ => {}
        }
    }
    Ok(counted)
}

/// Moves deltas into the folded counters, if there are any.
///
/// On PostgreSQL one statement takes and folds the very same rows: a delta that commits in
/// between is left for the next time.
pub async fn fold_if_any(db: &Db) -> sqlx::Result<()> {
    let any = fetch_optional!(&mut db.read().await?, (i64,), sql::SELECT_ANY_DELTA)?;
    if any.is_none() {
        return Ok(());
    }
    db.write(db.dialect(), |tx, dialect| {
        Box::pin(async move {
            execute!(tx, sql::FOLD)?;
            if *dialect == Dialect::Sqlite {
                execute!(tx, sql::DELETE_FOLDED)?;
            }
            Ok(())
        })
    })
    .await
}

pub mod sql {
    //! SQL of the counters.

    crate::sql! {
        INSERT_DELTA = "INSERT INTO counter_deltas (scope, name, delta) VALUES ($1, $2, $3)";
        /// A JSON array of arrays.
        INSERT_DELTAS = sqlite "INSERT INTO counter_deltas (scope, name, delta)
            SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1)"
        postgres "INSERT INTO counter_deltas (scope, name, delta)
            SELECT d ->> 0, d ->> 1, CAST(d ->> 2 AS BIGINT)
            FROM jsonb_array_elements(CAST($1 AS JSONB)) AS d";
        SUM = "SELECT CAST(COALESCE(SUM(value), 0) AS BIGINT) FROM (
                SELECT value FROM counters WHERE scope = $1 AND name = $2
                UNION ALL
                SELECT delta AS value FROM counter_deltas WHERE scope = $1 AND name = $2
            ) AS both_kinds";
        SUMS = "SELECT name, CAST(SUM(value) AS BIGINT) FROM (
                SELECT name, value FROM counters WHERE scope = $1
                UNION ALL
                SELECT name, delta AS value FROM counter_deltas WHERE scope = $1
            ) AS both_kinds GROUP BY name";
        SUMS_OF_SOME = "SELECT name, CAST(SUM(value) AS BIGINT) FROM (
                SELECT name, value FROM counters WHERE scope = $1
                UNION ALL
                SELECT name, delta AS value FROM counter_deltas WHERE scope = $1
            ) AS both_kinds GROUP BY name LIMIT $2";
        /// Scopes from $1 up to $2, that one not with them.
        DELETE_BETWEEN = "DELETE FROM counters WHERE scope >= $1 AND scope < $2";
        SELECT_ANY_DELTA = "SELECT id FROM counter_deltas LIMIT 1";
        FOLD = sqlite "INSERT INTO counters (scope, name, value)
            SELECT scope, name, SUM(delta) FROM counter_deltas WHERE TRUE GROUP BY scope, name
            ON CONFLICT (scope, name) DO UPDATE SET value = value + excluded.value"
        postgres "WITH taken AS (DELETE FROM counter_deltas RETURNING scope, name, delta)
            INSERT INTO counters (scope, name, value)
            SELECT scope, name, SUM(delta) FROM taken GROUP BY scope, name ORDER BY scope, name
            ON CONFLICT (scope, name) DO UPDATE SET value = counters.value + excluded.value";
        /// Values that nothing has any more.
        DELETE_ZEROES = "DELETE FROM counters WHERE value = 0";
        /// SQLite has one writer: nothing came in since the fold of the same transaction.
        DELETE_FOLDED = "DELETE FROM counter_deltas";
    }
}
