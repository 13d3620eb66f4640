//! One file: counted, hashed and spooled as it arrives, then probed by its header.

use std::fs::File;
use std::io::{BufReader, Write};
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use pixels::{Facts, Limits, Metadata};

use super::Spool;
use super::refused::{Refused, Stop};
use super::spool::Spooled;
use crate::cpu;

/// Chunks gather to this size before a thread is asked to write them.
const WRITE_BYTES: usize = 512 * 1024;

/// A file that is complete, durable in the spool, and looks like a picture.
pub(super) struct Received {
    pub spooled: Spooled,
    /// BLAKE3.
    pub hash: [u8; 32],
    pub bytes: u64,
    pub facts: Facts,
    pub metadata: Metadata,
}

/// What a file may be.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    pub bytes_max: u64,
    pub limits: Limits,
}

/// Takes in one file. Over the limit it stops where the limit is; nothing is kept of a refused one.
pub(super) async fn receive(
    spool: &Arc<Spool>,
    mut body: impl Stream<Item = Result<Bytes, Stop>> + Unpin,
    allowed: Allowed,
) -> Result<Received, Stop> {
    let mut sink = Sink::default();
    let mut bytes = 0_u64;
    while let Some(chunk) = body.next().await.transpose()? {
        bytes += chunk.len() as u64;
        if bytes > allowed.bytes_max {
            return Err(Refused::TooLarge { max: allowed.bytes_max }.into());
        }
        sink.take(spool, chunk).await?;
    }
    if bytes == 0 {
        return Err(Refused::Empty.into());
    }
    let (spooled, hash) = sink.finish(spool).await?;
    let limits = allowed.limits;
    cpu::run(move || {
        let looked = inspect(&spooled, &limits)?;
        Ok(looked.map(|(facts, metadata)| Received { spooled, hash, bytes, facts, metadata }))
    })
    .await?
    .map_err(|error| Refused::Picture(error).into())
}

/// Reads the header, and the camera's notes. No pixel is decoded.
fn inspect(
    spooled: &Spooled,
    limits: &Limits,
) -> anyhow::Result<Result<(Facts, Metadata), pixels::Error>> {
    let open = || File::open(&spooled.path).map(BufReader::new).context("reading the spool");
    Ok(match pixels::probe(open()?, limits) {
        Ok(facts) => Ok((facts, pixels::metadata(open()?, &facts))),
        Err(error) => Err(error),
    })
}

/// Gathers chunks, hashes them, and writes them to a spool file that is made with the first write.
#[derive(Default)]
struct Sink {
    hasher: blake3::Hasher,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    file: Option<(Spooled, File)>,
}

impl Sink {
    async fn take(&mut self, spool: &Arc<Spool>, chunk: Bytes) -> anyhow::Result<()> {
        self.hasher.update(&chunk);
        self.gathered_bytes += chunk.len();
        self.gathered.push(chunk);
        if self.gathered_bytes >= WRITE_BYTES {
            self.write(spool, false).await?;
        }
        Ok(())
    }

    async fn finish(mut self, spool: &Arc<Spool>) -> anyhow::Result<(Spooled, [u8; 32])> {
        self.write(spool, true).await?;
        let (spooled, _) = self.file.context("a spool file that was just written")?;
        Ok((spooled, *self.hasher.finalize().as_bytes()))
    }

    /// Writes what is gathered; with `sync` it is on the disk, not only in a cache, afterwards.
    async fn write(&mut self, spool: &Arc<Spool>, sync: bool) -> anyhow::Result<()> {
        let chunks = std::mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        let file = self.file.take();
        let spool = spool.clone();
        let file = cpu::run(move || {
            let (spooled, mut file) = file.map_or_else(|| spool.create(), Ok)?;
            for chunk in chunks {
                file.write_all(&chunk).context("writing to the spool")?;
            }
            if sync {
                file.sync_all().context("syncing the spool")?;
            }
            Ok((spooled, file))
        });
        self.file = Some(file.await?);
        Ok(())
    }
}
