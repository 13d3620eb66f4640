//! One child, as its parent sees it. It may be in a stranger's hands: nothing it says is believed.

use std::fs::File;
use std::io::{IoSlice, PipeReader, Read as _, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::pipe::fcntl_setpipe_size;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::RenderOrder;
use super::error::{Death, RenderError, RenderOutcomes};
use super::wire::{ChildAnswer, FRAME_BYTES_MAX, Variants};
use crate::cpu;

/// What a user without privileges may have by default.
const PIPE_BYTES: usize = 1024 * 1024;
/// A child's last words: so much of the end is kept, of so much that is read.
const WORDS_BYTES_MAX: usize = 4096;
const WORDS_READ_MAX: u64 = 1024 * 1024;
/// How long a child may take to be ready.
const START_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Worker {
    child: Child,
    input: UnixStream,
    output: ChildStdout,
    errors: PipeReader,
    pub(super) pictures: u32,
}

impl Worker {
    /// Starts a child and waits for its word that it is sealed off: what goes wrong before is not
    /// any picture's fault.
    pub(super) async fn start(program: &Path, mib: u64, cpu_secs: u64) -> anyhow::Result<Self> {
        let (ours, its) = UnixStream::pair().context("making a socket")?;
        let its = its.into_std().context("making a socket")?;
        its.set_nonblocking(false).context("making a socket")?;
        let (errors, its_errors) = std::io::pipe().context("making a pipe")?;
        // Nobody waits for the other: what does not fit is not said.
        fcntl_setfl(&errors, OFlags::NONBLOCK).context("making a pipe")?;
        fcntl_setfl(&its_errors, OFlags::NONBLOCK).context("making a pipe")?;
        let mut child = Command::new(program)
            .arg("renderer")
            .args([mib, cpu_secs].map(|bound| bound.to_string()))
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(its)))
            .stdout(Stdio::piped())
            .stderr(Stdio::from(OwnedFd::from(its_errors)))
            .kill_on_drop(true)
            .spawn()?;
        let mut output = child.stdout.take().context("a child without a standard output")?;
        // RenderOutcomes come over in one step instead of several; where the system says no, in several.
        let _ = fcntl_setpipe_size(&output, PIPE_BYTES);
        let word = timeout(START_TIMEOUT, output.read_u8()).await;
        word.context("it did not start in time")?.context("it could not seal itself off")?;
        Ok(Self { child, input: ours, output, errors, pictures: 0 })
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Hands an order over, and the picture beside it, and reads the beginning of the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &mut self,
        order: &RenderOrder,
        picture: &File,
    ) -> std::io::Result<ChildAnswer<T>> {
        let order = serde_json::to_vec(order)?;
        let mut frame = (order.len() as u32).to_le_bytes().to_vec();
        frame.extend(order);
        let sent = self
            .input
            .async_io(Interest::WRITABLE, || send_with(&self.input, &frame, picture.as_fd()))
            .await?;
        self.input.write_all(&frame[sent..]).await?;
        let mut header = vec![0; self.output.read_u32_le().await?.min(FRAME_BYTES_MAX) as usize];
        self.output.read_exact(&mut header).await?;
        Ok(serde_json::from_slice(&header)?)
    }

    /// The bytes of the variants it spoke of.
    pub(super) async fn read_outcomes(
        &mut self,
        variants: Variants,
        recipes: usize,
        answer_bytes_max: u64,
    ) -> std::io::Result<RenderOutcomes> {
        if variants.len() != recipes {
            return Err(broken("not one variant for each recipe"));
        }
        let mut left = answer_bytes_max;
        let mut outcomes = RenderOutcomes::with_capacity(variants.len());
        for made in variants {
            outcomes.push(match made {
                Ok(made) => {
                    // Nothing is reserved that has not arrived, and no more is taken than it could
                    // have held.
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
        Ok(outcomes)
    }

    /// Writes so many bytes of its answer into a file, each stretch within `patience`.
    pub(super) async fn read_into(
        &mut self,
        mut file: File,
        bytes: u64,
        patience: Duration,
    ) -> Result<(File, blake3::Hash), RenderError> {
        let mut hasher = blake3::Hasher::new();
        let mut chunk = Vec::with_capacity(PIPE_BYTES);
        let mut left = bytes;
        while left > 0 {
            chunk.clear();
            let mut stretch = (&mut self.output).take(left.min(PIPE_BYTES as u64));
            let read = timeout(patience, stretch.read_to_end(&mut chunk)).await;
            match read.map_err(|_| RenderError::TimedOut(patience.as_secs()))? {
                Ok(0) => return Err(RenderError::Crashed(broken("too short").into())),
                Ok(read) => left -= read as u64,
                Err(error) => return Err(RenderError::Crashed(error.into())),
            }
            (file, hasher, chunk) = cpu::run(move || {
                hasher.update(&chunk);
                file.write_all(&chunk).context("writing to the spool")?;
                Ok((file, hasher, chunk))
            })
            .await?;
        }
        Ok((file, hasher.finalize()))
    }

    /// The end of what it wrote to its standard error since this was asked last.
    pub(super) fn last_words(&mut self) -> Option<String> {
        let mut all = Vec::new();
        // Ends with an error where there is no more yet: what was read until then stays.
        let _ = (&mut self.errors).take(WORDS_READ_MAX).read_to_end(&mut all);
        let end = &all[all.len().saturating_sub(WORDS_BYTES_MAX)..];
        let words = String::from_utf8_lossy(end);
        // What the database cannot hold, or a terminal obeys.
        let words = words.replace(|c: char| c.is_control() && c != '\n', " ");
        (!words.trim().is_empty()).then(|| words.trim().to_owned())
    }

    /// Waits for a child whose pipe broke, and says how it ended.
    pub(super) async fn cause_of_death(mut self, error: &std::io::Error) -> RenderError {
        let ended = timeout(Duration::from_secs(1), self.child.wait()).await;
        let how = match ended {
            Ok(Ok(status)) => status.to_string(),
            _ => error.to_string(),
        };
        RenderError::Crashed(Death { how, words: self.last_words() })
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
pub(super) fn broken(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, format!("its answer was {what}"))
}
