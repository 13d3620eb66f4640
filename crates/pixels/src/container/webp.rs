//! WebP: walks the RIFF chunks.

use std::{
    io::{Read, Seek},
    ops::Range,
};

use super::{Chunk, ExifBlock};
use crate::source::Source;

/// Chunks a file may have; an animation has one a frame.
const CHUNKS_MAX: u32 = 200_000;
const FIRST_CHUNK: u64 = 12;
const HEAD_BYTES: u64 = 8;
/// Where a frame is shown and for how long, before its own chunks.
const FRAME_HEAD_BYTES: u64 = 16;

/// A walk over chunks of one level.
pub(crate) struct Chunks {
    at: u64,
    end: u64,
    /// Where the level says that it ends.
    said_end: u64,
    left: u32,
}

impl Chunks {
    /// The chunks of a file, as far as it says that it goes.
    pub(crate) fn of_file<R: Read + Seek>(source: &mut Source<R>) -> Option<Self> {
        source.seek(4)?;
        let said = u64::from(source.le32()?);
        let said_end = (said + 8).next_multiple_of(2);
        let end = said_end.min(source.len());
        Some(Self { at: FIRST_CHUNK, end, said_end, left: CHUNKS_MAX })
    }

    /// The chunks of a frame.
    pub(crate) fn of_frame(frame: &Chunk) -> Self {
        let Range { start, end } = frame.content;
        Self { at: start + FRAME_HEAD_BYTES, end, said_end: end, left: CHUNKS_MAX }
    }

    /// Where the file says that it ends, with the byte that fills up its last chunk.
    pub(crate) fn said_end(&self) -> u64 {
        self.said_end
    }

    /// The next chunk; the source stands at its content.
    pub(crate) fn next<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Option<Chunk> {
        let start = self.at + HEAD_BYTES;
        if start > self.end {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        source.seek(self.at)?;
        let (name, size) = (source.array()?, u64::from(source.le32()?));
        let all = self.at..(start + size.next_multiple_of(2)).min(self.end);
        let content = start..(start + size).min(self.end);
        self.at = start + size.next_multiple_of(2);
        Some(Chunk { name, all, content, is_whole: start + size <= self.end })
    }

    /// Bytes from the end of the last chunk to the end of the level.
    pub(crate) fn rest(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }
}

/// The extended header: what a file holds, and the size of its canvas.
pub(crate) struct Extended {
    pub(crate) is_animated: bool,
    pub(crate) has_alpha: bool,
    pub(crate) size: (u32, u32),
}

impl Extended {
    /// Reads the content of a `VP8X` chunk.
    pub(crate) fn read<R: Read + Seek>(source: &mut Source<R>) -> Option<Self> {
        let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = source.array()?;
        let side = |low, middle, high| 1 + u32::from_le_bytes([low, middle, high, 0]);
        Some(Self {
            is_animated: flags & 2 != 0,
            has_alpha: flags & 0x10 != 0,
            size: (side(w0, w1, w2), side(h0, h1, h2)),
        })
    }
}

/// Whether the file is an animation, if only of one frame.
pub(crate) fn is_animated<R: Read + Seek>(source: &mut Source<R>) -> bool {
    let mut animated = || {
        let first = Chunks::of_file(source)?.next(source)?;
        (&first.name == b"VP8X").then(|| Extended::read(source))?
    };
    animated().is_some_and(|extended| extended.is_animated)
}

/// Whether the still in the file was stored without loss.
pub(crate) fn is_lossless<R: Read + Seek>(source: &mut Source<R>) -> bool {
    first_of(source, *b"VP8L").is_some()
}

/// The first chunk of a name; the source stands at its content.
pub(crate) fn first_of<R: Read + Seek>(source: &mut Source<R>, name: [u8; 4]) -> Option<Chunk> {
    let mut chunks = Chunks::of_file(source)?;
    loop {
        let chunk = chunks.next(source)?;
        if chunk.name == name {
            return Some(chunk);
        }
    }
}

/// The Exif block.
pub(crate) fn exif<R: Read + Seek>(source: &mut Source<R>) -> Option<ExifBlock> {
    let chunk = first_of(source, *b"EXIF")?;
    // Some writers keep JPEG's prefix.
    let prefix = if source.array() == Some(*b"Exif\0\0") { 6 } else { 0 };
    Some(ExifBlock::Place(chunk.content.start + prefix..chunk.content.end))
}
