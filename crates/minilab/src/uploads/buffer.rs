//! The bytes of one file on their way in: in memory while they are few, in the spool when they are many.
//!
//! A file that is stored already is known by its hash, and need not touch the disk at all.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;

use crate::cpu;
use crate::spool::Spool;
use crate::spool::{Held, Spooled};

/// Bytes of one file that are held in memory.
const HELD_MAX: usize = 8 << 20;
/// What is in the spool already is added to in pieces of this size.
const WRITE_BYTES: usize = 512 << 10;
/// More are joined: whoever reads looks for its chunk each time.
const CHUNKS_MAX: usize = 64;
/// What a chunk takes beside its bytes: senders choose how small chunks are.
const CHUNK_COST: usize = 256;

/// Gathers chunks and hashes them.
pub(super) struct UploadBuffer {
    spool: Arc<Spool>,
    hasher: blake3::Hasher,
    chunks: Vec<Bytes>,
    /// What the chunks take.
    held: Held,
    file: Option<(Spooled, File)>,
}

/// All bytes of a file.
pub(super) struct BufferedFile {
    spool: Arc<Spool>,
    chunks: Vec<Bytes>,
    /// Given back when this is dropped.
    _held: Held,
    /// Then `chunks` are written, and gone.
    file: Option<(Spooled, File)>,
}

impl UploadBuffer {
    pub(super) fn new(spool: &Arc<Spool>) -> Self {
        let (spool, held) = (spool.clone(), Held::nothing(spool));
        Self { spool, hasher: blake3::Hasher::new(), chunks: Vec::new(), held, file: None }
    }

    pub(super) async fn push(&mut self, chunk: Bytes) -> anyhow::Result<()> {
        // Here, not on another thread: handing chunks over takes longer than hashing them.
        self.hasher.update(&chunk);
        let has_room = self.held.grow(chunk.len() + CHUNK_COST);
        self.chunks.push(chunk);
        let is_enough = match self.file {
            Some(_) => self.held.bytes() > WRITE_BYTES,
            None => self.held.bytes() > HELD_MAX || !has_room,
        };
        if is_enough { self.write().await } else { Ok(()) }
    }

    /// Writes what is gathered.
    async fn write(&mut self) -> anyhow::Result<()> {
        let chunks = std::mem::take(&mut self.chunks);
        let (file, spool) = (self.file.take(), self.spool.clone());
        self.file = Some(cpu::run(move || write(&spool, file, &chunks)).await?);
        self.held = Held::nothing(&self.spool);
        Ok(())
    }

    /// All that was gathered, and its BLAKE3.
    pub(super) async fn finish(mut self) -> anyhow::Result<(BufferedFile, [u8; 32])> {
        if self.file.is_some() {
            self.write().await?;
        }
        let hash = *self.hasher.finalize().as_bytes();
        let Self { spool, mut chunks, held, file, .. } = self;
        if chunks.len() > CHUNKS_MAX {
            chunks = vec![chunks.concat().into()];
        }
        Ok((BufferedFile { spool, chunks, _held: held, file }, hash))
    }
}

fn write(
    spool: &Spool,
    file: Option<(Spooled, File)>,
    chunks: &[Bytes],
) -> anyhow::Result<(Spooled, File)> {
    let (spooled, mut file) = file.map_or_else(|| spool.create(), Ok)?;
    for chunk in chunks {
        file.write_all(chunk).context("writing to the spool")?;
    }
    Ok((spooled, file))
}

impl BufferedFile {
    /// Bytes that are not on the disk yet.
    pub(super) fn unwritten_bytes(&self) -> u64 {
        if self.file.is_some() {
            return 0;
        }
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }

    /// The file in the spool, on the disk when this returns. Blocks.
    pub(super) fn into_spool(self) -> anyhow::Result<Spooled> {
        let (spooled, file) = match self.file {
            Some(written) => written,
            None => write(&self.spool, None, &self.chunks)?,
        };
        file.sync_all().context("syncing the spool")?;
        Ok(spooled)
    }

    /// Reads from the beginning. Blocks.
    pub(super) fn open(&self) -> anyhow::Result<BufferReader<'_>> {
        Ok(match &self.file {
            Some((spooled, _)) => {
                let file = File::open(&spooled.path).context("reading the spool")?;
                BufferReader::File(BufReader::new(file))
            }
            None => BufferReader::Memory { chunks: &self.chunks, position: 0 },
        })
    }
}

/// Reads gathered bytes, wherever they are.
pub(super) enum BufferReader<'a> {
    File(BufReader<File>),
    Memory { chunks: &'a [Bytes], position: u64 },
}

impl Read for BufferReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let (chunks, position) = match self {
            Self::File(file) => return file.read(out),
            Self::Memory { chunks, position } => (chunks, position),
        };
        let mut start = 0;
        for chunk in *chunks {
            let end = start + chunk.len() as u64;
            if *position < end {
                let from = (*position - start) as usize;
                let count = out.len().min(chunk.len() - from);
                out[..count].copy_from_slice(&chunk[from..from + count]);
                *position += count as u64;
                return Ok(count);
            }
            start = end;
        }
        Ok(0)
    }
}

impl Seek for BufferReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (chunks, position) = match self {
            Self::File(file) => return file.seek(to),
            Self::Memory { chunks, position } => (chunks, position),
        };
        let length = chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>();
        let found = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(back) => length.checked_add_signed(back),
            SeekFrom::Current(on) => position.checked_add_signed(on),
        };
        *position = found.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(*position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_read_like_a_file() {
        let chunks = [&b"abc"[..], b"", b"d", b"efgh"].map(Bytes::from_static);
        let mut reader = BufferReader::Memory { chunks: &chunks, position: 0 };
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"abcdefgh");
        for (to, rest) in [
            (SeekFrom::Start(2), &b"cdefgh"[..]),
            (SeekFrom::End(-3), b"fgh"),
            (SeekFrom::Start(8), b""),
            (SeekFrom::Start(99), b""),
        ] {
            reader.seek(to).unwrap();
            let mut found = Vec::new();
            reader.read_to_end(&mut found).unwrap();
            assert_eq!(found, rest, "{to:?}");
        }
        assert!(reader.seek(SeekFrom::End(-9)).is_err());
    }
}
