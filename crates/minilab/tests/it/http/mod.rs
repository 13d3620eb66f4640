//! HTTP in process: shapes, order of checks, caching, authorisation.

mod admin;
mod authorisation;
mod back_fill;
mod back_fill_once;
mod bytes;
mod caches;
mod caches_lists;
mod callers;
mod emoji_api;
mod gallery;
mod gallery_open;
mod idempotency;
mod image_api;
mod links;
mod openapi;
mod page;
mod refusals;
mod safe;
mod safe_origins;
mod safe_quota;
mod slow;
mod thumbnail;
