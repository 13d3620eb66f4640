//! Making accounts and keys.

use uuid::Uuid;

use super::key::{Key, Kind};
use super::{ANONYMOUS, Account, Scopes, find_by_name, sql};
use crate::db::{Conn, Db};
use crate::execute;
use crate::http::Problem;
use crate::http::code::Code;
use crate::ids::AccountId;
use crate::text;
use crate::tiers::Catalogue;

/// Why an account cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AccountRefused {
    #[error("there is already an account named {0:?}")]
    NameTaken(String),
    #[error("the name {ANONYMOUS:?} is kept for callers without a key")]
    Reserved,
    #[error("an account's name has 1 to 64 characters that can be seen, or single spaces inside")]
    BadName,
    #[error("there is no tier {given:?}; there are {known}")]
    UnknownTier { given: String, known: String },
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<AccountRefused> for Problem {
    fn from(refused: AccountRefused) -> Self {
        let detail = refused.to_string();
        match refused {
            AccountRefused::NameTaken(_) => Self::new(Code::NameTaken, detail),
            AccountRefused::Reserved | AccountRefused::BadName => Self::new(Code::BadName, detail),
            AccountRefused::UnknownTier { .. } => Self::new(Code::UnknownTier, detail),
            AccountRefused::Failed(cause) => Self::internal(&cause),
        }
    }
}

impl From<sqlx::Error> for AccountRefused {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What a new account is to be.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub name: String,
    /// A tier's name or alias.
    pub tier: String,
    pub is_admin: bool,
    /// What [`password::hash`](super::password::hash) made, if there is a password.
    pub password_hash: Option<String>,
    pub now_ms: i64,
}

/// Makes an account and its first key.
pub async fn create(db: &Db, new: NewAccount) -> Result<Key, AccountRefused> {
    db.write(new, |tx, new| {
        Box::pin(async move {
            let account = insert(tx, new).await?;
            insert_first_key(tx, account, new.now_ms).await
        })
    })
    .await
}

/// A key for everything that the account may do.
pub async fn insert_first_key(
    tx: &mut Conn,
    account: AccountId,
    now_ms: i64,
) -> Result<Key, AccountRefused> {
    let key = Key::random(Kind::Api);
    execute!(
        tx,
        sql::INSERT_CREDENTIAL,
        key.id,
        account,
        key.kind.word(),
        &key.secret_hash()[..],
        None::<Uuid>,
        "first",
        Scopes::ALL.words(),
        now_ms,
        None::<i64>,
    )?;
    Ok(key)
}

/// Inserts an account that a person asked for.
pub async fn insert(tx: &mut Conn, new: &NewAccount) -> Result<AccountId, AccountRefused> {
    if new.name == ANONYMOUS {
        return Err(AccountRefused::Reserved);
    }
    insert_any(tx, new).await
}

async fn insert_any(tx: &mut Conn, new: &NewAccount) -> Result<AccountId, AccountRefused> {
    check_name(&new.name)?;
    let catalogue = Catalogue::load(tx).await?;
    let Some(tier) = catalogue.tier(&new.tier) else {
        let known = catalogue.tiers.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(AccountRefused::UnknownTier { given: new.tier.clone(), known });
    };
    let id = AccountId::new();
    let inserted = execute!(
        tx,
        sql::INSERT_ACCOUNT,
        id,
        &new.name,
        &tier.name,
        new.is_admin,
        new.password_hash.as_deref(),
        new.now_ms
    )?;
    if inserted == 0 {
        return Err(AccountRefused::NameTaken(new.name.clone()));
    }
    Ok(id)
}

fn check_name(name: &str) -> Result<(), AccountRefused> {
    if text::is_name(name) { Ok(()) } else { Err(AccountRefused::BadName) }
}

/// Gives an account another name.
pub async fn rename(tx: &mut Conn, account: &Account, name: &str) -> Result<(), AccountRefused> {
    if [name, &account.name].contains(&ANONYMOUS) {
        return Err(AccountRefused::Reserved);
    }
    check_name(name)?;
    match execute!(tx, sql::UPDATE_NAME, account.id, name) {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Err(AccountRefused::NameTaken(name.to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes sure there is an account for calls without a key, in the tier that the settings name.
pub async fn ensure_anonymous(db: &Db, tier: &str, now_ms: i64) -> Result<Account, AccountRefused> {
    let new = NewAccount {
        name: ANONYMOUS.into(),
        tier: tier.into(),
        is_admin: false,
        password_hash: None,
        now_ms,
    };
    db.write(new, |tx, new| {
        Box::pin(async move {
            match insert_any(tx, new).await {
                Ok(_) => {}
                Err(AccountRefused::NameTaken(_)) => {
                    let catalogue = Catalogue::load(tx).await?;
                    let tier = catalogue.tier(&new.tier).expect("insert has looked it up");
                    let account = find_by_name(tx, ANONYMOUS).await?;
                    let account = account.ok_or(sqlx::Error::RowNotFound)?;
                    execute!(tx, sql::UPDATE_TIER, account.id, &tier.name)?;
                }
                Err(refused) => return Err(refused),
            }
            Ok(find_by_name(tx, ANONYMOUS).await?.ok_or(sqlx::Error::RowNotFound)?)
        })
    })
    .await
}
