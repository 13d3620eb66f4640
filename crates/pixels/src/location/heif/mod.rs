//! AVIF and its kin, in place: items and boxes keep where they lie and how long they are.
//!
//! What no item and no track refers to is emptied, too: data may hold anything, and free space is
//! only free when nothing is in it. A box that must go becomes a `free` box full of zeros, which every reader skips.

mod items;

use std::{collections::HashSet, io::Cursor, mem, ops::Range};

use items::{Item, Kind, items};

use super::{Work, bytes, cannot, jpeg, ranges, tiff, words};
use crate::{
    Error,
    container::{
        clipped,
        heif::{Area, chunks, handler, level},
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
const TOP: [&[u8; 4]; 5] = [b"ftyp", b"pdin", b"sidx", b"ssix", b"styp"];
const IN_MOVIE: [&[u8; 4]; 3] = [b"mvhd", b"iods", b"mvex"];
const IN_TRACK: [&[u8; 4]; 4] = [b"tkhd", b"tref", b"edts", b"trgr"];
const IN_META: [&[u8; 4]; 9] =
    [b"hdlr", b"dinf", b"pitm", b"iinf", b"iref", b"iprp", b"iloc", b"grpl", b"ipro"];
/// Boxes of which only that is kept what others refer to, on any level.
const DATA: [&[u8; 4]; 5] = [b"mdat", b"idat", b"free", b"skip", b"wide"];
/// What tracks may hold: pictures, their alpha, film and sound.
const HANDLERS: [&[u8; 4]; 4] = [b"pict", b"auxv", b"vide", b"soun"];

/// What must be done to a file.
#[derive(Default)]
struct Plan {
    /// Boxes that become free space.
    free: Vec<Area>,
    /// Notes to clean.
    items: Vec<Item>,
    /// What lies in boxes of data and of free space.
    data: Vec<Range<usize>>,
    /// What is referred to.
    used: Vec<Range<usize>>,
    /// Whether a track does not say where all its samples lie.
    lacks_tables: bool,
}

/// Cleans a file.
pub(super) fn file(mut file: Vec<u8>, work: &mut Work) -> Result<Vec<u8>, Error> {
    let mut plan = plan(&file, work)?;
    for item in &plan.items {
        clean_item(&mut file, item, work)?;
    }
    work.spend(file.len())?;
    plan.leave_used(&mut file)?;
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
            _ => plan.other(bytes, area, &TOP),
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
                _ => self.other(file.bytes, area, &IN_MOVIE),
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
                    self.samples(file, &media, work)?;
                }
                b"meta" => self.meta(file, area, work)?,
                _ => self.other(file.bytes, area, &IN_TRACK),
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
        let items = items(file, &areas, work)?;
        self.items.extend(items.notes);
        self.used.extend(items.used);
        for area in areas {
            self.other(file.bytes, area, &IN_META);
        }
        Ok(())
    }

    fn samples(
        &mut self,
        file: &mut File<'_>,
        media: &[Area],
        work: &mut Work,
    ) -> Result<(), Error> {
        let chunks = chunks(&mut file.source, media);
        self.lacks_tables |= chunks.is_none();
        let chunks = chunks.unwrap_or_default();
        work.spend(8 * (chunks.len() + 1))?;
        self.used.extend(chunks.iter().map(|chunk| clipped(file.bytes.len(), chunk)));
        Ok(())
    }

    /// Decides about a box without boxes in it, on a level of which these are known.
    fn other(&mut self, bytes: &[u8], area: Area, known: &[&[u8; 4]]) {
        if DATA.contains(&&area.name) {
            self.data.push(clipped(bytes.len(), &area.content));
        } else if !known.contains(&&area.name) {
            self.free.push(area);
        }
    }

    /// Empties data that nothing refers to.
    fn leave_used(&mut self, file: &mut [u8]) -> Result<(), Error> {
        let data = ranges::joined(mem::take(&mut self.data));
        let mut used = mem::take(&mut self.used);
        // What does not say how long it is ends with the box that it begins in.
        for part in used.iter_mut().filter(|part| part.end == file.len()) {
            let begins = data.partition_point(|area| area.end <= part.start);
            part.end = data.get(begins).map_or(part.end, |area| area.end.max(part.start));
        }
        let changed = ranges::empty(file, &data, &ranges::joined(used));
        if changed && self.lacks_tables {
            return Err(cannot("samples of which nobody can tell where they lie"));
        }
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
