//! The items of a file: what they are, and where they lie.

use std::{
    io::{Read, Seek},
    ops::Range,
};

use super::{Area, boxes};
use crate::source::Source;

/// Entries of the table of places.
const ITEMS_MAX: u64 = 65_536;
/// Places of items in one file; one need not take a single byte of the table.
const EXTENTS_MAX: usize = 65_536;

/// What the list of items says about one.
pub(crate) struct ItemInfo {
    pub(crate) id: u32,
    /// Old lists do not say.
    pub(crate) kind: Option<[u8; 4]>,
    /// What follows its kind: its name, and more for some kinds.
    pub(crate) rest: Range<u64>,
}

/// Reads the list of items; `None` when one cannot be read.
pub(crate) fn infos<R: Read + Seek>(source: &mut Source<R>, list: &Area) -> Option<Vec<ItemInfo>> {
    source.seek(list.content.start)?;
    let count_bytes = if source.u8()? == 0 { 2 } else { 4 };
    let inside = list.behind_version();
    let entries = boxes(source, (inside.start + count_bytes).min(inside.end)..inside.end);
    entries.into_iter().map(|entry| info(source, &entry)).collect()
}

fn info<R: Read + Seek>(source: &mut Source<R>, entry: &Area) -> Option<ItemInfo> {
    source.seek(entry.content.start)?;
    let version = source.be32()? >> 24;
    let id = if version >= 3 { source.be32()? } else { u32::from(source.be16()?) };
    let _protection = source.be16()?;
    let kind = if version >= 2 { Some(source.array()?) } else { None };
    let start = source.position();
    (start <= entry.content.end).then_some(ItemInfo { id, kind, rest: start..entry.content.end })
}

/// Where one item lies.
pub(crate) struct Location {
    pub(crate) id: u32,
    /// 0 counts from the start of the file, 1 from the data in the `meta` box, others from items.
    pub(crate) method: u16,
    /// Its parts, as far as they lie in what they count from.
    pub(crate) extents: Vec<Range<u64>>,
    /// Whether a part of it does not.
    pub(crate) is_cut: bool,
}

/// Reads the table of where items lie; `None` when it ends too early or makes no sense.
pub(crate) fn locations<R: Read + Seek>(
    source: &mut Source<R>,
    table: &Area,
    data: Option<&Range<u64>>,
) -> Option<Vec<Location>> {
    let mut table = Table { at: table.content.start, end: table.content.end, source };
    table.source.seek(table.at)?;
    let version = table.integer(4)? >> 24;
    let sizes = table.integer(2)?;
    let index = if version == 0 { 0 } else { sizes & 15 };
    let sizes = [index, sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15];
    if sizes.iter().any(|size| *size > 8) {
        return None;
    }
    let wide = if version < 2 { 2 } else { 4 };
    let items = table.integer(wide).filter(|items| *items <= ITEMS_MAX)?;
    let (mut found, mut extents) = (Vec::new(), 0);
    for _ in 0..items {
        let id = table.integer(wide)? as u32;
        let method = if version == 0 { 0 } else { table.integer(2)? as u16 & 15 };
        let level = match method {
            0 => 0..table.source.len(),
            1 => data.cloned().unwrap_or(0..0),
            _ => 0..0,
        };
        let (parts, is_cut) = table.extents(sizes, &level)?;
        extents += parts.len();
        found.push(Location { id, method, extents: parts, is_cut });
        if extents > EXTENTS_MAX {
            return None;
        }
    }
    Some(found)
}

/// A table of numbers of many sizes.
struct Table<'a, R> {
    source: &'a mut Source<R>,
    at: u64,
    end: u64,
}

impl<R: Read + Seek> Table<'_, R> {
    fn extents(
        &mut self,
        [index, offset, length, base]: [u64; 4],
        level: &Range<u64>,
    ) -> Option<(Vec<Range<u64>>, bool)> {
        let _reference = self.integer(2)?;
        let base = self.integer(base)?;
        let count = self.integer(2)?;
        let (mut found, mut is_cut) = (Vec::new(), false);
        for _ in 0..count {
            let _index = self.integer(index)?;
            let (offset, length) = (self.integer(offset)?, self.integer(length)?);
            let start = level.start.saturating_add(base).saturating_add(offset);
            let end = start.saturating_add(length);
            is_cut |= end > level.end;
            // No length means all there is.
            let end = if length == 0 { level.end } else { end.min(level.end) };
            found.push(start.min(level.end)..end);
        }
        Some((found, is_cut))
    }

    /// The next big-endian number of so many bytes.
    fn integer(&mut self, bytes: u64) -> Option<u64> {
        self.at = self.at.checked_add(bytes).filter(|at| *at <= self.end)?;
        (0..bytes).try_fold(0, |value, _| Some(value << 8 | u64::from(self.source.u8()?)))
    }
}
