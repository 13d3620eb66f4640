//! AVIF and HEIC: walks the boxes of the ISO base media file.

mod hidden;
mod items;
mod references;
mod samples;

use std::{
    io::{Cursor, Read, Seek},
    ops::Range,
};

use super::ExifBlock;
use crate::source::Source;

pub(crate) use hidden::hidden;
pub(crate) use items::{ItemInfo, infos, locations};
pub(crate) use references::references;
pub(crate) use samples::chunks;

/// Boxes looked at on one level; real files have a handful.
const BOXES_MAX: usize = 4_096;
/// Bytes of an Exif block that lies in several places.
const EXIF_BYTES_MAX: u64 = 1 << 20;

/// One box: its name, and where it and its content lie.
#[derive(Clone, Debug)]
pub(crate) struct Area {
    pub(crate) name: [u8; 4],
    pub(crate) all: Range<u64>,
    pub(crate) content: Range<u64>,
}

impl Area {
    /// The content behind version and flags.
    pub(crate) fn behind_version(&self) -> Range<u64> {
        let Range { start, end } = self.content;
        (start + 4).min(end)..end
    }
}

/// The boxes of one level.
pub(crate) struct Level {
    pub(crate) areas: Vec<Area>,
    /// What follows them and is no box.
    pub(crate) rest: Range<u64>,
}

/// Reads the boxes of one level, as far as there are any.
pub(crate) fn level<R: Read + Seek>(source: &mut Source<R>, range: Range<u64>) -> Level {
    let mut areas = Vec::new();
    let mut at = range.start;
    while at < range.end && areas.len() < BOXES_MAX {
        let Some(area) = one_box(source, at, range.end) else { break };
        at = area.all.end;
        areas.push(area);
    }
    Level { areas, rest: at..range.end.max(at) }
}

/// The boxes of one level, whatever follows them.
pub(crate) fn boxes<R: Read + Seek>(source: &mut Source<R>, range: Range<u64>) -> Vec<Area> {
    level(source, range).areas
}

fn one_box<R: Read + Seek>(source: &mut Source<R>, start: u64, level_end: u64) -> Option<Area> {
    source.seek(start)?;
    let (size, name) = (u64::from(source.be32()?), source.array()?);
    let (size, header) = match size {
        0 => (level_end - start, 8),
        1 => (u64::from_be_bytes(source.array()?), 16),
        size => (size, 8),
    };
    let end = start.checked_add(size)?.min(level_end);
    let content = start + header;
    // A name that nobody can read is no name, and an empty one even less.
    let is_box = size >= header && content <= end && name != [0; 4];
    is_box.then_some(Area { name, all: start..end, content: content..end })
}

/// The first box of a name.
pub(crate) fn find(areas: &[Area], name: [u8; 4]) -> Option<&Area> {
    areas.iter().find(|area| area.name == name)
}

/// What a `meta` box or a track is for.
pub(crate) fn handler<R: Read + Seek>(source: &mut Source<R>, areas: &[Area]) -> Option<[u8; 4]> {
    source.seek(find(areas, *b"hdlr")?.content.start + 8)?;
    source.array()
}

/// Where the file ends, or another one begins behind it: decoders take both for one.
fn end<R: Read + Seek>(source: &mut Source<R>) -> u64 {
    let len = source.len();
    let all = boxes(source, 0..len);
    let second = all.iter().filter(|area| &area.name == b"ftyp").nth(1);
    second.map_or(len, |second| second.all.start)
}

/// The bytes of the file itself.
pub(crate) fn own(bytes: &[u8]) -> &[u8] {
    let end = Source::new(Cursor::new(bytes)).map(|mut source| end(&mut source));
    end.ok().and_then(|end| bytes.get(..end as usize)).unwrap_or(bytes)
}

/// The boxes of the file itself.
pub(crate) fn top<R: Read + Seek>(source: &mut Source<R>) -> Vec<Area> {
    let end = end(source);
    boxes(source, 0..end)
}

/// The boxes in the `meta` box of the file.
pub(crate) fn meta<R: Read + Seek>(source: &mut Source<R>) -> Option<Vec<Area>> {
    let top = top(source);
    let inside = find(&top, *b"meta")?.behind_version();
    Some(boxes(source, inside))
}

/// The number of the primary picture.
pub(crate) fn primary<R: Read + Seek>(source: &mut Source<R>, meta: &[Area]) -> Option<u32> {
    source.seek(find(meta, *b"pitm")?.content.start)?;
    match source.be32()? >> 24 {
        0 => source.be16().map(u32::from),
        _ => source.be32(),
    }
}

/// The Exif block: the first item of that kind.
pub(crate) fn exif<R: Read + Seek>(source: &mut Source<R>) -> Option<ExifBlock> {
    let meta = meta(source)?;
    let infos = infos(source, find(&meta, *b"iinf")?)?;
    let item = infos.iter().find(|info| info.kind == Some(*b"Exif"))?.id;
    let data = find(&meta, *b"idat").map(|data| &data.content);
    let locations = locations(source, find(&meta, *b"iloc")?, data)?;
    let location = locations.into_iter().find(|location| location.id == item)?;
    let first = location.extents.first()?.clone();
    if location.extents.len() == 1 {
        source.seek(first.start)?;
        let skipped = 4 + u64::from(source.be32()?);
        return Some(ExifBlock::Place(first.start.checked_add(skipped)?..first.end));
    }
    let mut block = Vec::new();
    for extent in location.extents {
        source.seek(extent.start)?;
        let most = EXIF_BYTES_MAX.checked_sub(block.len() as u64)?;
        block.extend(source.bytes(extent.end - extent.start, most)?);
    }
    let skipped = u32::from_be_bytes(*block.first_chunk()?) as usize;
    Some(ExifBlock::Bytes(block.split_off(skipped.checked_add(4)?.min(block.len()))))
}
