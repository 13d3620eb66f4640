//! Stages, what a try of a job went through and for how long: noted while it runs, kept with its row.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// Stages of the try in hand. Whoever does the work says when the next one begins.
#[derive(Debug)]
pub struct Stages {
    entered: Mutex<Vec<(&'static str, Instant)>>,
    memory_bytes: AtomicU64,
}

/// How long one stage took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub name: String,
    pub ms: i64,
}

impl Default for Stages {
    /// Begins with making ready: reading rows, looking what is missing.
    fn default() -> Self {
        let entered = Mutex::new(vec![("prepare", Instant::now())]);
        Self { entered, memory_bytes: AtomicU64::new(0) }
    }
}

impl Stages {
    /// Begins the next stage.
    pub fn enter(&self, name: &'static str) {
        self.entered.lock().expect("nobody panics holding it").push((name, Instant::now()));
    }

    /// Says how much memory the try is expected to take.
    pub fn expect_memory(&self, bytes: u64) {
        self.memory_bytes.store(bytes, Ordering::Relaxed);
    }

    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes.load(Ordering::Relaxed)
    }

    /// The stage it is in.
    pub fn last(&self) -> &'static str {
        let entered = self.entered.lock().expect("nobody panics holding it");
        entered.last().map_or("prepare", |(name, _)| name)
    }

    /// All stages up to now. A second round adds to those of the first.
    pub fn read(&self) -> Vec<Stage> {
        let entered = self.entered.lock().expect("nobody panics holding it");
        let ends = entered.iter().skip(1).map(|(_, begun)| *begun).chain([Instant::now()]);
        let mut stages = Vec::<Stage>::with_capacity(entered.len());
        for ((name, begun), end) in entered.iter().zip(ends) {
            let ms = end.duration_since(*begun).as_millis() as i64;
            match stages.iter_mut().find(|stage| stage.name == *name) {
                Some(stage) => stage.ms += ms,
                None => stages.push(Stage { name: (*name).to_owned(), ms }),
            }
        }
        stages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_round_adds_to_the_stages_of_the_first() {
        let stages = Stages::default();
        for name in ["render", "store", "render", "store", "commit"] {
            stages.enter(name);
        }
        let names = stages.read().into_iter().map(|stage| stage.name).collect::<Vec<_>>();
        assert_eq!(names, ["prepare", "render", "store", "commit"]);
        assert_eq!(stages.last(), "commit");
    }
}
