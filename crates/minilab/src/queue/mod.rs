//! The queue as people see it: lists, timelines, causes, rates, workers, and what they have done to jobs.
//!
//! An admin sees jobs; an account sees what it asked for, under ids of its own and from when it asked. Nothing
//! here tells an account of others: neither that bytes or variants were there before, nor names.

pub mod act;
pub mod action_routes;
pub mod actions;
pub mod export;
pub mod filter;
pub mod list;
pub mod pause_routes;
pub mod rates;
pub mod routes;
pub mod sql;
pub mod verb;
pub mod view;
pub mod waits;
pub mod workers;

use crate::accounts::Caller;
use crate::ids::AccountId;

/// Whose jobs or events are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    All,
    Of(AccountId),
}

impl Whose {
    /// All that a caller may see.
    pub fn by(caller: &Caller) -> Self {
        if caller.is_admin() { Self::All } else { Self::Of(caller.account.id) }
    }
}
