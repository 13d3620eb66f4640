//! The render pool: strangers' pictures are decoded in child processes of this same binary.
//!
//! A small pool, one picture at a time each, with limits on memory, CPU and wall time, no network
//! and no files. A child that crashes or takes too long is killed and replaced; the service lives.
//! What needs a whole original in memory is done there, too: the serving process never holds one.

mod calls;
pub mod child;
mod error;
mod line;
mod pool;
pub mod sandbox;
mod wire;
mod worker;

pub use error::{Death, RenderError};
pub use line::Load;
pub use pool::{Copied, RenderPool, RenderTurn};

use pixels::{Limits, Recipe};
use serde::{Deserialize, Serialize};

/// `[renderer]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct RendererConfig {
    /// Seconds a child may work on one picture before it is killed.
    pub picture_secs: u64,
    /// MiB of address space that one child may use.
    pub child_mib: u64,
    /// MiB that all children together may expect to need: big pictures wait for each other. An eighth
    /// is for small ones alone.
    pub total_mib: u32,
}

impl Default for RendererConfig {
    fn default() -> Self {
        Self { picture_secs: 9, child_mib: 512, total_mib: 448 }
    }
}

impl RendererConfig {
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !(1..=600).contains(&self.picture_secs) {
            problems.push("renderer.picture_secs: must be between 1 and 600".to_owned());
        }
        if !(128..=65_536).contains(&self.child_mib) {
            problems.push("renderer.child_mib: must be between 128 and 65536".to_owned());
        }
        if !(64..=1_048_576).contains(&self.total_mib) {
            problems.push("renderer.total_mib: must be between 64 and 1048576".to_owned());
        }
        problems
    }
}

/// What to do with the picture that comes with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RenderOrder {
    pub work: Work,
    /// CPU seconds for this picture.
    pub cpu_secs: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Work {
    Render {
        recipes: Vec<Recipe>,
        limits: Limits,
    },
    /// Take out the place it was taken at. There are so many bytes, and no more.
    StripLocation {
        bytes: u64,
    },
}
