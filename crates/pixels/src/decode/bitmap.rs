//! BMP, written here: rows straight from the file into the reducer, so that size costs no memory.

use std::io::Cursor;

use crate::{
    Error, Facts, Format,
    colour::{PROFILE_BYTES_MAX, Profile},
    frame::Decoded,
    picture::{Layout, Raster},
    probe::{Bitmap, RGB, RLE4, RLE24},
    reduce::Reducer,
    scale::{box_factor, divided},
    source::Source,
};

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    let bitmap = Bitmap::of_file(&mut source)?;
    let factor = box_factor(facts, detail);
    let raster = if bitmap.is_run_length() {
        run_lengths(bytes, &bitmap, factor)?
    } else {
        rows(bytes, &bitmap, factor, None)?
    };
    Ok(Decoded { raster, profile: profile(&mut source, &bitmap), scale: divided(factor) })
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::Bmp, error)
}

fn profile(source: &mut Source<Cursor<&[u8]>>, bitmap: &Bitmap) -> Profile {
    let Some((start, bytes)) = bitmap.profile else { return Profile::Srgb };
    let icc = source.seek(start).and_then(|()| source.bytes(bytes, PROFILE_BYTES_MAX as u64));
    icc.map_or(Profile::Srgb, Profile::Icc)
}

/// A one-bit mask behind an icon's colours: set bits are transparent.
pub(super) struct Mask<'a> {
    pub(super) rows: &'a [u8],
    pub(super) row_bytes: usize,
}

/// Decodes uncompressed rows. Alpha that is zero everywhere was never meant.
pub(super) fn rows(
    bytes: &[u8],
    bitmap: &Bitmap,
    factor: u32,
    mask: Option<&Mask<'_>>,
) -> Result<Raster, Error> {
    let stored = Stored::new(bytes, bitmap)?;
    let unpack = Unpack::new(bytes, bitmap, &stored)?;
    let layout = if unpack.has_alpha || mask.is_some() { Layout::Rgba } else { Layout::Rgb };
    let mut reducer = Reducer::new(bitmap.width, bitmap.height, layout, factor);
    let mut pixels = Vec::with_capacity(bitmap.width as usize * 4);
    for y in 0..bitmap.height {
        pixels.clear();
        unpack.row(stored.row(y), bitmap, &mut pixels);
        if let Some(mask) = mask.filter(|_| !unpack.has_alpha) {
            apply(mask, bitmap.height - 1 - y, &mut pixels);
        }
        if layout == Layout::Rgb {
            let opaque: Vec<u8> =
                pixels.iter().flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
            reducer.push(&opaque);
        } else {
            reducer.push(pixels.as_flattened());
        }
    }
    Ok(reducer.finish())
}

fn apply(mask: &Mask<'_>, stored_row: u32, pixels: &mut [[u8; 4]]) {
    let start = stored_row as usize * mask.row_bytes;
    let Some(row) = mask.rows.get(start..start + mask.row_bytes) else { return };
    for (x, pixel) in pixels.iter_mut().enumerate() {
        if row[x / 8] >> (7 - x % 8) & 1 != 0 {
            *pixel = [0; 4];
        }
    }
}

/// The rows as they lie in the file.
struct Stored<'a> {
    data: &'a [u8],
    row_bytes: usize,
    height: u32,
    top_down: bool,
}

impl<'a> Stored<'a> {
    fn new(bytes: &'a [u8], bitmap: &Bitmap) -> Result<Self, Error> {
        let row_bytes = bitmap.row_bytes() as usize;
        let needed = row_bytes * bitmap.height as usize;
        // Some writers leave out the padding of the last row.
        let padding = row_bytes - (bitmap.width as usize * usize::from(bitmap.bits)).div_ceil(8);
        let data = bytes.get(bitmap.data as usize..).unwrap_or_default();
        if data.len() + padding < needed {
            return Err(broken("the file ends inside the picture"));
        }
        let data = &data[..needed.min(data.len())];
        Ok(Self { data, row_bytes, height: bitmap.height, top_down: bitmap.top_down })
    }

    /// The row that is shown at `y` from the top.
    fn row(&self, y: u32) -> &'a [u8] {
        let index = if self.top_down { y } else { self.height - 1 - y } as usize;
        let start = index * self.row_bytes;
        &self.data[start..(start + self.row_bytes).min(self.data.len())]
    }
}

