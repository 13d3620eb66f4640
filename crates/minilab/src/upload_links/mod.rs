//! Links that let others bring pictures: they expire, they fill up, they can be revoked.
//!
//! What comes in belongs to the link's maker. What its holder may do is with `accounts`.

pub mod change;
pub mod new;
pub mod routes;
pub mod sql;
pub mod view;
