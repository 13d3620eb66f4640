//! How numbers and directories lie in a TIFF block: byte order, and the wide form of `BigTIFF`.

use std::ops::Range;

use super::super::bytes::{array, clipped};

/// Whose tags they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dialect {
    /// TIFF's and Exif's.
    Standard,
    /// Those of the GPS directory: all of it tells the place.
    Place,
    /// Those of Panasonic's maker notes.
    Panasonic,
    /// Those of Nikon's maker notes.
    Nikon,
}

/// Byte order and width of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    big_endian: bool,
    wide: bool,
}

/// One tag of a directory.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) tag: u16,
    pub(super) kind: u16,
    /// Where the value lies, as far as it lies in the block.
    pub(super) value: Range<usize>,
}

impl Layout {
    /// Reads the header.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let (big_endian, wide) = match &array(bytes, 0)? {
            b"II\x2A\0" => (false, false),
            b"II\x2B\0" => (false, true),
            b"MM\0\x2A" => (true, false),
            b"MM\0\x2B" => (true, true),
            _ => return None,
        };
        Some(Self { big_endian, wide })
    }

    /// Bytes of the header.
    pub(super) fn header(self) -> usize {
        if self.wide { 16 } else { 8 }
    }

    /// Where the directory lies that the header points to.
    pub(super) fn first(self, bytes: &[u8]) -> Option<usize> {
        self.offset(bytes, if self.wide { 8 } else { 4 })
    }

    /// Bytes of a directory's count, of an entry and of an offset.
    fn sizes(self) -> (usize, usize, usize) {
        if self.wide { (8, 20, 8) } else { (2, 12, 4) }
    }

    /// Entries a directory claims to have.
    pub(super) fn count(self, bytes: &[u8], directory: usize) -> Option<usize> {
        if self.wide {
            self.offset(bytes, directory)
        } else {
            self.u16(bytes, directory).map(usize::from)
        }
    }

    /// Where a directory lies, with the link behind it, as far as it lies in the block.
    pub(super) fn table(self, bytes: &[u8], directory: usize, entries: usize) -> Range<usize> {
        let (head, step, link) = self.sizes();
        clipped(bytes, directory, entries.saturating_mul(step).saturating_add(head + link))
    }

    /// The entry with this number; `None` when it does not lie in the block.
    pub(super) fn entry(self, bytes: &[u8], directory: usize, index: usize) -> Option<Entry> {
        let (head, step, link) = self.sizes();
        let at = directory.checked_add(head)?.checked_add(index.checked_mul(step)?)?;
        let inline = at.checked_add(step - link)?;
        let (tag, kind) = (self.u16(bytes, at)?, self.u16(bytes, at + 2)?);
        let count = self.offset(bytes, at + 4)?;
        let target = self.offset(bytes, inline)?;
        let length = kind_bytes(kind).unwrap_or(0).saturating_mul(count);
        let start = if length <= link { inline } else { target };
        Some(Entry { tag, kind, value: clipped(bytes, start, length) })
    }

    /// The directory that comes after one.
    pub(super) fn next(self, bytes: &[u8], directory: usize, entries: usize) -> Option<usize> {
        let (head, step, _) = self.sizes();
        let at = directory.checked_add(head)?.checked_add(entries.checked_mul(step)?)?;
        self.offset(bytes, at).filter(|next| *next > 0)
    }

    /// The numbers of an entry, whatever integers they are.
    pub(super) fn numbers(self, bytes: &[u8], entry: &Entry) -> impl Iterator<Item = usize> {
        let size = kind_bytes(entry.kind).unwrap_or(1);
        let content = bytes.get(entry.value.clone()).unwrap_or_default();
        content.chunks_exact(size).map(move |digits| {
            let fold = |sum: usize, digit: &u8| sum.saturating_mul(256) | usize::from(*digit);
            if self.big_endian {
                digits.iter().fold(0, fold)
            } else {
                digits.iter().rev().fold(0, fold)
            }
        })
    }

    /// Takes an entry out of its directory; those behind it and the link move up. Returns how
    /// many bytes that moved.
    pub(super) fn take_out(self, bytes: &mut [u8], directory: usize, index: usize) -> usize {
        let (head, step, _) = self.sizes();
        let count = self.count(bytes, directory).unwrap_or(0);
        let table = self.table(bytes, directory, count);
        let start = directory.saturating_add(index.saturating_mul(step).saturating_add(head));
        // Repairs of a hostile file may have changed what was found.
        if index >= count || start.saturating_add(step) > table.end {
            return 0;
        }
        bytes.copy_within(start + step..table.end, start);
        bytes[table.end - step..table.end].fill(0);
        let mut number = (count as u64 - 1).to_le_bytes();
        if self.big_endian {
            number[..head].reverse();
        }
        bytes[directory..directory + head].copy_from_slice(&number[..head]);
        table.len()
    }

    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let number = array(bytes, at)?;
        Some(if self.big_endian { u16::from_be_bytes(number) } else { u16::from_le_bytes(number) })
    }

    fn offset(self, bytes: &[u8], at: usize) -> Option<usize> {
        if self.wide {
            let number = array(bytes, at)?;
            let number = if self.big_endian {
                u64::from_be_bytes(number)
            } else {
                u64::from_le_bytes(number)
            };
            return usize::try_from(number).ok();
        }
        let number = array(bytes, at)?;
        let number =
            if self.big_endian { u32::from_be_bytes(number) } else { u32::from_le_bytes(number) };
        usize::try_from(number).ok()
    }
}

/// Bytes of one value of a kind.
pub(super) fn kind_bytes(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 | 129 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}
