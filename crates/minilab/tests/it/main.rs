//! Tests over the seams: the database on both engines, the queue, HTTP in process, house rules.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
#![expect(clippy::disallowed_methods, reason = "a test may look at its environment")]

#[macro_use]
mod support;

mod check;
mod circles;
mod damage;
mod db;
mod db_away;
mod events;
mod house;
mod http;
mod jobs;
mod private;
mod queue;
mod races;
mod render_pool;
mod room;
mod sandbox;
mod sql;
mod upgrade;
