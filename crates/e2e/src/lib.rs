//! What the stories stand on: the built binary, started and asked from outside like anybody would.
//!
//! A story opens a [`Lab`], does as people do, and ends with [`Lab::close`], which has the service
//! compare everything stored with everything counted. Nothing here knows the service's insides.

mod answer;
pub mod browser;
mod caller;
mod disk;
mod engine;
mod form;
mod lab;
mod manifest;
mod memory;
pub mod page;
pub mod picture;
mod process;
mod program;
mod raw;
mod reader;
mod steps;
pub mod wait;

pub use answer::Answer;
pub use caller::{Caller, Sending};
pub use disk::{SmallDisk, files_below};
pub use engine::{Database, Engine};
pub use form::Form;
pub use lab::{Lab, Settings};
pub use manifest::{Corpus, Entry, Expected, corpus_folder};
pub use memory::{MemoryWatch, Peaks, resident_kib};
pub use process::{Finished, Process, run_alone};
pub use program::program;
pub use raw::send_raw;
pub use reader::Reader;
pub use steps::Stepper;

/// A variable of the environment that may be missing.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the tests that reads the environment"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Tells each story on SQLite and on PostgreSQL. A missing PostgreSQL is a failure, never a skip.
#[macro_export]
macro_rules! on_both_engines {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $story() {
                super::$story($crate::Engine::Sqlite);
            })+
        }
        mod on_postgres {
            $(#[test]
            fn $story() {
                super::$story($crate::Engine::Postgres);
            })+
        }
    };
}