/// How stored bits become RGBA.
struct Unpack {
    palette: Vec<[u8; 4]>,
    channels: [Channel; 4],
    has_alpha: bool,
}

/// One masked channel of 16- or 32-bit pixels.
#[derive(Clone, Copy, Default)]
struct Channel {
    mask: u32,
    shift: u32,
    most: u32,
}

impl Channel {
    fn new(mask: u32) -> Self {
        let shift = if mask == 0 { 0 } else { mask.trailing_zeros() };
        Self { mask, shift, most: mask >> shift }
    }

    fn sample(self, pixel: u32) -> u8 {
        if self.most == 0 {
            return 0;
        }
        let value = u64::from((pixel & self.mask) >> self.shift);
        ((value * 255 + u64::from(self.most / 2)) / u64::from(self.most)) as u8
    }
}

impl Unpack {
    fn new(bytes: &[u8], bitmap: &Bitmap, stored: &Stored<'_>) -> Result<Self, Error> {
        let channels = bitmap.masks.map(Channel::new);
        let claims_alpha = bitmap.masks[3] != 0 && matches!(bitmap.bits, 16 | 32);
        let mut unpack =
            Self { palette: palette(bytes, bitmap)?, channels, has_alpha: claims_alpha };
        if claims_alpha {
            let step = usize::from(bitmap.bits / 8);
            unpack.has_alpha = (0..bitmap.height).any(|y| {
                stored.row(y).chunks_exact(step).any(|pixel| channels[3].sample(word(pixel)) != 0)
            });
        }
        Ok(unpack)
    }

    fn row(&self, row: &[u8], bitmap: &Bitmap, pixels: &mut Vec<[u8; 4]>) {
        let width = bitmap.width as usize;
        match bitmap.bits {
            bits @ (1 | 2 | 4 | 8) => {
                let per_byte = usize::from(8 / bits);
                let most = u8::MAX >> (8 - bits);
                pixels.extend((0..width).map(|x| {
                    let byte = row.get(x / per_byte).copied().unwrap_or(0);
                    let shift = 8 - usize::from(bits) * (x % per_byte + 1);
                    self.colour(byte >> shift & most)
                }));
            }
            24 => pixels
                .extend(row.chunks_exact(3).take(width).map(|bgr| [bgr[2], bgr[1], bgr[0], 255])),
            bits => {
                let step = usize::from(bits / 8);
                pixels.extend(row.chunks_exact(step).take(width).map(|pixel| {
                    let pixel = word(pixel);
                    let [red, green, blue, alpha] =
                        self.channels.map(|channel| channel.sample(pixel));
                    [red, green, blue, if self.has_alpha { alpha } else { 255 }]
                }));
            }
        }
        pixels.resize(width, [0, 0, 0, 255]);
    }

    /// Indices behind the palette are black, as viewers show them.
    fn colour(&self, index: u8) -> [u8; 4] {
        self.palette.get(usize::from(index)).copied().unwrap_or([0, 0, 0, 255])
    }
}

