//! Where the samples of a track lie.

use std::{
    io::{Read, Seek},
    ops::Range,
};

use super::{Area, boxes, find};
use crate::source::Source;

/// Version and flags, a common size, and how many there are.
const SIZES_HEAD: u64 = 12;
/// Version and flags, and how many there are.
const TABLE_HEAD: u64 = 8;
/// First chunk, samples a chunk, and how they are described.
const RUN_BYTES: usize = 12;

/// The chunks of samples of a track, by the boxes of its media; `None` when a table is missing or
/// cut off.
pub(crate) fn chunks<R: Read + Seek>(
    source: &mut Source<R>,
    media: &[Area],
) -> Option<Vec<Range<u64>>> {
    let information = boxes(source, find(media, *b"minf")?.content.clone());
    let tables = boxes(source, find(&information, *b"stbl")?.content.clone());
    let mut sizes = Sizes::of(source, &tables)?;
    let runs = table(source, find(&tables, *b"stsc")?, RUN_BYTES)?;
    let (offsets, offset_bytes) = match find(&tables, *b"stco") {
        Some(offsets) => (offsets, 4),
        None => (find(&tables, *b"co64")?, 8),
    };
    let offsets = table(source, offsets, offset_bytes)?;
    let runs = runs.chunks_exact(RUN_BYTES).map(|run| (number(&run[..4]), number(&run[4..8])));
    let (mut runs, mut found, mut samples) = (runs.peekable(), Vec::new(), 0);
    for (chunk, offset) in (1..).zip(offsets.chunks_exact(offset_bytes).map(number)) {
        while let Some((_, more)) = runs.next_if(|(first, _)| *first <= chunk) {
            samples = more;
        }
        found.push(offset..offset.saturating_add(sizes.next(samples)));
    }
    Some(found)
}

/// The sizes of samples: one for all, or one for each, of so many bits.
struct Sizes {
    common: u64,
    left: u64,
    table: Vec<u8>,
    bits: u64,
    at: u64,
}

impl Sizes {
    fn of<R: Read + Seek>(source: &mut Source<R>, tables: &[Area]) -> Option<Self> {
        let (area, is_compact) = match find(tables, *b"stsz") {
            Some(area) => (area, false),
            None => (find(tables, *b"stz2")?, true),
        };
        source.seek(area.content.start + 4)?;
        let (size, left) = (u64::from(source.be32()?), u64::from(source.be32()?));
        let (common, bits) = if is_compact { (0, size & 0xFF) } else { (size, 32) };
        if !matches!(bits, 4 | 8 | 16 | 32) {
            return None;
        }
        let bytes = if common > 0 { 0 } else { (left * bits).div_ceil(8) };
        let room = (area.content.end - area.content.start).checked_sub(SIZES_HEAD)?;
        let table = source.bytes(bytes, room)?;
        Some(Self { common, left, table, bits, at: 0 })
    }

    /// The bytes of the next samples, as many as there are.
    fn next(&mut self, samples: u64) -> u64 {
        let samples = samples.min(self.left);
        self.left -= samples;
        if self.common > 0 {
            return samples.saturating_mul(self.common);
        }
        let sizes = (self.at..self.at + samples).map(|at| {
            let start = (at * self.bits / 8) as usize;
            if self.bits == 4 {
                return u64::from(self.table[start] >> (4 - at % 2 * 4) & 15);
            }
            number(&self.table[start..start + (self.bits / 8) as usize])
        });
        let sum = sizes.sum();
        self.at += samples;
        sum
    }
}

/// The rows of a table that counts them.
fn table<R: Read + Seek>(source: &mut Source<R>, area: &Area, row_bytes: usize) -> Option<Vec<u8>> {
    source.seek(area.content.start + 4)?;
    let bytes = u64::from(source.be32()?) * row_bytes as u64;
    let room = (area.content.end - area.content.start).checked_sub(TABLE_HEAD)?;
    source.bytes(bytes, room)
}

/// A big-endian number.
fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit))
}
