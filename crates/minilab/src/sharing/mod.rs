//! Temporary links: made for an image's owner or for one of our own answers, opened without the database.

pub mod issue;
mod mend;
pub mod open;
pub mod routes;

pub use issue::{HANDED_SECS, Issued, LinkWish, issue};
