//! HTTP in process: shapes, order of checks, caching, authorisation.

mod bytes;
mod page;
mod refusals;
mod thumbnail;
