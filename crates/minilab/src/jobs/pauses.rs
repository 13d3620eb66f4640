//! Pause, what is not to be done for now: everything, one kind, one account, or by one worker.
//!
//! A pause is a row with a reason and maybe an end. It keeps work from being claimed; what is in hand goes on.

use std::fmt;
use std::str::FromStr;

use super::{KINDS, sql};
use crate::db::Conn;
use crate::fetch_all;
use crate::ids::AccountId;

/// What is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    All,
    Kind(&'static str),
    Account(AccountId),
    /// It ends what it has in hand and takes no more.
    Worker(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Kind(kind) => f.write_str(kind),
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Worker(name) => write!(f, "worker:{name}"),
        }
    }
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            None => KINDS.into_iter().find(|kind| *kind == text).map(Self::Kind).ok_or(()),
            Some(("account", id)) => id.parse().map(Self::Account).map_err(|_| ()),
            Some(("worker", name)) if is_name(name) => Ok(Self::Worker(name.to_owned())),
            Some(_) => Err(()),
        }
    }
}

/// Whether workers may have such a name.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A pause as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Pause {
    pub subject: String,
    pub reason: String,
    pub until_ms: Option<i64>,
    pub created_ms: i64,
}

/// Those in force.
pub async fn current(conn: &mut Conn, now_ms: i64) -> sqlx::Result<Vec<Pause>> {
    fetch_all!(conn, Pause, sql::SELECT_PAUSES, now_ms)
}

/// What a worker does not claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Barred {
    /// Everything.
    pub all: bool,
    pub kinds: Vec<&'static str>,
    pub accounts: Vec<AccountId>,
}

impl Barred {
    /// What pauses keep the worker of this name from.
    pub fn by(pauses: &[Pause], worker: &str) -> Self {
        let mut barred = Self::default();
        for pause in pauses {
            match pause.subject.parse() {
                Ok(Subject::All) => barred.all = true,
                Ok(Subject::Kind(kind)) => barred.kinds.push(kind),
                Ok(Subject::Account(id)) => barred.accounts.push(id),
                Ok(Subject::Worker(name)) => barred.all |= name == worker,
                // Of a kind that this version does not know.
                Err(()) => {}
            }
        }
        barred
    }

    /// Whether anything that waits may be passed over.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As statements look for them: the ids one after the other, the kinds between commas.
    pub(super) fn args(&self) -> (Vec<u8>, String) {
        let accounts = self.accounts.iter().flat_map(AccountId::as_bytes).copied().collect();
        (accounts, format!(",{},", self.kinds.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_read_as_they_are_written() {
        let id = AccountId::new();
        let all = KINDS.into_iter().map(Subject::Kind).chain([
            Subject::All,
            Subject::Account(id),
            Subject::Worker(id.simple().to_string()),
        ]);
        for subject in all {
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
        for wrong in ["", "everything", "account:", "account:x", "worker:", "worker:a b", "x:y"] {
            assert_eq!(wrong.parse::<Subject>(), Err(()), "{wrong}");
        }
    }
}
