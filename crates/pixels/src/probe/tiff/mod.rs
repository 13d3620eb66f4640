//! TIFF: the first directory.

mod kind;

use std::io::{Read, Seek};

use self::kind::unsupported;
use super::Header;
use crate::{
    Error, Format,
    container::tiff::{Directory, Exif},
    source::Source,
};

const NEW_SUBFILE_TYPE: u16 = 254;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const SAMPLES: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const PLANAR: u16 = 284;
const TILE_WIDTH: u16 = 322;
const TILE_HEIGHT: u16 = 323;
const SUB_DIRECTORIES: u16 = 330;
const EXTRA_SAMPLES: u16 = 338;

/// Where strips and tiles begin, and how long they are.
const PIECES: [[u16; 2]; 2] = [[273, 279], [324, 325]];
/// Bytes of such a list; a picture of a hundred megapixels in strips of a row has fewer.
const PIECES_BYTES_MAX: u64 = 1 << 20;

const JPEG: u32 = 7;
const YCBCR: u32 = 6;
/// Reduced pictures say so in this bit of their type.
const REDUCED: u32 = 1;

/// Tags that only raw files have: the pattern of the filters before the sensor, Leaf's and Sony's
/// own, and DNG's version.
const RAW_TAGS: [u16; 5] = [0x828D, 0x828E, 0x8606, 0xC634, 0xC612];
/// Colours of raw pixels: behind a pattern of filters, or linear.
const RAW_COLOURS: [u32; 2] = [32_803, 34_892];
/// How makers pack raw pixels: Sony, two of Samsung, Nikon, Kodak and Pentax.
const RAW_COMPRESSIONS: [u32; 6] = [32_767, 32_769, 32_770, 34_713, 65_000, 65_535];
/// Directories looked at in search of raw pixels; cameras write half a dozen.
const DIRECTORIES_MAX: usize = 24;

pub(crate) fn header<R: Read + Seek>(source: &mut Source<R>) -> Result<Header, Error> {
    let len = source.len();
    let mut exif = Exif::at(source, 0, len).ok_or_else(|| broken("the header makes no sense"))?;
    let directory =
        exif.first_directory().ok_or_else(|| broken("the first directory cannot be read"))?;
    if is_raw(&mut exif, &directory) {
        return Err(Error::unsupported("camera raw (DNG, NEF, ARW and the like)"));
    }
    let side = |exif: &mut Exif<'_, R>, tag| number(exif, &directory, tag).unwrap_or(0);
    let (width, height) = (side(&mut exif, WIDTH), side(&mut exif, HEIGHT));
    if width == 0 || height == 0 {
        return Err(broken("the picture has no pixels"));
    }
    if let Some(what) = unsupported(&mut exif, &directory) {
        return Err(Error::unsupported(format!("TIFF {what}")));
    }
    let is_tiled = directory.get(TILE_WIDTH).is_some();
    if !is_tiled && number(&mut exif, &directory, ROWS_PER_STRIP) == Some(0) {
        return Err(broken("its strips have no rows"));
    }
    let lies_somewhere = |pair: &[u16; 2]| pair.iter().all(|tag| directory.get(*tag).is_some());
    if !PIECES.iter().any(lies_somewhere) {
        return Err(broken("it does not say where its pixels are"));
    }
    if ends_early(&mut exif, &directory, len) {
        return Err(broken("the file ends inside the picture"));
    }
    Ok(Header {
        has_alpha: number(&mut exif, &directory, EXTRA_SAMPLES).is_some(),
        fixed_bytes: chunk_bytes(&mut exif, &directory, width, height).saturating_add(1 << 20),
        ..Header::still(width, height)
    })
}

fn broken(detail: &str) -> Error {
    Error::malformed(Format::Tiff, detail)
}

fn number<R: Read + Seek>(exif: &mut Exif<'_, R>, directory: &Directory, tag: u16) -> Option<u32> {
    exif.number(directory.get(tag)?)
}

