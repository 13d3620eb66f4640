//! TIFF directories: Exif blocks, wherever a format keeps them, and TIFF files themselves.
//!
//! Cameras and editors write broken Exif all the time, so every step may find nothing and none
//! may fail. Nothing is followed in circles: a directory is read once, by name.

use std::{
    io::{Cursor, Read, Seek},
    ops::Range,
};

use crate::source::Source;

/// Entries of one directory: all that two bytes can count. Cameras write fewer than a hundred.
pub(crate) const ENTRIES_MAX: u64 = 1 << 16;
/// Damaged entries in a row behind which a directory may go on.
const DAMAGED_MAX: usize = 3;
/// Bytes read of one value.
const VALUE_BYTES_MAX: u64 = 64 << 10;

/// An Exif block inside a file. Offsets in it count from its own header.
pub(crate) struct Exif<'a, R> {
    source: Bytes<'a, R>,
    start: u64,
    end: u64,
    layout: Layout,
}

/// How numbers and directories lie in a block: byte order, and the wide form of `BigTIFF`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) big_endian: bool,
    /// `BigTIFF` has 8-byte offsets and counts.
    pub(crate) wide: bool,
}

impl Layout {
    /// Reads the first four bytes of the header.
    fn of(header: [u8; 4]) -> Option<Self> {
        let (big_endian, wide) = match &header {
            b"II\x2A\0" => (false, false),
            b"II\x2B\0" => (false, true),
            b"MM\0\x2A" => (true, false),
            b"MM\0\x2B" => (true, true),
            _ => return None,
        };
        Some(Self { big_endian, wide })
    }

    /// Bytes of the header.
    pub(crate) fn header(self) -> usize {
        if self.wide { 16 } else { 8 }
    }

    /// Bytes of a directory's count, of an entry and of an offset.
    pub(crate) fn sizes(self) -> (usize, usize, usize) {
        if self.wide { (8, 20, 8) } else { (2, 12, 4) }
    }

    /// The number that these bytes stand for, without a sign.
    pub(crate) fn number(self, digits: &[u8]) -> u64 {
        let fold = |sum: u64, digit: &u8| sum << 8 | u64::from(*digit);
        if self.big_endian {
            digits.iter().fold(0, fold)
        } else {
            digits.iter().rev().fold(0, fold)
        }
    }

    /// Writes a number over these bytes.
    pub(crate) fn write(self, number: u64, digits: &mut [u8]) {
        let count = digits.len();
        digits.copy_from_slice(&number.to_le_bytes()[..count]);
        if self.big_endian {
            digits.reverse();
        }
    }
}

/// Where the block is read from: the file itself, or what was unpacked from it.
enum Bytes<'a, R> {
    File(&'a mut Source<R>),
    Unpacked(Box<Source<Cursor<Vec<u8>>>>),
}

impl<R: Read + Seek> Bytes<'_, R> {
    fn seek(&mut self, position: u64) -> Option<()> {
        match self {
            Self::File(source) => source.seek(position),
            Self::Unpacked(source) => source.seek(position),
        }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        match self {
            Self::File(source) => source.array(),
            Self::Unpacked(source) => source.array(),
        }
    }

    fn bytes(&mut self, count: u64) -> Option<Vec<u8>> {
        match self {
            Self::File(source) => source.bytes(count, count),
            Self::Unpacked(source) => source.bytes(count, count),
        }
    }
}

/// One TIFF directory: tags and where their values lie.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// All there are, in their order.
    pub(crate) entries: Vec<Entry>,
    /// Whether all entries it announces are there.
    pub(crate) fits: bool,
    /// Entries it announces.
    pub(crate) announced: u64,
    /// Offset of the directory that comes after it.
    pub(crate) next: Option<u64>,
}

/// One tag of a directory.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) tag: u16,
    pub(crate) kind: u16,
    count: u64,
    /// Where the value lies in the file, as far as it lies in the block.
    pub(crate) value: Range<u64>,
    /// Whether the value is of a known kind and lies in the block.
    pub(crate) is_whole: bool,
}

