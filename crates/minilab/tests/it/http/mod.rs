//! HTTP in process: shapes, order of checks, caching, authorisation.

mod bytes;
mod idempotency;
mod openapi;
mod page;
mod refusals;
mod slow;
mod thumbnail;
