//! A reader that counts what it is asked for.

use std::io::{Cursor, Read, Result, Seek, SeekFrom};

/// Bytes in memory as a file.
pub struct Counting<'a> {
    inner: Cursor<&'a [u8]>,
    read_bytes: u64,
}

impl<'a> Counting<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { inner: Cursor::new(bytes), read_bytes: 0 }
    }

    /// A header is read without going over the file again and again: a reader that hops to and
    /// fro may fill its buffer each time, so small files are allowed a fixed number of those.
    pub fn check(&self) {
        let most = 16 * self.inner.get_ref().len() as u64 + (4 << 20);
        assert!(self.read_bytes <= most, "read {} bytes, at most {most} are fair", self.read_bytes);
    }
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read_bytes += count as u64;
        Ok(count)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.inner.seek(to)
    }
}
