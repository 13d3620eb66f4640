//! Walks the directories of a TIFF block and finds what tells a place.

use std::{collections::HashSet, io::Cursor, ops::Range};

use super::{
    super::{
        Work,
        bytes::{array, clipped},
        cannot,
    },
    layout::{Dialect, Place},
};
use crate::{
    Error,
    container::tiff::{Directory, ENTRIES_MAX, Entry, Exif, Layout},
    source::Source,
};

const DESCRIPTION: u16 = 0x010E;
const STRIPS: [u16; 2] = [0x0111, 0x0117];
const TILES: [u16; 2] = [0x0144, 0x0145];
const SUB_DIRECTORIES: u16 = 0x014A;
const THUMBNAIL: [u16; 2] = [0x0201, 0x0202];
/// Tables of JPEGs of the old style: of quantisation, which are so long, and two of codes, which
/// count theirs first.
const TABLES: [u16; 3] = [0x0207, 0x0208, 0x0209];
const QUANTISATION_BYTES: usize = 64;
const CODE_COUNTS: usize = 16;
const PACKET: u16 = 0x02BC;
/// `GeoTIFF`: scale, matrix, tie points, transformation, keys and their values; and the
/// coefficients of satellite pictures.
const GEO: [u16; 8] = [0x830E, 0x8480, 0x8482, 0x85D8, 0x87AF, 0x87B0, 0x87B1, 0xC69C];
const IPTC: u16 = 0x83BB;
const PHOTOSHOP: u16 = 0x8649;
const EXIF: u16 = 0x8769;
const PLACE: u16 = 0x8825;
const MAKER_NOTE: u16 = 0x927C;
const REMARK: u16 = 0x9286;
/// Remarks that Windows writes, in UTF-16.
const WINDOWS_REMARK: u16 = 0x9C9C;
const INTEROPERABILITY: u16 = 0xA005;
/// What points to a directory whatever it announces.
const POINTERS: [u16; 3] = [EXIF, PLACE, INTEROPERABILITY];
/// Kinds of numbers that are offsets of directories.
const DIRECTORY_KINDS: [u16; 2] = [13, 18];
/// GDAL's notes, which look like XMP.
const GDAL: u16 = 0xA480;

/// Place, country, state, city and landmark, and the same as later models write them.
const PANASONIC_PLACES: [u16; 11] =
    [0x67, 0x69, 0x6B, 0x6D, 0x6F, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85];
/// The place as a text, in Nikon's notes.
const NIKON_PLACE: u16 = 0x39;
/// Tags of a GPS directory are below this one.
const PLACE_TAGS_END: u16 = 0x20;

/// What an entry costs, and a byte of numbers: more than what is noted about them takes in memory.
const ENTRY_WORK: usize = 48;
const NUMBER_WORK: usize = 16;

/// What must go and what must not.
#[derive(Default)]
pub(super) struct Found {
    /// Entries to take out, directory by directory, ascending by number.
    pub(super) entries: Vec<Place>,
    /// Bytes to empty.
    pub(super) gone: Vec<Range<usize>>,
    /// Bytes that other notes and pixels use.
    pub(super) kept: Vec<Range<usize>>,
    /// What is there of values that are cut off. Nobody reads them, but they are not ours to empty.
    pub(super) cut: Vec<Range<usize>>,
    /// Bytes that are referred to, but protect nothing: the notes of makers, whose lengths are
    /// often wrong, and links behind directories that are not what they say.
    pub(super) opaque: Vec<Range<usize>>,
    /// Whether some pixels do not say how long they are.
    pub(super) lacks_lengths: bool,
    /// Things of another kind, to be cleaned by those who know them.
    pub(super) parts: Vec<(Part, Range<usize>)>,
}

/// A thing of another kind inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// XMP.
    Packet,
    /// IPTC, with or without Photoshop around it.
    Records,
    /// A text in somebody's own words.
    Remark,
    /// A JPEG.
    Picture,
    /// Nikon's notes, from their own TIFF header on.
    NikonNotes,
}

/// A directory yet to be looked at.
struct Task {
    directory: usize,
    dialect: Dialect,
    /// Links between directories are broken more often than not, so what they point to must be
    /// whole to be believed.
    must_fit: bool,
}

struct Walk<'a> {
    bytes: &'a [u8],
    source: Source<Cursor<&'a [u8]>>,
    layout: Layout,
    tasks: Vec<Task>,
    seen: HashSet<(usize, Dialect)>,
    found: Found,
}