impl Directory {
    /// The first entry with this tag that has a value.
    pub(crate) fn get(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag && entry.is_whole)
    }
}

impl<'a, R: Read + Seek> Exif<'a, R> {
    /// Reads the TIFF header at a position.
    pub(crate) fn at(source: &'a mut Source<R>, start: u64, end: u64) -> Option<Self> {
        let end = end.min(source.len());
        Self::new(Bytes::File(source), start, end)
    }

    /// Reads the TIFF header of a block that was unpacked.
    pub(crate) fn unpacked(bytes: Vec<u8>) -> Option<Self> {
        let end = bytes.len() as u64;
        let source = Source::new(Cursor::new(bytes)).ok()?;
        Self::new(Bytes::Unpacked(Box::new(source)), 0, end)
    }

    fn new(mut source: Bytes<'a, R>, start: u64, end: u64) -> Option<Self> {
        source.seek(start)?;
        let layout = Layout::of(source.array()?)?;
        Some(Self { source, start, end, layout })
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Where the directory lies that the header points to.
    pub(crate) fn first_offset(&mut self) -> Option<u64> {
        let position = if self.layout.wide { 8 } else { 4 };
        self.source.seek(self.start + position)?;
        self.offset()
    }

    /// The directory the header points to: of the picture itself.
    pub(crate) fn first_directory(&mut self) -> Option<Directory> {
        let offset = self.first_offset()?;
        self.directory(offset)
    }

    /// The directory that an entry of another one points to.
    pub(crate) fn sub_directory(&mut self, parent: &Directory, tag: u16) -> Option<Directory> {
        let offset = self.number(parent.get(tag)?)?;
        self.directory(u64::from(offset))
    }

    /// The directory at an offset: the entries that are there, whatever it announces.
    pub(crate) fn directory(&mut self, offset: u64) -> Option<Directory> {
        let (head, step, _) = self.layout.sizes();
        let (head, step) = (head as u64, step as u64);
        let position = self.inside(offset, head)?;
        self.source.seek(position)?;
        let announced = if self.layout.wide { self.offset()? } else { u64::from(self.u16()?) };
        let room = (self.end - position - head) / step;
        let table = self.source.bytes(announced.min(room).min(ENTRIES_MAX) * step)?;
        let rows = (0..).zip(table.chunks_exact(step as usize));
        let mut entries: Vec<Entry> =
            rows.map(|(index, row)| self.entry(row, position + head + index * step)).collect();
        let end = noise(&entries, &table, announced > room);
        let fits = announced <= room && end.is_none();
        entries.truncate(end.unwrap_or(entries.len()));
        let count = if fits { announced } else { entries.len() as u64 };
        let next = count.checked_mul(step).and_then(|bytes| self.link(position + head + bytes));
        Some(Directory { entries, fits, announced, next })
    }

    fn link(&mut self, position: u64) -> Option<u64> {
        self.source.seek(self.inside(position - self.start, 4)?)?;
        self.offset().filter(|next| *next > 0)
    }

    fn entry(&self, bytes: &[u8], position: u64) -> Entry {
        let (_, step, link) = self.layout.sizes();
        let number = |range: Range<usize>| self.layout.number(&bytes[range]);
        let (tag, kind) = (number(0..2) as u16, number(2..4) as u16);
        let count = number(4..step - link);
        let length = kind_bytes(kind).and_then(|bytes| count.checked_mul(bytes));
        let inline = length.is_some_and(|length| length <= link as u64);
        let start = if inline {
            position + (step - link) as u64
        } else {
            self.start.saturating_add(number(step - link..step))
        };
        // Of an unknown kind nobody knows the length.
        let length = if kind_bytes(kind).is_some() { length.or(Some(u64::MAX)) } else { None };
        let end = start.saturating_add(length.unwrap_or(0));
        let is_whole = length.is_some() && end <= self.end;
        Entry { tag, kind, count, value: start.min(self.end)..end.min(self.end), is_whole }
    }

    /// The absolute position of `bytes` bytes at an offset, if they lie inside the block.
    fn inside(&self, offset: u64, bytes: u64) -> Option<u64> {
        let position = self.start.checked_add(offset)?;
        (position.checked_add(bytes)? <= self.end).then_some(position)
    }

    /// The first number of an entry, of whatever kind of integer; negative ones are none.
    pub(crate) fn number(&mut self, entry: &Entry) -> Option<u32> {
        let size = match entry.kind {
            1 | 6 => 1,
            3 | 8 => 2,
            4 | 9 | 13 => 4,
            16..=18 => 8,
            _ => return None,
        };
        if entry.count == 0 {
            return None;
        }
        self.source.seek(entry.value.start)?;
        let number = self.layout.number(&self.source.bytes(size)?);
        let is_negative = matches!(entry.kind, 6 | 8 | 9 | 17) && number >> (size * 8 - 1) > 0;
        u32::try_from(number).ok().filter(|_| !is_negative)
    }

    /// The numbers of an entry, as far as they lie in the block, whatever their kind.
    pub(crate) fn numbers(&mut self, entry: &Entry) -> Vec<u64> {
        let size = kind_bytes(entry.kind).unwrap_or(1) as usize;
        let length = entry.value.end - entry.value.start;
        let read = self.source.seek(entry.value.start).and_then(|()| self.source.bytes(length));
        let bytes = read.unwrap_or_default();
        bytes.chunks_exact(size).map(|digits| self.layout.number(digits)).collect()
    }

    /// The raw bytes of an entry of ASCII, BYTE or UNDEFINED, up to a bound.
    pub(crate) fn raw(&mut self, entry: &Entry) -> Option<Vec<u8>> {
        matches!(entry.kind, 1 | 2 | 7 | 129).then_some(())?;
        self.source.seek(entry.value.start)?;
        self.source.bytes(entry.count.min(VALUE_BYTES_MAX))
    }

    /// Up to `most` fractions of an entry, as numerator and denominator.
    pub(crate) fn fractions(&mut self, entry: &Entry, most: u64) -> Option<Vec<(i64, i64)>> {
        let signed = match entry.kind {
            5 => false,
            10 => true,
            _ => return None,
        };
        self.source.seek(entry.value.start)?;
        let mut fractions = Vec::new();
        for _ in 0..entry.count.min(most) {
            let (numerator, denominator) = (self.u32()?, self.u32()?);
            fractions.push(if signed {
                (i64::from(numerator as i32), i64::from(denominator as i32))
            } else {
                (i64::from(numerator), i64::from(denominator))
            });
        }
        Some(fractions)
    }

    fn offset(&mut self) -> Option<u64> {
        if self.layout.wide {
            return self.source.array::<8>().map(|digits| self.layout.number(&digits));
        }
        self.u32().map(u64::from)
    }

    fn u16(&mut self) -> Option<u16> {
        self.source.array::<2>().map(|digits| self.layout.number(&digits) as u16)
    }

    fn u32(&mut self) -> Option<u32> {
        self.source.array::<4>().map(|digits| self.layout.number(&digits) as u32)
    }
}

/// Where the entries of a table end and noise begins, if it does: behind the last entry that is
/// there come the link and values, of no kind of number and out of the order that tags have. Not
/// noise are single damaged entries, behind which the order goes on, and padding of zeros.
fn noise(entries: &[Entry], table: &[u8], is_cut: bool) -> Option<usize> {
    let step = table.len() / entries.len().max(1);
    let mut last = None;
    for (index, (entry, row)) in entries.iter().zip(table.chunks_exact(step.max(1))).enumerate() {
        if kind_bytes(entry.kind).is_some() {
            last = Some(entry.tag);
            continue;
        }
        let is_behind = last.is_some_and(|last| entry.tag < last);
        let is_odd = is_cut || (is_behind && row.iter().any(|byte| *byte != 0));
        let mut later = entries[index + 1..].iter().take(DAMAGED_MAX);
        if is_odd && !later.any(|later| later.is_whole && Some(later.tag) > last) {
            return Some(index);
        }
    }
    None
}

/// Bytes of one value of a kind.
pub(crate) fn kind_bytes(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 | 129 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}