/// Whether strips or tiles lie behind the end of the file, as far as they say where they are.
fn ends_early<R: Read + Seek>(exif: &mut Exif<'_, R>, directory: &Directory, len: u64) -> bool {
    PIECES.iter().any(|pair| {
        let [starts, sizes] = pair.map(|tag| {
            let entry = directory
                .get(tag)
                .filter(|entry| entry.value.end - entry.value.start <= PIECES_BYTES_MAX);
            entry.map(|entry| exif.numbers(entry)).unwrap_or_default()
        });
        starts.iter().zip(sizes).any(|(start, size)| start.saturating_add(size) > len)
    })
}

/// Whether it is a camera's raw file, whose first directory often shows a small preview.
fn is_raw<R: Read + Seek>(exif: &mut Exif<'_, R>, first: &Directory) -> bool {
    if holds_raw(exif, first) {
        return true;
    }
    let is_reduced = |exif: &mut Exif<'_, R>, directory: &Directory| {
        number(exif, directory, NEW_SUBFILE_TYPE).unwrap_or(0) & REDUCED != 0
    };
    let width = number(exif, first, WIDTH).unwrap_or(0);
    let is_preview = is_reduced(exif, first);
    let below = first.get(SUB_DIRECTORIES).map(|entry| exif.numbers(entry)).unwrap_or_default();
    for offset in below.into_iter().take(DIRECTORIES_MAX) {
        let Some(directory) = exif.directory(offset).filter(|found| found.fits) else { continue };
        // A preview above a larger picture that is none: whoever wrote that, it is no plain TIFF.
        let is_larger = number(exif, &directory, WIDTH).is_some_and(|below| below > width);
        let is_picture = is_larger && !is_reduced(exif, &directory);
        if holds_raw(exif, &directory) || (is_preview && is_picture) {
            return true;
        }
    }
    let mut next = first.next;
    for _ in 0..DIRECTORIES_MAX {
        let Some(directory) = next.and_then(|offset| exif.directory(offset)) else { break };
        if directory.fits && holds_raw(exif, &directory) {
            return true;
        }
        next = directory.next;
    }
    false
}

fn holds_raw<R: Read + Seek>(exif: &mut Exif<'_, R>, directory: &Directory) -> bool {
    let mut is_one_of = |tag, values: &[u32]| {
        number(exif, directory, tag).is_some_and(|value| values.contains(&value))
    };
    RAW_TAGS.iter().any(|tag| directory.get(*tag).is_some())
        || is_one_of(PHOTOMETRIC, &RAW_COLOURS)
        || is_one_of(COMPRESSION, &RAW_COMPRESSIONS)
}

/// Bytes of the strips or tiles that hold one band of rows, decoded, and their compressed bytes.
fn chunk_bytes<R: Read + Seek>(
    exif: &mut Exif<'_, R>,
    directory: &Directory,
    width: u32,
    height: u32,
) -> u64 {
    let mut get = |tag, default| u64::from(number(exif, directory, tag).unwrap_or(default));
    let samples = get(SAMPLES, 1).max(if get(PHOTOMETRIC, 1) == 6 { 3 } else { 1 });
    let sample_bytes = get(BITS, 1).div_ceil(8).clamp(1, 8);
    let planes = if get(PLANAR, 1) == 2 { 2 } else { 1 };
    let tile_width = get(TILE_WIDTH, 0);
    let (columns, rows) = if tile_width > 0 {
        (u64::from(width).next_multiple_of(tile_width), get(TILE_HEIGHT, 1))
    } else {
        (u64::from(width), get(ROWS_PER_STRIP, u32::MAX).min(u64::from(height)))
    };
    // Decoded once by the library and once as rows of ours, with room for its input.
    columns.saturating_mul(rows).saturating_mul(samples * sample_bytes * planes).saturating_mul(2)
}
