//! AVIF and its kin, in place: items and boxes keep where they lie and how long they are.
//!
//! A box that must go becomes a `free` box full of zeros, which every reader skips.

mod items;

use std::{collections::HashSet, ops::Range};

use items::{Item, Kind, items};

use super::{Work, bytes, cannot, jpeg, ranges, tiff, words};
use crate::Error;

/// Boxes on one level; real files have a handful.
const BOXES_MAX: usize = 65_536;

/// Boxes that hold no notes, on each level. Others become free space: who knows.
const TOP: [&[u8; 4]; 9] =
    [b"ftyp", b"mdat", b"free", b"skip", b"wide", b"pdin", b"sidx", b"ssix", b"styp"];
const IN_MOVIE: [&[u8; 4]; 5] = [b"mvhd", b"iods", b"mvex", b"free", b"skip"];
const IN_TRACK: [&[u8; 4]; 6] = [b"tkhd", b"tref", b"edts", b"trgr", b"free", b"skip"];
const IN_META: [&[u8; 4]; 12] = [
    b"hdlr", b"dinf", b"pitm", b"iinf", b"iref", b"iprp", b"idat", b"iloc", b"grpl", b"ipro",
    b"free", b"skip",
];
/// What tracks may hold: pictures, their alpha, film and sound.
const HANDLERS: [&[u8; 4]; 4] = [b"pict", b"auxv", b"vide", b"soun"];

/// One box: its name, and where it and its content lie.
#[derive(Clone, Debug)]
struct Area {
    name: [u8; 4],
    all: Range<usize>,
    content: Range<usize>,
}

/// What must be done to a file.
#[derive(Default)]
struct Plan {
    /// Boxes that become free space.
    free: Vec<Area>,
    /// Notes to clean.
    items: Vec<Item>,
}

/// Cleans a file.
pub(super) fn file(mut file: Vec<u8>, work: &mut Work) -> Result<Vec<u8>, Error> {
    let plan = plan(&file, work)?;
    for item in &plan.items {
        clean_item(&mut file, item, work)?;
    }
    // Afterwards: an item may lie in a box that is only there to hold it.
    for area in plan.free {
        let name = area.all.start + 4;
        file[name..name + 4].copy_from_slice(b"free");
        file[area.content].fill(0);
    }
    Ok(file)
}

fn plan(file: &[u8], work: &mut Work) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    for area in boxes(file, 0..file.len(), work)? {
        match &area.name {
            b"meta" => plan.meta(file, area, work)?,
            b"moov" => plan.movie(file, &area, work)?,
            name if TOP.contains(&name) => {}
            _ => plan.free.push(area),
        }
    }
    // Items may be shared, but not in part: cleaning one would write over the other.
    let mut seen = HashSet::new();
    plan.items.retain(|item| seen.insert(item.clone()));
    if ranges::overlap(plan.items.iter().flat_map(|item| item.extents.clone()).collect()) {
        return Err(cannot("notes that overlap"));
    }
    Ok(plan)
}

impl Plan {
    fn movie(&mut self, file: &[u8], movie: &Area, work: &mut Work) -> Result<(), Error> {
        for area in boxes(file, movie.content.clone(), work)? {
            match &area.name {
                b"trak" => self.track(file, &area, work)?,
                b"meta" => self.meta(file, area, work)?,
                name if IN_MOVIE.contains(&name) => {}
                _ => self.free.push(area),
            }
        }
        Ok(())
    }

    fn track(&mut self, file: &[u8], track: &Area, work: &mut Work) -> Result<(), Error> {
        for area in boxes(file, track.content.clone(), work)? {
            match &area.name {
                b"mdia" => {
                    let media = boxes(file, area.content, work)?;
                    if !handler(file, &media).is_some_and(|name| HANDLERS.contains(&&name)) {
                        return Err(cannot("a track that is neither picture nor sound"));
                    }
                }
                b"meta" => self.meta(file, area, work)?,
                name if IN_TRACK.contains(&name) => {}
                _ => self.free.push(area),
            }
        }
        Ok(())
    }

    fn meta(&mut self, file: &[u8], meta: Area, work: &mut Work) -> Result<(), Error> {
        let inside =
            bytes::clipped(file, meta.content.start + 4, meta.content.len().saturating_sub(4));
        let areas = boxes(file, inside, work)?;
        if handler(file, &areas) != Some(*b"pict") {
            self.free.push(meta);
            return Ok(());
        }
        self.items.extend(items(file, &areas, work)?);
        self.free.extend(areas.into_iter().filter(|area| !IN_META.contains(&&area.name)));
        Ok(())
    }
}

/// The boxes of one level. What is no box must not follow: it could be anything.
fn boxes(file: &[u8], level: Range<usize>, work: &mut Work) -> Result<Vec<Area>, Error> {
    let mut found = Vec::new();
    let mut at = level.start;
    while at < level.end {
        work.spend(8)?;
        let area = one_box(file, at, level.end).filter(|_| found.len() < BOXES_MAX);
        let Some(area) = area else {
            // A few zeros are padding.
            if file[at..level.end].iter().all(|byte| *byte == 0) {
                break;
            }
            return Err(cannot("bytes that belong to no box"));
        };
        at = area.all.end;
        found.push(area);
    }
    Ok(found)
}

fn one_box(file: &[u8], start: usize, level_end: usize) -> Option<Area> {
    let (size, name) = (bytes::be32(file, start)? as usize, bytes::array(file, start + 4)?);
    let (size, header) = match size {
        0 => (level_end - start, 8),
        1 => (usize::try_from(u64::from_be_bytes(bytes::array(file, start + 8)?)).ok()?, 16),
        size => (size, 8),
    };
    let end = start.checked_add(size)?.min(level_end);
    let content = start + header;
    // A name that nobody can read is no name, and an empty one even less.
    let is_box = size >= header && content <= end && name != [0; 4];
    is_box.then_some(Area { name, all: start..end, content: content..end })
}

fn find(areas: &[Area], name: [u8; 4]) -> Option<&Area> {
    areas.iter().find(|area| area.name == name)
}

fn handler(file: &[u8], areas: &[Area]) -> Option<[u8; 4]> {
    bytes::array(file, find(areas, *b"hdlr")?.content.start + 8)
}

/// Cleans the notes of an item; they may lie in several places, but are one block.
fn clean_item(file: &mut [u8], item: &Item, work: &mut Work) -> Result<(), Error> {
    let mut content = Vec::new();
    for extent in &item.extents {
        work.spend(extent.len())?;
        content.extend_from_slice(&file[extent.clone()]);
    }
    match item.kind {
        Kind::Exif => clean_exif(&mut content, work)?,
        Kind::Packet => words::clean_packet(&mut content),
        Kind::Jpeg => jpeg::clean_part(&mut content, work)?,
        Kind::Unknown => content.fill(0),
    }
    let mut rest = content.as_slice();
    for extent in &item.extents {
        let (part, more) = rest.split_at(extent.len().min(rest.len()));
        file[extent.clone()].copy_from_slice(part);
        rest = more;
    }
    Ok(())
}

/// The block begins with how far its TIFF header is away.
fn clean_exif(content: &mut [u8], work: &mut Work) -> Result<(), Error> {
    let start = bytes::be32(content, 0).and_then(|skip| (skip as usize).checked_add(4));
    if let Some(block) = start.and_then(|start| content.get_mut(start..)) {
        return tiff::clean_block(block, work);
    }
    content.fill(0);
    Ok(())
}
