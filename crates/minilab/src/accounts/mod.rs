//! Who asks: accounts, what proves who they are, and what their tier allows.

mod caller;
pub mod create;
mod identities;
pub mod key;
pub mod keys;
pub mod password;
pub mod routes;
pub mod scopes;
pub mod setup;
pub mod sign_in;
pub mod sql;
pub mod throttle;
pub mod upload_link;

pub use caller::{Admin, Caller, CallerOrHolder, Operator, ReadingCaller, Via, Watcher};
pub use identities::Identities;
pub use key::{Key, Kind};
pub use scopes::Scopes;
pub use upload_link::UploadLink;

use crate::db::Conn;
use crate::fetch_optional;
use crate::ids::AccountId;

/// The account that calls without a key belong to, where the settings allow such calls.
pub const ANONYMOUS: &str = "anonymous";

/// Somebody who may call.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub tier: String,
    pub is_admin: bool,
    pub suspended: bool,
}

pub async fn find_by_name(conn: &mut Conn, name: &str) -> sqlx::Result<Option<Account>> {
    fetch_optional!(conn, Account, sql::SELECT_BY_NAME, name)
}

pub async fn find(conn: &mut Conn, id: AccountId) -> sqlx::Result<Option<Account>> {
    fetch_optional!(conn, Account, sql::SELECT_BY_ID, id)
}
