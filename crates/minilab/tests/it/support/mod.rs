//! A lab of one's own for each test.

mod lab;
mod log;
pub(crate) mod pictures;
mod steps;

pub(crate) use lab::{Answer, Lab, Server, request};
pub(crate) use log::Kept;
pub(crate) use steps::{Input, ids, path_of, soon};

/// Runs an async story, once on each engine.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* $story:ident)*) => {
        mod sqlite {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::support::Lab::open($crate::support::Server::Sqlite).await).await;
            })*
        }
        mod postgres {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story($crate::support::Lab::open($crate::support::Server::Postgres).await).await;
            })*
        }
    };
}