/// Finds what tells a place; `None` when there is no first directory.
pub(super) fn find(
    bytes: &[u8],
    dialect: Dialect,
    work: &mut Work,
) -> Result<Option<(Layout, Found)>, Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(|_| cannot("notes"))?;
    let Some(mut block) = Exif::at(&mut source, 0, bytes.len() as u64) else { return Ok(None) };
    let layout = block.layout();
    let Some(first) = block.first_offset().filter(|first| block.directory(*first).is_some()) else {
        return Ok(None);
    };
    let tasks = vec![Task { directory: first as usize, dialect, must_fit: false }];
    let (seen, found) = (HashSet::new(), Found::default());
    let mut walk = Walk { bytes, source, layout, tasks, seen, found };
    walk.found.kept.push(0..layout.header());
    while let Some(task) = walk.tasks.pop() {
        walk.directory(&task, work)?;
    }
    // Two entries may share their thumbnail.
    let mut seen = HashSet::new();
    walk.found.parts.retain(|part| seen.insert(part.clone()));
    Ok(Some((layout, walk.found)))
}

/// Where the value of an entry lies, as far as it lies in the block.
fn value(entry: &Entry) -> Range<usize> {
    entry.value.start as usize..entry.value.end as usize
}

impl<'a> Walk<'a> {
    fn block(&mut self) -> Result<Exif<'_, Cursor<&'a [u8]>>, Error> {
        let end = self.bytes.len() as u64;
        Exif::at(&mut self.source, 0, end).ok_or_else(|| cannot("notes without a header"))
    }

    fn directory(&mut self, task: &Task, work: &mut Work) -> Result<(), Error> {
        let Task { directory, dialect, must_fit } = *task;
        work.spend(ENTRY_WORK)?;
        if !self.seen.insert((directory, dialect)) {
            return Ok(());
        }
        let Some(found) = self.block()?.directory(directory as u64) else { return Ok(()) };
        let Directory { mut entries, fits, announced, next } = found;
        work.spend(entries.len().saturating_mul(ENTRY_WORK))?;
        if must_fit && !fits {
            return Ok(());
        }
        if fits && announced > ENTRIES_MAX {
            return Err(cannot("directories of more entries than can be looked at"));
        }
        // What announces more entries than there is room for is noise from somewhere on.
        if dialect == Dialect::Place && !fits {
            let is_noise = |entry: &Entry| entry.tag >= PLACE_TAGS_END;
            entries.truncate(entries.iter().position(is_noise).unwrap_or(entries.len()));
        }
        let table = self.table(directory, entries.len(), fits);
        match dialect {
            Dialect::Standard => {
                self.found.kept.push(table);
                if !fits {
                    // The link behind what is there is followed all the same.
                    self.found.opaque.push(self.table(directory, entries.len(), true));
                }
                self.standard(directory, &entries, fits, work)?;
                if let Some(next) = next {
                    self.follow(next as usize, Dialect::Standard, true);
                }
            }
            Dialect::Place => {
                self.found.gone.push(table);
                self.found.gone.extend(entries.iter().map(value));
            }
            Dialect::Panasonic => self.maker_notes(&entries, &PANASONIC_PLACES),
            Dialect::Nikon => self.maker_notes(&entries, &[NIKON_PLACE]),
        }
        Ok(())
    }

    /// Where a directory lies, with the link behind it if it has one.
    fn table(&self, directory: usize, entries: usize, fits: bool) -> Range<usize> {
        let (head, step, link) = self.layout.sizes();
        let tail = if fits { link } else { 0 };
        clipped(self.bytes, directory, entries.saturating_mul(step).saturating_add(head + tail))
    }

    fn follow(&mut self, directory: usize, dialect: Dialect, must_fit: bool) {
        self.tasks.push(Task { directory, dialect, must_fit });
    }

    fn maker_notes(&mut self, entries: &[Entry], places: &[u16]) {
        self.found.opaque.extend(entries.iter().map(value));
        let places = entries.iter().filter(|entry| places.contains(&entry.tag));
        self.found.gone.extend(places.map(value));
    }

    /// Looks at TIFF's and Exif's tags.
    fn standard(
        &mut self,
        directory: usize,
        entries: &[Entry],
        fits: bool,
        work: &mut Work,
    ) -> Result<(), Error> {
        for (index, entry) in entries.iter().enumerate() {
            let place = Place { directory, index, entries: entries.len(), fits };
            match entry.tag {
                PLACE => {
                    self.found.entries.push(place);
                    self.follow_all(entry, Dialect::Place, work)?;
                    // Of whatever kind it says that it is, and however many.
                    if let Some(pointed) = self.pointer(&place) {
                        self.follow(pointed, Dialect::Place, true);
                    }
                    continue;
                }
                tag if GEO.contains(&tag) => {
                    self.found.entries.push(place);
                    self.found.gone.push(value(entry));
                    continue;
                }
                EXIF | INTEROPERABILITY | SUB_DIRECTORIES => {
                    self.follow_all(entry, Dialect::Standard, work)?;
                }
                PACKET | GDAL => self.part(Part::Packet, entry),
                IPTC | PHOTOSHOP => self.part(Part::Records, entry),
                DESCRIPTION | REMARK | WINDOWS_REMARK => self.part(Part::Remark, entry),
                // Its length is often wrong, so it must not protect anything.
                MAKER_NOTE => {
                    self.found.opaque.push(value(entry));
                    self.maker_note(entry);
                    continue;
                }
                _ if DIRECTORY_KINDS.contains(&entry.kind) => {
                    self.follow_all(entry, Dialect::Standard, work)?;
                }
                _ => {}
            }
            self.keep(entry);
        }
        self.pixels(entries, STRIPS, work)?;
        self.pixels(entries, TILES, work)?;
        self.tables(entries, work)?;
        self.thumbnail(entries, work)
    }

