//! What the owners of a blob have of its variants: counted, and their lists known to be changed.

use super::sql;
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::ids::{AccountId, BlobId, ImageId};
use crate::{execute, fetch_all};

/// An image, its owner, what was counted for it and what it has now.
type OwnedRow = (ImageId, AccountId, i64, i64);

/// Counts anew what each image of a blob has, and tells the lists of their owners. The blob is locked.
///
/// An image has what is made for its owner's tier at upload, and what its owner asked for; not what
/// others of the same bytes had made: a sum would tell of them.
pub async fn recount_owners(tx: &mut Conn, blob: BlobId) -> sqlx::Result<()> {
    let mut deltas = Vec::new();
    for (image, account, counted, actual) in fetch_all!(tx, OwnedRow, sql::SELECT_OWNED, blob)? {
        let scope = CounterScope::Account(account).to_string();
        if counted != actual {
            execute!(tx, sql::SET_VARIANT_BYTES, image, actual)?;
            deltas.push((scope.clone(), counters::VARIANT_BYTES, actual - counted));
        }
        deltas.push((scope, counters::CHANGES, 1));
    }
    counters::add_all(tx, &deltas).await
}

/// Whether an image of the blob is counted with something else than it has.
pub async fn is_miscounted(conn: &mut Conn, blob: BlobId) -> sqlx::Result<bool> {
    let lines = fetch_all!(conn, OwnedRow, sql::SELECT_OWNED, blob)?;
    Ok(lines.into_iter().any(|(_, _, counted, actual)| counted != actual))
}
