//! AVIF and HEIC: walks the boxes of the ISO base media file, down to the primary picture's
//! properties.

use std::io::{Read, Seek};

use super::Header;
use crate::{Error, Format, source::Source};

/// Boxes looked at on one level; real files have a handful.
const BOXES_MAX: usize = 4_096;
/// Entries of item tables.
const ITEMS_MAX: u32 = 65_536;

/// What an auxiliary picture is called that holds alpha: generally, and in HEVC's own words.
const ALPHA: [&[u8]; 2] =
    [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1\0"];

/// One box: its name and where its body lies.
#[derive(Clone, Copy, Debug)]
struct Area {
    name: [u8; 4],
    start: u64,
    end: u64,
}

/// What the properties of the primary picture say.
#[derive(Default)]
struct Properties {
    size: Option<(u32, u32)>,
    turns: u8,
    mirror: Option<u8>,
    /// Samples of all planes per four pixels, and bytes a sample.
    samples: Option<(u64, u64)>,
    has_alpha: bool,
}

impl Properties {
    /// The most of all tiles counts.
    fn deepen(&mut self, samples: u64, bytes: u64) {
        let most = self.samples.unwrap_or((0, 0));
        self.samples = Some((samples.max(most.0), bytes.max(most.1)));
    }
}

pub(crate) fn header<R: Read + Seek>(
    source: &mut Source<R>,
    format: Format,
) -> Result<Header, Error> {
    let top = boxes(source, 0, source.len());
    // Sequences of HEIC are read by nobody but their makers: their first picture counts.
    let movie = if format == Format::Avif { find(&top, *b"moov") } else { None };
    let track = movie.and_then(|moov| track(source, moov));
    let properties =
        find(&top, *b"meta").and_then(|meta| properties(source, meta)).unwrap_or_default();
    let size = properties.size.or(track.map(|track| track.size));
    let (width, height) =
        size.ok_or_else(|| Error::malformed(format, "it names no primary picture"))?;
    let (samples, bytes) = properties.samples.unwrap_or((12, 2));
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    let alpha = if properties.has_alpha { 4 } else { 0 };
    let frames = track.map_or(1, |track| track.frames).max(1);
    // Frames of a sequence are handed on as RGBA; libheif hands on whole pictures.
    let frame = match format {
        Format::Heic => pixels.saturating_mul(4 * bytes),
        _ if frames > 1 => pixels.saturating_mul(4),
        _ => 0,
    };
    Ok(Header {
        frames,
        orientation: Some(orientation(properties.turns, properties.mirror)),
        has_alpha: properties.has_alpha || track.is_some_and(|track| track.has_alpha),
        // Planes in the decoder and as handed out (grids and grain copy them), plus its tables.
        fixed_bytes: (pixels.saturating_mul((samples + alpha) * bytes * 2) / 4)
            .saturating_add(pixels / 2)
            .saturating_add(frame)
            .saturating_add(24 << 20),
        ..Header::still(width, height)
    })
}

/// Where the Exif block lies: start and end of its TIFF header and what follows.
pub(crate) fn exif<R: Read + Seek>(source: &mut Source<R>) -> Option<(u64, u64)> {
    let top = boxes(source, 0, source.len());
    let meta = find(&top, *b"meta")?;
    let inside = boxes(source, meta.start + 4, meta.end);
    let item = exif_item(source, find(&inside, *b"iinf")?)?;
    let in_data = find(&inside, *b"idat").map(|data| data.start);
    let (start, bytes) = item_extent(source, find(&inside, *b"iloc")?, item, in_data)?;
    source.seek(start)?;
    let header = u64::from(source.be32()?);
    Some((start.checked_add(4 + header)?, start.saturating_add(bytes).min(source.len())))
}

fn boxes<R: Read + Seek>(source: &mut Source<R>, start: u64, end: u64) -> Vec<Area> {
    let mut found = Vec::new();
    let mut position = start;
    while position < end && found.len() < BOXES_MAX {
        let Some((area, next)) = one_box(source, position, end) else { break };
        found.push(area);
        position = next;
    }
    found
}

fn one_box<R: Read + Seek>(source: &mut Source<R>, position: u64, end: u64) -> Option<(Area, u64)> {
    source.seek(position)?;
    let (size, name) = (u64::from(source.be32()?), source.array()?);
    let (size, header) = match size {
        0 => (end - position, 8),
        1 => (u64::from_be_bytes(source.array()?), 16),
        size => (size, 8),
    };
    let next = position.checked_add(size)?.min(end);
    (size >= header && next >= position + header)
        .then_some((Area { name, start: position + header, end: next }, next))
}

fn find(areas: &[Area], name: [u8; 4]) -> Option<Area> {
    areas.iter().copied().find(|area| area.name == name)
}

fn properties<R: Read + Seek>(source: &mut Source<R>, meta: Area) -> Option<Properties> {
    let inside = boxes(source, meta.start + 4, meta.end);
    let primary = find(&inside, *b"pitm")?;
    source.seek(primary.start)?;
    let primary = match source.be32()? >> 24 {
        0 => u32::from(source.be16()?),
        _ => source.be32()?,
    };
    let inside = find(&inside, *b"iprp").map(|area| boxes(source, area.start, area.end))?;
    let all = find(&inside, *b"ipco").map(|area| boxes(source, area.start, area.end))?;
    let mut properties = Properties::default();
    let mut tables = inside.iter().filter(|area| &area.name == b"ipma");
    let own = tables.find_map(|area| associations(source, *area, primary)).unwrap_or_default();
    for index in own {
        if let Some(area) = index.checked_sub(1).and_then(|index| all.get(index)) {
            own_property(source, *area, &mut properties);
        }
    }
    for area in &all {
        shared_property(source, *area, &mut properties);
    }
    Some(properties)
}

/// The one-based indices of the properties of an item, of which a table speaks once.
fn associations<R: Read + Seek>(
    source: &mut Source<R>,
    area: Area,
    wanted: u32,
) -> Option<Vec<usize>> {
    source.seek(area.start)?;
    let flags = source.be32()?;
    let (wide_ids, wide_indices) = (flags >> 24 >= 1, flags & 1 != 0);
    let items = source.be32()?.min(ITEMS_MAX);
    for _ in 0..items {
        let item = if wide_ids { source.be32()? } else { u32::from(source.be16()?) };
        let count = source.u8()?;
        if item != wanted {
            source.skip(u64::from(count) * if wide_indices { 2 } else { 1 })?;
            continue;
        }
        let index = |_| {
            let index =
                if wide_indices { source.be16()? & 0x7FFF } else { u16::from(source.u8()? & 0x7F) };
            Some(usize::from(index))
        };
        return (0..count).map(index).collect();
    }
    None
}

/// Size and turns belong to the primary picture alone.
fn own_property<R: Read + Seek>(
    source: &mut Source<R>,
    area: Area,
    properties: &mut Properties,
) -> Option<()> {
    source.seek(area.start)?;
    match &area.name {
        b"ispe" => {
            source.skip(4)?;
            properties.size = Some((source.be32()?, source.be32()?));
        }
        b"irot" => properties.turns = source.u8()? & 3,
        b"imir" => properties.mirror = Some(source.u8()? & 1),
        _ => {}
    }
    Some(())
}

/// Depth and alpha may hang on tiles and auxiliary pictures.
fn shared_property<R: Read + Seek>(
    source: &mut Source<R>,
    area: Area,
    properties: &mut Properties,
) -> Option<()> {
    source.seek(area.start)?;
    match &area.name {
        b"av1C" => {
            let [_, _, flags, _] = source.array()?;
            let bytes = if flags & 0x40 != 0 { 2 } else { 1 };
            let samples = match (flags >> 4 & 1, flags >> 3 & 1, flags >> 2 & 1) {
                (1, _, _) => 4,
                (_, 1, 1) => 6,
                (_, 1, 0) => 8,
                _ => 12,
            };
            properties.deepen(samples, bytes);
        }
        b"hvcC" => {
            source.skip(16)?;
            let [chroma, depth] = source.array()?;
            let samples = match chroma & 3 {
                0 => 4,
                1 => 6,
                2 => 8,
                _ => 12,
            };
            let bytes = if depth & 7 != 0 { 2 } else { 1 };
            properties.deepen(samples, bytes);
        }
        b"auxC" => {
            source.skip(4)?;
            let text = source.bytes((area.end - area.start).saturating_sub(4), 1024)?;
            properties.has_alpha |= ALPHA.iter().any(|name| text.starts_with(name));
        }
        _ => {}
    }
    Some(())
}

/// Anti-clockwise quarter turns, then a mirror (0: top and bottom swap, 1: left and right swap),
/// as an Exif orientation.
fn orientation(turns: u8, mirror: Option<u8>) -> u8 {
    match (turns, mirror) {
        (0, None) => 1,
        (1, None) => 8,
        (2, None) => 3,
        (_, None) => 6,
        (0, Some(0)) | (2, Some(1)) => 4,
        (0 | 2, Some(_)) => 2,
        (1, Some(0)) | (3, Some(1)) => 5,
        (_, Some(_)) => 7,
    }
}

#[derive(Clone, Copy)]
struct Track {
    size: (u32, u32),
    frames: u32,
    has_alpha: bool,
}

/// The picture track of a sequence.
fn track<R: Read + Seek>(source: &mut Source<R>, moov: Area) -> Option<Track> {
    let mut track = None;
    let mut has_alpha = false;
    for trak in boxes(source, moov.start, moov.end) {
        if &trak.name != b"trak" {
            continue;
        }
        let inside = boxes(source, trak.start, trak.end);
        let Some(media) = find(&inside, *b"mdia") else { continue };
        let media = boxes(source, media.start, media.end);
        match handler(source, &media) {
            Some([b'p', b'i', b'c', b't']) if track.is_none() => track = samples(source, &media),
            Some([b'a', b'u', b'x', b'v']) => has_alpha = true,
            _ => {}
        }
    }
    track.map(|track| Track { has_alpha, ..track })
}

fn handler<R: Read + Seek>(source: &mut Source<R>, media: &[Area]) -> Option<[u8; 4]> {
    source.seek(find(media, *b"hdlr")?.start + 8)?;
    source.array()
}

fn samples<R: Read + Seek>(source: &mut Source<R>, media: &[Area]) -> Option<Track> {
    let information = find(media, *b"minf")?;
    let information = boxes(source, information.start, information.end);
    let table = find(&information, *b"stbl")?;
    let table = boxes(source, table.start, table.end);
    source.seek(find(&table, *b"stsz")?.start + 8)?;
    let frames = source.be32()?;
    let description = find(&table, *b"stsd")?;
    let entry = boxes(source, description.start + 8, description.end).first().copied()?;
    source.seek(entry.start + 24)?;
    let size = (u32::from(source.be16()?), u32::from(source.be16()?));
    Some(Track { size, frames, has_alpha: false })
}

fn exif_item<R: Read + Seek>(source: &mut Source<R>, area: Area) -> Option<u32> {
    source.seek(area.start)?;
    let header = if source.be32()? >> 24 == 0 { 6 } else { 8 };
    for entry in boxes(source, area.start + header, area.end) {
        source.seek(entry.start)?;
        let version = source.be32()? >> 24;
        let item = if version >= 3 { source.be32()? } else { u32::from(source.be16()?) };
        let _protection = source.be16()?;
        if version >= 2 && &source.array::<4>()? == b"Exif" {
            return Some(item);
        }
    }
    None
}

/// Where the first extent of an item lies: start and bytes.
fn item_extent<R: Read + Seek>(
    source: &mut Source<R>,
    area: Area,
    wanted: u32,
    data: Option<u64>,
) -> Option<(u64, u64)> {
    source.seek(area.start)?;
    let version = source.be32()? >> 24;
    let [sizes, more] = source.array()?;
    let (offset_bytes, length_bytes) = (sizes >> 4, sizes & 15);
    let (base_bytes, index_bytes) = (more >> 4, if version >= 1 { more & 15 } else { 0 });
    let items = if version < 2 { u32::from(source.be16()?) } else { source.be32()? };
    for _ in 0..items.min(ITEMS_MAX) {
        let item = if version < 2 { u32::from(source.be16()?) } else { source.be32()? };
        let method = if version >= 1 { source.be16()? & 15 } else { 0 };
        let _reference = source.be16()?;
        let base = integer(source, base_bytes)?;
        let extents = source.be16()?;
        if item == wanted && extents > 0 {
            let _index = integer(source, index_bytes)?;
            let (offset, length) = (integer(source, offset_bytes)?, integer(source, length_bytes)?);
            let from = if method == 1 { data? } else { 0 };
            return Some((from.checked_add(base)?.checked_add(offset)?, length));
        }
        let numbers = [index_bytes, offset_bytes, length_bytes];
        let extent_bytes = numbers.map(|bytes| u64::from(bytes.min(8))).iter().sum::<u64>();
        source.skip(u64::from(extents) * extent_bytes)?;
    }
    None
}

fn integer<R: Read + Seek>(source: &mut Source<R>, bytes: u8) -> Option<u64> {
    (0..bytes.min(8)).try_fold(0, |value, _| Some(value << 8 | u64::from(source.u8()?)))
}