    fn keep(&mut self, entry: &Entry) {
        let kept = if entry.is_whole { &mut self.found.kept } else { &mut self.found.cut };
        kept.push(value(entry));
    }

    fn part(&mut self, part: Part, entry: &Entry) {
        self.found.parts.push((part, value(entry)));
    }

    fn follow_all(
        &mut self,
        entry: &Entry,
        dialect: Dialect,
        work: &mut Work,
    ) -> Result<(), Error> {
        for target in self.numbers(entry, work)? {
            self.follow(target, dialect, !POINTERS.contains(&entry.tag));
        }
        Ok(())
    }

    /// The offset that stands where an entry has its value.
    fn pointer(&self, place: &Place) -> Option<usize> {
        let (head, step, link) = self.layout.sizes();
        let start = place.directory + head + (place.index + 1) * step - link;
        let digits = self.bytes.get(start..start + link)?;
        usize::try_from(self.layout.number(digits)).ok()
    }

    fn numbers(&mut self, entry: &Entry, work: &mut Work) -> Result<Vec<usize>, Error> {
        work.spend(value(entry).len().saturating_mul(NUMBER_WORK))?;
        let numbers = self.block()?.numbers(entry).into_iter();
        Ok(numbers.map(|number| usize::try_from(number).unwrap_or(usize::MAX)).collect())
    }

    fn maker_note(&mut self, entry: &Entry) {
        let Range { start, end } = value(entry);
        let Some(name) = array::<12>(self.bytes, start) else { return };
        if &name == b"Panasonic\0\0\0" {
            self.follow(start + 12, Dialect::Panasonic, true);
        } else if name.starts_with(b"Nikon\0\x02") && start + 10 <= end {
            self.found.parts.push((Part::NikonNotes, start + 10..end));
        }
    }

    /// Keeps the tables that JPEGs of the old style have outside of their pixels.
    fn tables(&mut self, entries: &[Entry], work: &mut Work) -> Result<(), Error> {
        for entry in entries.iter().filter(|entry| TABLES.contains(&entry.tag)) {
            for start in self.numbers(entry, work)? {
                let counts = &self.bytes[clipped(self.bytes, start, CODE_COUNTS)];
                let codes = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
                let is_quantisation = entry.tag == TABLES[0];
                let length = if is_quantisation { QUANTISATION_BYTES } else { CODE_COUNTS + codes };
                self.found.kept.push(clipped(self.bytes, start, length));
            }
        }
        Ok(())
    }

    /// Protects the pixels that two entries describe, offsets and lengths.
    fn pixels(
        &mut self,
        entries: &[Entry],
        [offsets, lengths]: [u16; 2],
        work: &mut Work,
    ) -> Result<(), Error> {
        self.lengths_of(entries, [offsets, lengths]);
        for (starts, sizes) in pairs(entries, offsets, lengths) {
            let (starts, sizes) = (self.numbers(starts, work)?, self.numbers(sizes, work)?);
            // Without bytes and without a place nothing is there, as in maps with holes.
            let is_open = |(at, start): (usize, &usize)| {
                *start > 0 && sizes.get(at).is_none_or(|size| *size == 0)
            };
            self.found.lacks_lengths |= starts.iter().enumerate().any(is_open);
            let pixels = starts.into_iter().zip(sizes);
            let pixels = pixels.map(|(start, size)| clipped(self.bytes, start, size));
            self.found.kept.extend(pixels);
        }
        Ok(())
    }

    /// Looks whether there are lengths for all offsets.
    fn lengths_of(&mut self, entries: &[Entry], [offsets, lengths]: [u16; 2]) {
        let count = |tag| entries.iter().filter(|entry| entry.tag == tag && entry.is_whole).count();
        self.found.lacks_lengths |= count(offsets) > count(lengths);
    }

    fn thumbnail(&mut self, entries: &[Entry], work: &mut Work) -> Result<(), Error> {
        self.lengths_of(entries, THUMBNAIL);
        for (start, size) in pairs(entries, THUMBNAIL[0], THUMBNAIL[1]) {
            let start = self.numbers(start, work)?.first().copied();
            let size = self.numbers(size, work)?.first().copied();
            if let Some((start, size)) = start.zip(size) {
                let range = clipped(self.bytes, start, size);
                self.found.kept.push(range.clone());
                self.found.parts.push((Part::Picture, range));
            }
        }
        Ok(())
    }
}

/// The entries of two tags that belong together.
fn pairs(entries: &[Entry], first: u16, second: u16) -> impl Iterator<Item = (&Entry, &Entry)> {
    let all = |tag| entries.iter().filter(move |entry| entry.tag == tag);
    all(first).zip(all(second))
}
