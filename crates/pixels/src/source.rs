//! A stranger's file, read a little at a time. Running out of bytes is `None`, never a panic.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

/// A buffered reader that knows where it is and how long the file is.
pub(crate) struct Source<R> {
    reader: BufReader<R>,
    position: u64,
    len: u64,
}

impl<R: Read + Seek> Source<R> {
    /// Starts at the first byte, wherever the reader stood.
    pub(crate) fn new(reader: R) -> std::io::Result<Self> {
        let mut reader = BufReader::with_capacity(16 << 10, reader);
        let len = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        Ok(Self { reader, position: 0, len })
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Moves to an absolute position; `None` when it lies behind the end.
    pub(crate) fn seek(&mut self, position: u64) -> Option<()> {
        if position > self.len {
            return None;
        }
        // Relative seeks keep the buffer, so short hops cost no system call.
        let offset = i64::try_from(position).ok()? - i64::try_from(self.position).ok()?;
        self.reader.seek_relative(offset).ok()?;
        self.position = position;
        Some(())
    }

    /// Moves behind the first byte that the search finds, and returns it.
    pub(crate) fn find(&mut self, search: impl Fn(&[u8]) -> Option<usize>) -> Option<u8> {
        loop {
            let buffer = self.reader.fill_buf().ok().filter(|buffer| !buffer.is_empty())?;
            let found = search(buffer).map(|at| (at, buffer[at]));
            let used = found.map_or(buffer.len(), |(at, _)| at + 1);
            self.reader.consume(used);
            self.position += used as u64;
            if let Some((_, byte)) = found {
                return Some(byte);
            }
        }
    }

    pub(crate) fn skip(&mut self, count: u64) -> Option<()> {
        self.seek(self.position.checked_add(count)?)
    }

    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Option<()> {
        self.reader.read_exact(buffer).ok()?;
        self.position += buffer.len() as u64;
        Some(())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Some(bytes)
    }

    /// Reads `count` bytes, unless that is more than the file still has or more than `most`.
    pub(crate) fn bytes(&mut self, count: u64, most: u64) -> Option<Vec<u8>> {
        if count > most || count > self.len - self.position {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(count).ok()?];
        self.fill(&mut bytes)?;
        Some(bytes)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn be16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn be32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn le16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn le32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Up to `most` bytes from the start of the file; stands behind them afterwards.
    pub(crate) fn start(&mut self, most: u64) -> Option<Vec<u8>> {
        self.seek(0)?;
        self.bytes(most.min(self.len), most)
    }
}