/// Two or four bytes as a little-endian number.
fn word(pixel: &[u8]) -> u32 {
    pixel.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

fn palette(bytes: &[u8], bitmap: &Bitmap) -> Result<Vec<[u8; 4]>, Error> {
    let Some(palette) = bitmap.palette else { return Ok(Vec::new()) };
    let step = palette.entry_bytes as usize;
    let start = palette.start as usize;
    let end = start + palette.entries as usize * step;
    // Old files let the pixels begin before the palette is full.
    let end = if bitmap.compression == RGB { end.min(bytes.len()) } else { end };
    let entries = bytes.get(start..end).ok_or_else(|| broken("the palette is cut off"))?;
    Ok(entries.chunks_exact(step).map(|bgr| [bgr[2], bgr[1], bgr[0], 255]).collect())
}

/// Decodes run lengths onto a transparent picture: runs may leave pixels out.
fn run_lengths(bytes: &[u8], bitmap: &Bitmap, factor: u32) -> Result<Raster, Error> {
    let palette = palette(bytes, bitmap)?;
    let data = bytes.get(bitmap.data as usize..).unwrap_or_default();
    let (width, height) = (bitmap.width as usize, bitmap.height as usize);
    let mut painter =
        Painter { width, height, x: 0, y: 0, overran: false, pixels: vec![[0; 4]; width * height] };
    let colour = |index: u8| palette.get(usize::from(index)).copied().unwrap_or([0, 0, 0, 255]);
    let mut bytes = data.iter().copied();
    paint(&mut bytes, bitmap.compression, &colour, &mut painter)
        .ok_or_else(|| broken("the file ends inside the picture"))?;
    let mut reducer = Reducer::new(bitmap.width, bitmap.height, Layout::Rgba, factor);
    for y in 0..height {
        let row = if bitmap.top_down { y } else { height - 1 - y } * width;
        reducer.push(painter.pixels[row..row + width].as_flattened());
    }
    Ok(reducer.finish())
}

/// Where the run lengths of a picture end, with the end marker if it is there; `None` when the
/// bytes end first.
pub(crate) fn run_lengths_end(bytes: &[u8], bitmap: &Bitmap) -> Option<usize> {
    let data = bytes.get(bitmap.data as usize..)?;
    let (width, height) = (bitmap.width as usize, bitmap.height as usize);
    // Nothing is painted: only the codes are of interest.
    let mut painter = Painter { width, height, x: 0, y: 0, overran: false, pixels: Vec::new() };
    let mut codes = data.iter().copied();
    paint(&mut codes, bitmap.compression, &|_| [0; 4], &mut painter)?;
    let end = bytes.len() - codes.len();
    Some(if bytes[end..].starts_with(&[0, 1]) { end + 2 } else { end })
}

struct Painter {
    width: usize,
    height: usize,
    x: usize,
    y: usize,
    /// Whether pixels were written beyond a row's end.
    overran: bool,
    pixels: Vec<[u8; 4]>,
}

impl Painter {
    fn put(&mut self, colour: [u8; 4]) {
        if self.x < self.width
            && self.y < self.height
            && let Some(pixel) = self.pixels.get_mut(self.y * self.width + self.x)
        {
            *pixel = colour;
        }
        self.x += 1;
    }
}

/// Follows the codes to the end of the picture; `None` when the bytes end first.
fn paint(
    bytes: &mut impl Iterator<Item = u8>,
    compression: u32,
    colour: &impl Fn(u8) -> [u8; 4],
    painter: &mut Painter,
) -> Option<()> {
    while painter.y < painter.height {
        let (count, code) = (bytes.next()?, bytes.next()?);
        match (count, code) {
            (0, 0) => (painter.x, painter.y) = (0, painter.y + 1),
            // Too much in one row and rows missing: the encoder had lost its place.
            (0, 1) => return (!painter.overran || painter.y + 1 >= painter.height).then_some(()),
            (0, 2) => {
                painter.x += usize::from(bytes.next()?);
                painter.y += usize::from(bytes.next()?);
            }
            (0, literal) => literals(bytes, compression, literal, colour, painter)?,
            (count, first) if compression == RLE24 => {
                let bgr = [first, bytes.next()?, bytes.next()?];
                (0..count).for_each(|_| painter.put([bgr[2], bgr[1], bgr[0], 255]));
            }
            (count, index) if compression == RLE4 => {
                for pixel in 0..count {
                    painter.put(colour(if pixel % 2 == 0 { index >> 4 } else { index & 15 }));
                }
            }
            (count, index) => (0..count).for_each(|_| painter.put(colour(index))),
        }
    }
    Some(())
}

fn literals(
    bytes: &mut impl Iterator<Item = u8>,
    compression: u32,
    count: u8,
    colour: &impl Fn(u8) -> [u8; 4],
    painter: &mut Painter,
) -> Option<()> {
    painter.overran |= painter.x + usize::from(count) > painter.width;
    let used = match compression {
        RLE24 => {
            for _ in 0..count {
                let (blue, green, red) = (bytes.next()?, bytes.next()?, bytes.next()?);
                painter.put([red, green, blue, 255]);
            }
            usize::from(count) * 3
        }
        RLE4 => {
            for pair in 0..count.div_ceil(2) {
                let byte = bytes.next()?;
                painter.put(colour(byte >> 4));
                if pair * 2 + 1 < count {
                    painter.put(colour(byte & 15));
                }
            }
            usize::from(count.div_ceil(2))
        }
        _ => {
            for _ in 0..count {
                painter.put(colour(bytes.next()?));
            }
            usize::from(count)
        }
    };
    // Literals are padded to even bytes.
    if used % 2 == 1 {
        bytes.next()?;
    }
    Some(())
}
