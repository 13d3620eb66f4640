//! The notes among the items of a picture, and where they lie.

use std::{collections::HashMap, ops::Range};

use super::{
    super::{Work, bytes, cannot},
    Area, boxes, find,
};
use crate::Error;

/// What an item holds that is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Exif,
    /// XMP.
    Packet,
    Jpeg,
    /// Nobody here can read it.
    Unknown,
}

/// An item to clean.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) extents: Vec<Range<usize>>,
}

/// Notes among the items of a `meta` box.
pub(super) fn items(file: &[u8], meta: &[Area], work: &mut Work) -> Result<Vec<Item>, Error> {
    let Some(list) = find(meta, *b"iinf") else { return Ok(Vec::new()) };
    let kinds = kinds(file, list, work)?;
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let unreadable = || cannot("notes that cannot be located");
    let table = find(meta, *b"iloc").ok_or_else(unreadable)?;
    let data = find(meta, *b"idat").map(|data| &data.content);
    let mut locations = Locations { file, at: table.content.start, end: table.content.end };
    locations.read(&kinds, data, work)?.ok_or_else(unreadable)
}

/// The kinds of items that are no pictures, by their number.
fn kinds(file: &[u8], list: &Area, work: &mut Work) -> Result<HashMap<u32, Kind>, Error> {
    let header = if file.get(list.content.start) == Some(&0) { 6 } else { 8 };
    let entries = (list.content.start + header).min(list.content.end)..list.content.end;
    let mut found = HashMap::new();
    for entry in boxes(file, entries, work)? {
        let content = &file[entry.content];
        let (id, kind) = kind(content).ok_or_else(|| cannot("items that cannot be read"))?;
        if let Some(kind) = kind {
            // Two kinds for one item: nobody knows which one counts.
            found.entry(id).and_modify(|known| *known = Kind::Unknown).or_insert(kind);
        }
    }
    Ok(found)
}

/// Number and kind of an item; no kind for pictures.
fn kind(entry: &[u8]) -> Option<(u32, Option<Kind>)> {
    let (id, at) = match entry.first()? {
        0 | 1 => return Some((u32::from(bytes::be16(entry, 4)?), Some(Kind::Unknown))),
        2 => (u32::from(bytes::be16(entry, 4)?), 8),
        _ => (bytes::be32(entry, 4)?, 10),
    };
    let name: [u8; 4] = bytes::array(entry, at)?;
    let kind = match &name {
        b"Exif" => Some(Kind::Exif),
        b"jpeg" => Some(Kind::Jpeg),
        b"mime" => {
            // Behind its name come its type and how it is packed.
            let mut texts = entry.get(at + 4..)?.split(|byte| *byte == 0).skip(1);
            let (content_type, packing) = (texts.next(), texts.next().unwrap_or_default());
            Some(match content_type {
                Some(b"application/rdf+xml") if packing.is_empty() => Kind::Packet,
                Some(b"image/jpeg") if packing.is_empty() => Kind::Jpeg,
                _ => Kind::Unknown,
            })
        }
        b"uri " => Some(Kind::Unknown),
        _ => None,
    };
    Some((id, kind))
}

/// The table of where items lie.
struct Locations<'a> {
    file: &'a [u8],
    at: usize,
    end: usize,
}

impl Locations<'_> {
    /// Reads the table; `None` when it ends too early.
    fn read(
        &mut self,
        kinds: &HashMap<u32, Kind>,
        data: Option<&Range<usize>>,
        work: &mut Work,
    ) -> Result<Option<Vec<Item>>, Error> {
        let mut found = Vec::new();
        let Some((version, sizes, items)) = self.header() else { return Ok(None) };
        let wide = if version < 2 { 2 } else { 4 };
        for _ in 0..items {
            work.spend(8)?;
            let Some(id) = self.integer(wide) else { return Ok(None) };
            let method = if version == 0 { Some(0) } else { self.integer(2) };
            let level = match method.map(|method| method & 15) {
                Some(0) => 0..self.file.len(),
                Some(1) => data.cloned().unwrap_or(0..0),
                Some(_) if kinds.contains_key(&(id as u32)) => {
                    return Err(cannot("notes that are built from others"));
                }
                _ => 0..0,
            };
            let Some(extents) = self.extents(sizes, level, work)? else { return Ok(None) };
            found.extend(kinds.get(&(id as u32)).map(|kind| Item { kind: *kind, extents }));
        }
        Ok(Some(found))
    }

    /// Version, sizes of the numbers (offset, length, base, index), and how many items there are.
    fn header(&mut self) -> Option<(usize, [usize; 4], usize)> {
        let version = self.integer(4)? >> 24;
        let sizes = self.integer(2)?;
        let index = if version == 0 { 0 } else { sizes & 15 };
        let sizes = [sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, index];
        let items = self.integer(if version < 2 { 2 } else { 4 })?;
        sizes.iter().all(|size| *size <= 8).then_some((version, sizes, items))
    }

    /// Where the parts of an item lie, as far as they lie in the file.
    fn extents(
        &mut self,
        [offset, length, base, index]: [usize; 4],
        level: Range<usize>,
        work: &mut Work,
    ) -> Result<Option<Vec<Range<usize>>>, Error> {
        let mut found = Vec::new();
        let head = self.integer(2).and_then(|_reference| self.integer(base));
        let Some((base, count)) = head.zip(self.integer(2)) else { return Ok(None) };
        for _ in 0..count {
            work.spend(8)?;
            let numbers = self.integer(index).and_then(|_| self.integer(offset));
            let Some((offset, length)) = numbers.zip(self.integer(length)) else {
                return Ok(None);
            };
            let start = level.start.saturating_add(base).saturating_add(offset).min(level.end);
            // No length means all there is.
            let length = if length == 0 { usize::MAX } else { length };
            found.push(start..start.saturating_add(length).min(level.end));
        }
        Ok(Some(found))
    }

    /// The next big-endian number of so many bytes.
    fn integer(&mut self, size: usize) -> Option<usize> {
        let end = self.at.checked_add(size).filter(|end| *end <= self.end)?;
        let digits = self.file.get(self.at..end)?;
        self.at = end;
        Some(digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)))
    }
}
