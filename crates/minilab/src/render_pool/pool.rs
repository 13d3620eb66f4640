//! The parent's side: children kept warm, one picture each, killed at the deadline.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use pixels::{Limits, Recipe};
use tokio::time::timeout;

use super::error::{RenderError, RenderOutcomes};
use super::line::{Load, RenderQueue, Stay};
use super::wire::{ChildAnswer, Stripped, Variants};
use super::worker::{Worker, broken};
use super::{RenderOrder, RendererConfig, Work};

/// A child is replaced after so many pictures, so that nothing it may hide lives long.
const PICTURES_MAX: u32 = 1000;
/// How many times the CPU time of a picture a child may use in all.
const CPU_PICTURES: u64 = 50;
const MIB: u64 = 1024 * 1024;
/// So many bytes of variants a child may always send, and otherwise what it was expected to need: they are in
/// memory until they are stored.
const ANSWER_BYTES: u64 = 64 * MIB;
/// What a file may grow by when its place is taken out.
const STRIPPED_MORE: u64 = MIB;

#[derive(Clone)]
pub struct RenderPool {
    inner: Arc<PoolInner>,
}

struct PoolInner {
    program: PathBuf,
    config: RendererConfig,
    idle: Mutex<Vec<Worker>>,
    line: Arc<RenderQueue>,
}

impl RenderPool {
    /// `program` is this very binary; `children` work side by side, and one more for small pictures.
    pub fn new(program: PathBuf, config: RendererConfig, children: usize) -> Self {
        let line = Arc::new(RenderQueue::new(children, u64::from(config.total_mib)));
        Self { inner: Arc::new(PoolInner { program, config, line, idle: Mutex::default() }) }
    }

    /// MiB that work under way is expected to take, and the most of it.
    pub fn memory_mib(&self) -> (u64, u64) {
        self.inner.line.memory_mib()
    }

    /// Children at work, and the most of them.
    pub fn children(&self) -> (usize, usize) {
        self.inner.line.children()
    }

    /// Waits for a child.
    pub async fn turn(&self, load: &Load) -> RenderTurn {
        RenderTurn {
            _stay: self.inner.line.enter(load).await,
            inner: self.inner.clone(),
            answer_bytes_max: load.memory_bytes.max(ANSWER_BYTES),
        }
    }
}

/// A copy of an original, without its place.
pub struct Copied {
    pub file: File,
    pub bytes: u64,
    pub hash: blake3::Hash,
    /// The hash of what the child read, as it says: tells an original that is damaged.
    pub read: [u8; 32],
}

/// One picture's time with a child.
pub struct RenderTurn {
    inner: Arc<PoolInner>,
    _stay: Stay,
    answer_bytes_max: u64,
}

impl RenderTurn {
    /// Makes a variant for each recipe.
    pub async fn render(
        self,
        recipes: Vec<Recipe>,
        limits: Limits,
        picture: &File,
    ) -> Result<RenderOutcomes, RenderError> {
        let PoolInner { config, .. } = &*self.inner;
        let secs = config.picture_secs;
        let (wanted, bytes_max) = (recipes.len(), self.answer_bytes_max);
        let order = RenderOrder { work: Work::Render { recipes, limits }, cpu_secs: secs };
        let mut worker = self.inner.take_worker().await?;
        let work = async {
            let answer = worker.ask::<Variants>(&order, picture).await?;
            let outcomes = match answer.outcome {
                Ok(made) => Ok(worker.read_outcomes(made, wanted, bytes_max).await?),
                Err(error) => Err(error),
            };
            Ok::<_, std::io::Error>((outcomes, answer.more))
        };
        // A worker that is dropped, here or because the caller went away, is killed.
        let (outcomes, more) = match timeout(Duration::from_secs(secs), work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(worker.cause_of_death(&error).await),
            Err(_) => return Err(RenderError::TimedOut(secs)),
        };
        self.inner.give_back(worker, more);
        Ok(outcomes?)
    }

    /// Writes the picture, without the place it was taken at, into a file, which is not synced. No more
    /// of it is in memory than is on its way.
    pub async fn strip_location(
        self,
        picture: &File,
        bytes: u64,
        into: File,
    ) -> Result<Copied, RenderError> {
        let secs = self.inner.config.picture_secs;
        let patience = Duration::from_secs(secs);
        let order = RenderOrder { work: Work::StripLocation { bytes }, cpu_secs: secs };
        let mut worker = self.inner.take_worker().await?;
        let answer: ChildAnswer<Stripped> =
            match timeout(patience, worker.ask(&order, picture)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => return Err(worker.cause_of_death(&error).await),
                Err(_) => return Err(RenderError::TimedOut(secs)),
            };
        let Stripped { bytes: length, read } = match answer.outcome {
            Ok(stripped) => stripped,
            Err(error) => {
                self.inner.give_back(worker, answer.more);
                return Err(error.into());
            }
        };
        if length > bytes + STRIPPED_MORE {
            return Err(RenderError::Crashed(broken("too long").into()));
        }
        let (file, hash) = worker.read_into(into, length, patience).await?;
        self.inner.give_back(worker, answer.more);
        Ok(Copied { file, bytes: length, hash, read })
    }
}

impl PoolInner {
    /// An idle child that is still alive, or a new one.
    async fn take_worker(&self) -> anyhow::Result<Worker> {
        loop {
            let idle = self.idle.lock().expect("nobody panics holding it").pop();
            let Some(mut worker) = idle else {
                let RendererConfig { child_mib, picture_secs, .. } = self.config;
                let started = Worker::start(&self.program, child_mib, picture_secs * CPU_PICTURES);
                return started.await.context("starting a rendering process");
            };
            if worker.is_alive() {
                return Ok(worker);
            }
        }
    }

    fn give_back(&self, mut worker: Worker, more: bool) {
        worker.pictures += 1;
        // What it said of this picture is not said of the next one.
        let _ = worker.last_words();
        if more && worker.pictures < PICTURES_MAX {
            self.idle.lock().expect("nobody panics holding it").push(worker);
        }
    }
}
