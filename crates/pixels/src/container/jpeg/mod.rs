//! The markers and segments of a JPEG.

mod arithmetic;
mod bits;
mod blocks;
mod codes;
mod extent;
mod frame;
mod kind;
mod planes;
mod scan;
mod sent;

pub(crate) use codes::{Code, Codes};
pub(crate) use extent::{Extent, Pixels, extent};
pub(crate) use frame::{Component, Frame, Scan};
pub(crate) use sent::Sent;

use std::{
    io::{Read, Seek},
    ops::Range,
};

use crate::source::Source;

/// The start of a picture; a second one is that of another picture.
pub(crate) const START: u8 = 0xD8;
/// The end of the picture.
pub(crate) const END: u8 = 0xD9;
/// A scan: what follows its segment is entropy-coded.
pub(crate) const SCAN: u8 = 0xDA;

/// Segments looked at; real files have dozens, scans included.
const SEGMENTS_MAX: u32 = 200_000;

/// A marker and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) marker: u8,
    /// Where the marker begins, with the fill bytes in front of it.
    pub(crate) start: u64,
    /// Its content without the length, as far as it lies in the file; empty for markers that stand alone.
    pub(crate) body: Range<u64>,
}

impl Segment {
    /// Whether it is a frame header, of whatever kind.
    pub(crate) fn is_frame(&self) -> bool {
        matches!(self.marker, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF)
    }
}

/// Walks the segments, over fill bytes, pixels and garbage as decoders do.
pub(crate) struct Segments<'a, R> {
    source: &'a mut Source<R>,
    /// Where the next marker is looked for.
    at: u64,
    left: u32,
}

impl<'a, R: Read + Seek> Segments<'a, R> {
    /// Begins behind the first marker, which says that it is a JPEG.
    pub(crate) fn new(source: &'a mut Source<R>) -> Self {
        Self { source, at: 2, left: SEGMENTS_MAX }
    }

    /// The next segment in front of the first scan: where notes are read.
    pub(crate) fn header_segment(&mut self) -> Option<Segment> {
        self.next().filter(|segment| !matches!(segment.marker, END | SCAN))
    }

    /// The file: segments are found again wherever it stands afterwards.
    pub(crate) fn source(&mut self) -> &mut Source<R> {
        self.source
    }

    /// Goes on with what lies behind a position.
    pub(crate) fn skip_to(&mut self, position: u64) {
        self.at = position;
    }

    fn segment(&mut self) -> Option<Segment> {
        self.source.seek(self.at)?;
        loop {
            self.source.find(|bytes| memchr::memchr(0xFF, bytes))?;
            let start = self.source.position() - 1;
            let marker = self.source.find(|bytes| bytes.iter().position(|byte| *byte != 0xFF))?;
            match marker {
                // An escaped byte of pixels, and markers that stand alone.
                0 | 0x01 | 0xD0..=0xD7 => continue,
                START | END => {
                    self.at = self.source.position();
                    return Some(Segment { marker, start, body: self.at..self.at });
                }
                _ => {}
            }
            let length = u64::from(self.source.be16()?);
            let body = self.source.position();
            self.at = (body + length.saturating_sub(2)).min(self.source.len());
            return Some(Segment { marker, start, body: body..self.at });
        }
    }
}

impl<R: Read + Seek> Iterator for Segments<'_, R> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        self.left = self.left.checked_sub(1)?;
        self.segment()
    }
}
