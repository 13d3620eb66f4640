//! Whom a difference concerns: an operator knows accounts and file names, not ids of blobs.

use super::{Difference, sql};
use crate::db::Conn;
use crate::ids::{AccountId, ImageId};
use crate::{accounts, fetch_all};

/// Images that are named; of more there is the number.
const NAMED_MAX: usize = 3;

/// Account, image, file name.
type ShownImageRow = (String, ImageId, String);

/// The images and accounts that a difference is about, in words; nothing where it is about none.
pub async fn whose(conn: &mut Conn, difference: &Difference) -> sqlx::Result<Option<String>> {
    match difference {
        Difference::Original { blob, .. }
        | Difference::Variant { blob, .. }
        | Difference::StuckImage { blob, .. } => {
            let shown = fetch_all!(conn, ShownImageRow, sql::SELECT_SHOWN_BY, *blob)?;
            Ok((!shown.is_empty()).then(|| images(&shown)))
        }
        Difference::Counter { scope, .. } => {
            let id = scope.strip_prefix("account:").and_then(|rest| rest.split('/').next());
            let Some(id) = id.and_then(|id| id.parse::<AccountId>().ok()) else { return Ok(None) };
            let account = accounts::find(conn, id).await?;
            Ok(account.map(|account| format!("account {:?}", account.name)))
        }
        Difference::OrphanFile { .. }
        | Difference::ForeignFile { .. }
        | Difference::OrphanBlob { .. }
        | Difference::ForgottenBlob { .. } => Ok(None),
    }
}

fn images(shown: &[ShownImageRow]) -> String {
    let named = shown.iter().take(NAMED_MAX).map(|(account, image, filename)| {
        format!("account {account:?} has it as {filename:?}, image {image}")
    });
    let named = named.collect::<Vec<_>>().join("; ");
    match shown.len().saturating_sub(NAMED_MAX) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}
