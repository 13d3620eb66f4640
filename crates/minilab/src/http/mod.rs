//! Mechanics of HTTP: errors, caching, ranges, the server loop. It knows no feature.

pub mod asset;
pub mod browsers;
pub mod bytes;
pub mod cache_policy;
pub mod compress;
pub mod cookie;
pub mod disposition;
pub mod extract;
pub mod front;
pub mod guard;
pub mod merge;
pub mod network;
pub mod peer;
pub mod problem;
pub mod range;
pub mod request_id;
pub mod server;

pub use cache_policy::CachePolicy;
pub use network::Network;
pub use problem::Problem;
