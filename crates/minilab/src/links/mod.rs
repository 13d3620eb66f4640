//! Temporary links as rows and tokens: what they say, which are dead. Knows no feature.
//!
//! A token is sealed and says all that is needed to serve it, so opening one asks no database. What
//! kills links before their time is written into their rows, and every process keeps a list of the
//! dead in memory, never more than a second old.

mod deny;
mod seal;
pub mod sql;
mod token;

pub use deny::DenyList;
pub use seal::{Seal, SealError, rotate};
pub use token::{Payload, Subject};

use crate::db::Conn;
use crate::execute;
use crate::ids::ImageId;

/// The word for the original where a preset's name would stand.
pub const ORIGINAL: &str = "original";
/// No link lives longer, whatever a tier says: what old variants and lists of the dead must outlive.
pub const LIFE_SECS_MAX: i64 = 30 * 24 * 3600;

/// Kills every link to an image: it is deleted.
pub async fn kill_of_image(tx: &mut Conn, image: ImageId, now_ms: i64) -> sqlx::Result<u64> {
    execute!(tx, sql::KILL_OF_IMAGE, image, now_ms)
}

/// Kills every link that its maker may not have any more: suspended, in another tier, or the tier is
/// not what it was. Called in the transaction of such a change.
pub async fn kill_unentitled(tx: &mut Conn, now_ms: i64) -> sqlx::Result<u64> {
    execute!(tx, sql::KILL_UNENTITLED, now_ms)
}
