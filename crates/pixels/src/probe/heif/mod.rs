//! AVIF and HEIC: down to the properties of the primary picture.

mod aperture;
mod early;

use std::io::{Read, Seek};

pub(crate) use aperture::Crop;

use super::Header;
use crate::{
    Error, Format,
    container::heif::{Area, boxes, find, handler, meta, primary, top},
    source::Source,
};

/// Entries of item tables.
const ITEMS_MAX: u32 = 65_536;

/// What an auxiliary picture is called that holds alpha: generally, and in HEVC's own words.
const ALPHA: [&[u8]; 2] =
    [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1\0"];

/// What the properties of the primary picture say.
#[derive(Default)]
struct Properties {
    size: Option<(u32, u32)>,
    /// What is shown of it, before it is turned.
    crop: Option<Crop>,
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
    let len = source.len();
    let top = top(source);
    // Sequences of HEIC are read by nobody but their makers: their first picture counts.
    let movie = if format == Format::Avif { find(&top, *b"moov") } else { None };
    let track = movie.and_then(|moov| track(source, moov));
    let properties = properties(source).unwrap_or_default();
    let coded = properties.size.or(track.map(|track| track.size));
    let (width, height) =
        coded.ok_or_else(|| Error::malformed(format, "it names no primary picture"))?;
    let (samples, bytes) = properties.samples.unwrap_or((12, 2));
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    let alpha = if properties.has_alpha { 4 } else { 0 };
    // libheif reads nothing of a file that does not say where its items lie.
    let is_unknown_end = format == Format::Heic;
    if track.is_none() && early::ends_early(source, format).unwrap_or(is_unknown_end) {
        return Err(Error::malformed(format, "the file ends inside the picture"));
    }
    let frames = track.map_or(1, |track| track.frames).max(1);
    // Frames of a sequence are handed on as RGBA; libheif hands on whole pictures, and may get a
    // copy of the file without what it cannot bear.
    let frame = match format {
        Format::Heic => pixels.saturating_mul(4 * bytes).saturating_add(len),
        _ if frames > 1 => pixels.saturating_mul(4),
        _ => 0,
    };
    // The aperture is the still's; a sequence has its own pictures.
    let shown = properties.crop.filter(|_| frames == 1);
    let (width, height) = shown.map_or((width, height), |crop| crop.size);
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

/// The size of the primary picture as it is coded, and the part of it that is shown.
pub(crate) fn shown<R: Read + Seek>(source: &mut Source<R>) -> Option<((u32, u32), Crop)> {
    let properties = properties(source)?;
    let size = properties.size?;
    Some((size, properties.crop.unwrap_or(Crop { left: 0, top: 0, size })))
}

fn properties<R: Read + Seek>(source: &mut Source<R>) -> Option<Properties> {
    let meta = meta(source)?;
    let primary = primary(source, &meta)?;
    let inside = boxes(source, find(&meta, *b"iprp")?.content.clone());
    let all = boxes(source, find(&inside, *b"ipco")?.content.clone());
    let mut properties = Properties::default();
    let mut tables = inside.iter().filter(|area| &area.name == b"ipma");
    let own = tables.find_map(|area| associations(source, area, primary)).unwrap_or_default();
    let mut aperture = None;
    for index in own {
        let Some(area) = index.checked_sub(1).and_then(|index| all.get(index)) else { continue };
        if &area.name == b"clap" {
            aperture = Some(area);
        }
        own_property(source, area, &mut properties);
    }
    for area in &all {
        shared_property(source, area, &mut properties);
    }
    properties.crop = aperture.zip(properties.size).and_then(|(area, size)| {
        source.seek(area.content.start)?;
        Crop::of(source.array()?, size)
    });
    Some(properties)
}

/// The one-based indices of the properties of an item, of which a table speaks once.
fn associations<R: Read + Seek>(
    source: &mut Source<R>,
    area: &Area,
    wanted: u32,
) -> Option<Vec<usize>> {
    source.seek(area.content.start)?;
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
    area: &Area,
    properties: &mut Properties,
) -> Option<()> {
    source.seek(area.content.start)?;
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
    area: &Area,
    properties: &mut Properties,
) -> Option<()> {
    source.seek(area.content.start)?;
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
            let name = area.behind_version();
            source.seek(name.start)?;
            let text = source.bytes(name.end - name.start, 1024)?;
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
fn track<R: Read + Seek>(source: &mut Source<R>, moov: &Area) -> Option<Track> {
    let mut track = None;
    let mut has_alpha = false;
    for trak in boxes(source, moov.content.clone()) {
        if &trak.name != b"trak" {
            continue;
        }
        let inside = boxes(source, trak.content.clone());
        let Some(media) = find(&inside, *b"mdia") else { continue };
        let media = boxes(source, media.content.clone());
        match handler(source, &media) {
            Some([b'p', b'i', b'c', b't']) if track.is_none() => track = samples(source, &media),
            Some([b'a', b'u', b'x', b'v']) => has_alpha = true,
            _ => {}
        }
    }
    track.map(|track| Track { has_alpha, ..track })
}

fn samples<R: Read + Seek>(source: &mut Source<R>, media: &[Area]) -> Option<Track> {
    let information = boxes(source, find(media, *b"minf")?.content.clone());
    let table = boxes(source, find(&information, *b"stbl")?.content.clone());
    source.seek(find(&table, *b"stsz")?.content.start + 8)?;
    let frames = source.be32()?;
    let description = find(&table, *b"stsd")?.behind_version();
    let entries = (description.start + 4).min(description.end)..description.end;
    let entry = boxes(source, entries).into_iter().next()?;
    source.seek(entry.content.start + 24)?;
    let size = (u32::from(source.be16()?), u32::from(source.be16()?));
    Some(Track { size, frames, has_alpha: false })
}
