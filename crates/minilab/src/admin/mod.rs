//! What admins change: accounts, tiers, presets. Every change is one transaction with its audit line.

pub mod accounts;
pub mod audit;
pub mod delete_account;
pub mod presets;
pub mod sql;
pub mod tiers;

use uuid::Uuid;

use crate::accounts::sql::{COUNT_OTHER_ADMINS, LOCK_LAB};
use crate::db::Conn;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::merge::MemberProblem;
use crate::http::problem::TxError;
use crate::ids::AccountId;
use crate::tiers::Catalogue;
use crate::{execute, fetch_one, fetch_optional};

/// Admins change one after the other: each sees what the last one left.
async fn take_turn(tx: &mut Conn) -> sqlx::Result<()> {
    fetch_optional!(tx, (Uuid,), LOCK_LAB)?;
    Ok(())
}

/// The catalogue that a change begins with. The change will be seen everywhere within a second.
async fn begin(tx: &mut Conn) -> Result<Catalogue, TxError> {
    take_turn(tx).await?;
    execute!(tx, crate::tiers::sql::RAISE_GENERATION)?;
    Ok(Catalogue::load(tx).await?)
}

/// Names of tiers and presets stand in addresses and file names.
fn check_name(field: &str, name: &str) -> Option<MemberProblem> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    let is_good = (1..=64).contains(&name.len()) && name.bytes().all(is_plain);
    (!is_good).then(|| MemberProblem::new(field, "has 1 to 64 of the characters a-z, 0-9, _ and -"))
}

/// 409 with who uses it.
fn in_use(what: &str, name: &str, users: &[String], count: i64) -> Problem {
    let listed = users.join(", ");
    let detail = format!("the {what} {name:?} is used by {count}: {listed}");
    Problem::new(Code::InUse, detail).with("used_by", users.to_vec()).with("count", count)
}

/// The refusal for an account that is not there.
fn unknown() -> Problem {
    Problem::not_found("account")
}

/// Refuses to retire the only admin: 409 `last_admin`.
async fn keep_an_admin(tx: &mut Conn, id: AccountId) -> Result<(), TxError> {
    let (others,) = fetch_one!(tx, (i64,), COUNT_OTHER_ADMINS, id)?;
    if others == 0 {
        let detail = "this is the last admin; make another one first";
        return Err(Problem::new(Code::LastAdmin, detail).into());
    }
    Ok(())
}
