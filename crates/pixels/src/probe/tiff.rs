//! TIFF: the first directory.

use std::io::{Read, Seek};

use super::Header;
use crate::{
    Error, Format,
    exif::{Directory, Exif},
    source::Source,
};

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const PHOTOMETRIC: u16 = 262;
const SAMPLES: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const PLANAR: u16 = 284;
const TILE_WIDTH: u16 = 322;
const TILE_HEIGHT: u16 = 323;
const EXTRA_SAMPLES: u16 = 338;

pub(crate) fn header<R: Read + Seek>(source: &mut Source<R>) -> Result<Header, Error> {
    let len = source.len();
    let mut exif = Exif::at(source, 0, len)
        .ok_or_else(|| Error::malformed(Format::Tiff, "the header makes no sense"))?;
    let directory = exif
        .first_directory()
        .ok_or_else(|| Error::malformed(Format::Tiff, "the first directory cannot be read"))?;
    let side = |exif: &mut Exif<'_, R>, tag| number(exif, &directory, tag).unwrap_or(0);
    let (width, height) = (side(&mut exif, WIDTH), side(&mut exif, HEIGHT));
    if width == 0 || height == 0 {
        return Err(Error::malformed(Format::Tiff, "the picture has no pixels"));
    }
    Ok(Header {
        has_alpha: number(&mut exif, &directory, EXTRA_SAMPLES).is_some(),
        fixed_bytes: chunk_bytes(&mut exif, &directory, width, height).saturating_add(1 << 20),
        ..Header::still(width, height)
    })
}

fn number<R: Read + Seek>(exif: &mut Exif<'_, R>, directory: &Directory, tag: u16) -> Option<u32> {
    exif.number(directory.get(tag)?)
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
