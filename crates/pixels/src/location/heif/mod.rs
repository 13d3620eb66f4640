//! AVIF and its kin, in place: items and boxes keep where they lie and how long they are.
//!
//! A box that must go becomes a `free` box full of zeros, which every reader skips.

mod items;

use std::{collections::HashSet, io::Cursor, ops::Range};

use items::{Item, Kind, items};

use super::{Work, bytes, cannot, jpeg, ranges, tiff, words};
use crate::{
    Error,
    container::{
        clipped,
        heif::{Area, handler, level},
        part,
    },
    source::Source,
};

/// A file in memory, and the walk over it.
struct File<'a> {
    bytes: &'a [u8],
    source: Source<Cursor<&'a [u8]>>,
}

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
        let name = area.all.start as usize + 4;
        file[name..name + 4].copy_from_slice(b"free");
        let content = clipped(file.len(), &area.content);
        file[content].fill(0);
    }
    Ok(file)
}

fn plan(bytes: &[u8], work: &mut Work) -> Result<Plan, Error> {
    let source = Source::new(Cursor::new(bytes)).map_err(|_| cannot("unreadable boxes"))?;
    let mut file = File { bytes, source };
    let mut plan = Plan::default();
    for area in file.boxes(0..bytes.len() as u64, work)? {
        match &area.name {
            b"meta" => plan.meta(&mut file, area, work)?,
            b"moov" => plan.movie(&mut file, &area, work)?,
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
    fn movie(&mut self, file: &mut File<'_>, movie: &Area, work: &mut Work) -> Result<(), Error> {
        for area in file.boxes(movie.content.clone(), work)? {
            match &area.name {
                b"trak" => self.track(file, &area, work)?,
                b"meta" => self.meta(file, area, work)?,
                name if IN_MOVIE.contains(&name) => {}
                _ => self.free.push(area),
            }
        }
        Ok(())
    }

    fn track(&mut self, file: &mut File<'_>, track: &Area, work: &mut Work) -> Result<(), Error> {
        for area in file.boxes(track.content.clone(), work)? {
            match &area.name {
                b"mdia" => {
                    let media = file.boxes(area.content, work)?;
                    let handler = handler(&mut file.source, &media);
                    if !handler.is_some_and(|name| HANDLERS.contains(&&name)) {
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

    fn meta(&mut self, file: &mut File<'_>, meta: Area, work: &mut Work) -> Result<(), Error> {
        let areas = file.boxes(meta.behind_version(), work)?;
        if handler(&mut file.source, &areas) != Some(*b"pict") {
            self.free.push(meta);
            return Ok(());
        }
        self.items.extend(items(file, &areas, work)?);
        self.free.extend(areas.into_iter().filter(|area| !IN_META.contains(&&area.name)));
        Ok(())
    }
}

impl File<'_> {
    /// The boxes of one level. What is no box must not follow: it could be anything.
    fn boxes(&mut self, range: Range<u64>, work: &mut Work) -> Result<Vec<Area>, Error> {
        let found = level(&mut self.source, range);
        work.spend((found.areas.len() + 1) * 8)?;
        // A few zeros are padding.
        if part(self.bytes, &found.rest).iter().any(|byte| *byte != 0) {
            return Err(cannot("bytes that belong to no box"));
        }
        Ok(found.areas)
    }
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
