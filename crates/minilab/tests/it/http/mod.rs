//! HTTP in process: shapes, order of checks, caching, authorisation.

mod bytes;
mod refusals;
mod thumbnail;
