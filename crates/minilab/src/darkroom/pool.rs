//! The parent's side: children kept warm, one picture each, killed at the deadline.

use std::fs::File;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use pixels::{Limits, Recipe, Rendered};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::pipe::fcntl_setpipe_size;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Semaphore;

use super::wire::{Answer, FRAME_BYTES_MAX};
use super::{DarkroomConfig, Order};

/// A child is replaced after so many pictures, so that nothing it may hide lives long.
const PICTURES_MAX: u32 = 1000;
const MIB: u64 = 1024 * 1024;
/// What a user without privileges may have by default.
const PIPE_BYTES: usize = 1024 * 1024;
/// How long a child may take to be ready.
const START_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Darkroom {
    inner: Arc<Inner>,
}

struct Inner {
    program: PathBuf,
    config: DarkroomConfig,
    idle: Mutex<Vec<Worker>>,
    children: usize,
    slots: Semaphore,
    memory_mib: Semaphore,
}

struct Worker {
    child: Child,
    input: UnixStream,
    output: ChildStdout,
    pictures: u32,
}

/// Why there is no answer about a picture.
#[derive(Debug, thiserror::Error)]
pub enum DarkroomError {
    /// The picture cannot be rendered.
    #[error(transparent)]
    Picture(#[from] pixels::Error),
    /// The child was killed because it took too long.
    #[error("rendering took more than {0} s")]
    TimedOut(u64),
    /// The child died: out of memory, out of CPU time, or by a fault in a decoder.
    #[error("the rendering process died ({0})")]
    Crashed(String),
    /// Not the picture's fault.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// One result for each recipe.
pub(super) type Prints = Vec<Result<Rendered, pixels::Error>>;

impl Darkroom {
    /// `program` is this very binary; `children` work side by side.
    pub fn new(program: PathBuf, config: DarkroomConfig, children: usize) -> Self {
        let inner = Inner {
            program,
            children,
            slots: Semaphore::new(children),
            memory_mib: Semaphore::new(config.total_mib as usize),
            idle: Mutex::default(),
            config,
        };
        Self { inner: Arc::new(inner) }
    }

    /// MiB that renderings under way are expected to take, and the most of it.
    pub fn memory_mib(&self) -> (u64, u64) {
        let most = u64::from(self.inner.config.total_mib);
        (most - self.inner.memory_mib.available_permits() as u64, most)
    }

    /// Renderings under way, and the most of them.
    pub fn children(&self) -> (usize, usize) {
        let most = self.inner.children;
        (most - self.inner.slots.available_permits(), most)
    }

    /// Renders the picture in a child. `decode_bytes` is how much memory it is expected to take.
    pub async fn render(
        &self,
        recipes: Vec<Recipe>,
        limits: Limits,
        decode_bytes: u64,
        picture: &File,
    ) -> Result<Prints, DarkroomError> {
        let inner = &self.inner;
        let needed_mib = decode_bytes.div_ceil(MIB).min(u64::from(inner.config.total_mib)) as u32;
        let _memory = inner.memory_mib.acquire_many(needed_mib).await.context("closing down")?;
        let _slot = inner.slots.acquire().await.context("closing down")?;

        let mut worker = inner.take_worker().await?;
        let secs = inner.config.picture_secs;
        let (wanted, bytes_max) = (recipes.len(), inner.config.child_mib * MIB);
        let order = serde_json::to_vec(&Order { recipes, limits, cpu_secs: secs });
        let order = order.context("writing an order")?;
        let work = async {
            worker.send(&order, picture).await?;
            worker.read_answer(wanted, bytes_max).await
        };
        // A worker that is dropped, here or because the caller went away, is killed.
        match tokio::time::timeout(Duration::from_secs(secs), work).await {
            Ok(Ok(answer)) => {
                worker.pictures += 1;
                inner.give_back(worker);
                Ok(answer?)
            }
            Ok(Err(error)) => Err(worker.cause_of_death(&error).await),
            Err(_) => Err(DarkroomError::TimedOut(secs)),
        }
    }
}

impl Inner {
    /// An idle child that is still alive, or a new one.
    async fn take_worker(&self) -> anyhow::Result<Worker> {
        loop {
            let idle = self.idle.lock().expect("nobody panics holding it").pop();
            let Some(mut worker) = idle else { return self.start_worker().await };
            if matches!(worker.child.try_wait(), Ok(None)) {
                return Ok(worker);
            }
        }
    }

    fn give_back(&self, worker: Worker) {
        if worker.pictures < PICTURES_MAX {
            self.idle.lock().expect("nobody panics holding it").push(worker);
        }
    }

    /// Starts a child and waits for its word that it is sealed off: what goes wrong before is not
    /// any picture's fault.
    async fn start_worker(&self) -> anyhow::Result<Worker> {
        let (ours, its) = UnixStream::pair().context("making a socket")?;
        let its = its.into_std().context("making a socket")?;
        its.set_nonblocking(false).context("making a socket")?;
        let mut child = Command::new(&self.program)
            .arg("darkroom")
            .arg(self.config.child_mib.to_string())
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(its)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("starting a rendering process")?;
        let mut output = child.stdout.take().context("a child without a standard output")?;
        // Prints come over in one step instead of several; where the system says no, in several.
        let _ = fcntl_setpipe_size(&output, PIPE_BYTES);
        let word = tokio::time::timeout(START_TIMEOUT, output.read_u8()).await;
        let word = word.context("a rendering process did not start in time")?;
        word.context("a rendering process could not seal itself off")?;
        Ok(Worker { child, input: ours, output, pictures: 0 })
    }
}

impl Worker {
    async fn send(&mut self, order: &[u8], picture: &File) -> std::io::Result<()> {
        let mut frame = (order.len() as u32).to_le_bytes().to_vec();
        frame.extend(order);
        let sent = self
            .input
            .async_io(Interest::WRITABLE, || send_with(&self.input, &frame, picture.as_fd()))
            .await?;
        self.input.write_all(&frame[sent..]).await
    }

    async fn read_answer(
        &mut self,
        recipes: usize,
        answer_bytes_max: u64,
    ) -> std::io::Result<Result<Prints, pixels::Error>> {
        let mut header = vec![0; self.output.read_u32_le().await?.min(FRAME_BYTES_MAX) as usize];
        self.output.read_exact(&mut header).await?;
        let answer: Answer = serde_json::from_slice(&header)?;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        if answer.len() != recipes {
            return Err(broken("not one print for each recipe"));
        }
        let mut left = answer_bytes_max;
        let mut prints = Prints::with_capacity(answer.len());
        for made in answer {
            prints.push(match made {
                Ok(made) => {
                    // The child may lie: nothing is reserved that has not arrived, and no more is
                    // taken than it could have held.
                    left = left.checked_sub(made.bytes).ok_or_else(|| broken("too long"))?;
                    let mut bytes = Vec::new();
                    (&mut self.output).take(made.bytes).read_to_end(&mut bytes).await?;
                    if bytes.len() as u64 != made.bytes {
                        return Err(broken("too short"));
                    }
                    Ok(made.with_bytes(bytes))
                }
                Err(error) => Err(error),
            });
        }
        Ok(Ok(prints))
    }

    /// Waits for a child whose pipe broke, and says how it ended.
    async fn cause_of_death(mut self, error: &std::io::Error) -> DarkroomError {
        let ended = tokio::time::timeout(Duration::from_secs(1), self.child.wait()).await;
        DarkroomError::Crashed(match ended {
            Ok(Ok(status)) => status.to_string(),
            _ => error.to_string(),
        })
    }
}

/// Sends the beginning of `bytes`, and the file beside it; how many bytes went.
fn send_with(socket: &UnixStream, bytes: &[u8], file: BorrowedFd<'_>) -> std::io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    let files = [file];
    beside.push(SendAncillaryMessage::ScmRights(&files));
    let flags = SendFlags::NOSIGNAL;
    Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut beside, flags)?)
}

/// An answer that no sound child gives.
fn broken(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, format!("its answer was {what}"))
}
