//! One walker for each container, used by whoever reads it: probe, decoders, the reader of notes
//! and the remover of places. No file can be read in one way and cleaned in another.

pub(crate) mod apng;
pub(crate) mod gif;
pub(crate) mod heif;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod tiff;
pub(crate) mod webp;

use std::ops::Range;

/// A named part of a file, whole or cut off by the end of the file.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub(crate) name: [u8; 4],
    /// With its length, its name and what follows the content.
    pub(crate) all: Range<u64>,
    pub(crate) content: Range<u64>,
    pub(crate) is_whole: bool,
}

impl Chunk {
    /// Bytes of the content.
    pub(crate) fn content_bytes(&self) -> u64 {
        self.content.end - self.content.start
    }
}

/// Where an Exif block lies, or what was put together from several places.
pub(crate) enum ExifBlock {
    Place(Range<u64>),
    Bytes(Vec<u8>),
}

/// The bytes of a range, as far as there are.
pub(crate) fn part<'a>(bytes: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    let range = clipped(bytes.len(), range);
    &bytes[range]
}

/// The part of a range that lies in so many bytes.
pub(crate) fn clipped(length: usize, range: &Range<u64>) -> Range<usize> {
    let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(length);
    at(range.start)..at(range.end).max(at(range.start))
}
