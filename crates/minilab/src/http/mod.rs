//! Mechanics of HTTP: errors, caching, ranges, the server loop. It knows no feature.

pub mod asset;
pub mod browsers;
pub mod bytes;
pub mod cache_policy;
pub mod compress;
pub mod config;
mod connection;
pub mod connections;
pub mod cookie;
pub mod disposition;
pub mod extract;
mod frames;
pub mod front;
pub mod guard;
pub mod intact;
pub mod merge;
pub mod network;
mod outgoing;
pub mod pace;
pub mod peer;
pub mod problem;
pub mod range;
pub mod received;
pub mod request_id;
pub mod server;
mod socket;
pub mod texts;

pub use cache_policy::CachePolicy;
pub use config::HttpConfig;
pub use connections::Connections;
pub use network::Network;
pub use problem::Problem;
