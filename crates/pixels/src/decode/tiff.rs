//! TIFF, by the tiff crate, one band of strips or tiles at a time. The first page counts.

use std::{borrow::Cow, io::Cursor};

use tiff::{
    ColorType,
    decoder::{ChunkType, Decoder, DecodingResult, Limits},
    tags::Tag,
};

use crate::{
    Error, Facts, Format,
    colour::Profile,
    container::tiff::{Directory, Exif, kind_bytes},
    frame::Decoded,
    picture::Layout,
    reduce::Reducer,
    scale::{box_factor, divided},
    source::Source,
};

type TiffDecoder<'a> = Decoder<Cursor<&'a [u8]>>;

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let bytes = mended(bytes);
    let mut decoder = open(&bytes)?;
    let shape = Shape::new(&mut decoder)?;
    if decoder.dimensions().map_err(broken)? != (facts.width, facts.height) {
        return Err(broken("two headers disagree about the size"));
    }
    let factor = box_factor(facts, detail);
    let mut reducer = Reducer::new(facts.width, facts.height, shape.layout, factor);
    let (_, band_rows) = decoder.chunk_dimensions();
    let bands = facts.height.div_ceil(band_rows.max(1));
    for band in 0..bands {
        let rows = band_rows.min(facts.height - band * band_rows);
        let samples = shape.band(&mut decoder, facts.width, rows, band, bands)?;
        let row_samples = facts.width as usize * shape.samples;
        for row in samples.chunks_exact(row_samples) {
            reducer.push(&shape.pixels(row));
        }
    }
    if reducer.rows() < facts.height {
        return Err(broken("the file ends inside the picture"));
    }
    let profile = decoder
        .find_tag(Tag::IccProfile)
        .ok()
        .flatten()
        .and_then(|value| value.into_u8_vec().ok())
        .map_or(Profile::Srgb, Profile::Icc);
    Ok(Decoded { raster: reducer.finish(), profile, scale: divided(factor) })
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::Tiff, error)
}

fn refused(error: tiff::TiffError) -> Error {
    match error {
        // `probe` has told most of them in words of its own.
        tiff::TiffError::UnsupportedError(_) => Error::unsupported("this kind of TIFF"),
        other => broken(other),
    }
}

fn open(bytes: &[u8]) -> Result<TiffDecoder<'_>, Error> {
    let mut limits = Limits::default();
    // `probe` has counted the largest chunk.
    limits.decoding_buffer_size = 512 << 20;
    limits.intermediate_buffer_size = 512 << 20;
    limits.ifd_value_size = 16 << 20;
    Ok(Decoder::new(Cursor::new(bytes)).map_err(refused)?.with_limits(limits))
}

/// The file as the tiff crate can read it, where it cannot read the original.
fn mended(bytes: &[u8]) -> Cow<'_, [u8]> {
    match changes(bytes) {
        Some(changes) if !changes.is_empty() => {
            // Room for a link where the file ends with its directory.
            let mut bytes = [bytes, &[0; 8]].concat();
            for change in changes {
                change.make(&mut bytes);
            }
            Cow::Owned(bytes)
        }
        _ => Cow::Borrowed(bytes),
    }
}

/// A change to a copy of the file.
enum Change {
    Write {
        at: usize,
        number: Vec<u8>,
    },
    /// The bits of each byte come in the other order.
    Turn {
        at: usize,
        length: usize,
    },
}

impl Change {
    fn make(self, bytes: &mut [u8]) {
        match self {
            Self::Write { at, number } => {
                if let Some(place) = bytes.get_mut(at..at.saturating_add(number.len())) {
                    place.copy_from_slice(&number);
                }
            }
            Self::Turn { at, length } => {
                let end = at.saturating_add(length).min(bytes.len());
                for byte in bytes.get_mut(at..end).unwrap_or_default() {
                    *byte = byte.reverse_bits();
                }
            }
        }
    }
}

fn changes(bytes: &[u8]) -> Option<Vec<Change>> {
    const COMPRESSION: u16 = 259;
    const PHOTOMETRIC: u16 = 262;
    const FILL_ORDER: u16 = 266;
    const PALETTE: u32 = 3;
    const JPEG: u32 = 7;
    let mut source = Source::new(Cursor::new(bytes)).ok()?;
    let mut exif = Exif::at(&mut source, 0, bytes.len() as u64)?;
    let layout = exif.layout();
    let offset = exif.first_offset()?;
    let directory = exif.directory(offset)?;
    let mut number = |tag| exif.number(directory.get(tag)?);
    let mut changes = Vec::new();
    let mut write = |at: u64, value: u64, length: usize| {
        let mut number = vec![0; length];
        layout.write(value, &mut number);
        changes.push(Change::Write { at: at as usize, number });
    };
    let (head, step, link) = layout.sizes();
    // It knows no palettes: calling the indices grey makes it hand them out.
    if number(PHOTOMETRIC) == Some(PALETTE) {
        let entry = directory.get(PHOTOMETRIC)?;
        write(entry.value.start, 1, kind_bytes(entry.kind)? as usize);
    }
    // It reads as many entries as are announced, or none.
    if !directory.fits {
        write(offset, directory.entries.len() as u64, head);
    }
    // It takes a page that follows itself for an attack. Only the first one counts here.
    if directory.next == Some(offset) {
        write(offset + head as u64 + directory.announced * step as u64, 0, link);
    }
    let is_turned = number(FILL_ORDER) == Some(2) && number(COMPRESSION) != Some(JPEG);
    if is_turned {
        changes.extend(turned(&mut exif, &directory));
    }
    Some(changes)
}

/// All strips and tiles.
fn turned(exif: &mut Exif<'_, Cursor<&[u8]>>, directory: &Directory) -> Vec<Change> {
    const CHUNKS: [(u16, u16); 2] = [(273, 279), (324, 325)];
    let mut places = Vec::new();
    for (offsets, lengths) in CHUNKS {
        let both = directory.get(offsets).zip(directory.get(lengths));
        let Some((offsets, lengths)) = both else { continue };
        places.extend(exif.numbers(offsets).into_iter().zip(exif.numbers(lengths)));
    }
    // A strip that is named twice is turned once.
    places.sort_unstable();
    places.dedup_by_key(|(start, _)| *start);
    let turn = |(at, length): (u64, u64)| Change::Turn { at: at as usize, length: length as usize };
    places.into_iter().map(turn).collect()
}

/// How samples become pixels.
struct Shape {
    colour: ColorType,
    layout: Layout,
    /// Samples a pixel as they come from the decoder.
    samples: usize,
    /// Planes that are stored one after the other; 1 when samples lie side by side.
    planes: u32,
    /// Red, green and blue of each index, if the samples are indices.
    palette: Option<Vec<[u8; 3]>>,
    associated_alpha: bool,
}

impl Shape {
    fn new(decoder: &mut TiffDecoder<'_>) -> Result<Self, Error> {
        let colour = decoder.colortype().map_err(refused)?;
        let palette = palette(decoder);
        let (layout, samples) = match colour {
            ColorType::Gray(_) if palette.is_some() => (Layout::Rgb, 1),
            ColorType::Gray(_) => (Layout::Gray, 1),
            ColorType::GrayA(_) | ColorType::Multiband { num_samples: 2, .. } => {
                (Layout::GrayAlpha, 2)
            }
            ColorType::RGB(_) | ColorType::YCbCr(_) => (Layout::Rgb, 3),
            ColorType::RGBA(_) => (Layout::Rgba, 4),
            ColorType::CMYK(_) => (Layout::Cmyk, 4),
            // Inks with alpha are rare; they are shown on white paper, opaque.
            ColorType::CMYKA(_) => (Layout::Cmyk, 5),
            _ => return Err(Error::unsupported("TIFF with colours of this kind")),
        };
        let planar = decoder.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).ok().flatten();
        let extra = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples).ok().flatten();
        Ok(Self {
            colour,
            layout,
            samples,
            planes: if planar == Some(2) { samples as u32 } else { 1 },
            palette,
            associated_alpha: extra.is_some_and(|extra| extra.first() == Some(&1)),
        })
    }

    /// The 8-bit samples of one band of rows.
    fn band(
        &self,
        decoder: &mut TiffDecoder<'_>,
        width: u32,
        rows: u32,
        band: u32,
        bands: u32,
    ) -> Result<Vec<u8>, Error> {
        let (chunk_width, _) = decoder.chunk_dimensions();
        let across = match decoder.get_chunk_type() {
            ChunkType::Strip => 1,
            ChunkType::Tile => width.div_ceil(chunk_width.max(1)),
        };
        let in_chunk = if self.planes > 1 { 1 } else { self.samples };
        let row_samples = width as usize * self.samples;
        let mut samples = vec![0; row_samples * rows as usize];
        for plane in 0..self.planes {
            for column in 0..across {
                let index = (plane * bands + band) * across + column;
                let (columns, chunk_rows) = checked_chunk(decoder, index)?;
                let chunk = decoder.read_chunk(index).map_err(refused)?;
                let chunk =
                    self.eight_bits(chunk, columns as usize * in_chunk, chunk_rows as usize)?;
                let left = (column * chunk_width) as usize;
                for (y, row) in
                    chunk.chunks_exact(columns as usize * in_chunk).take(rows as usize).enumerate()
                {
                    let start = y * row_samples + left * self.samples;
                    let to = &mut samples[start..start + columns as usize * self.samples];
                    for (pixel, from) in
                        to.chunks_exact_mut(self.samples).zip(row.chunks_exact(in_chunk))
                    {
                        pixel[plane as usize..plane as usize + in_chunk].copy_from_slice(from);
                    }
                }
            }
        }
        Ok(samples)
    }

    /// Samples of any depth as 8-bit ones; indices keep their value.
    fn eight_bits(
        &self,
        chunk: DecodingResult,
        row_samples: usize,
        rows: usize,
    ) -> Result<Vec<u8>, Error> {
        let bits = self.colour.bit_depth();
        let is_index = self.palette.is_some();
        let samples = match chunk {
            DecodingResult::U8(samples) if bits == 8 => samples,
            DecodingResult::U8(packed) if bits < 8 => {
                unpack(&packed, bits, row_samples, rows, is_index)
            }
            DecodingResult::U16(samples) if is_index => {
                samples.iter().map(|sample| *sample as u8).collect()
            }
            DecodingResult::U16(samples) => samples
                .iter()
                .map(|sample| ((u32::from(*sample) * 255 + 32_895) >> 16) as u8)
                .collect(),
            DecodingResult::U32(samples) => {
                samples.iter().map(|sample| (sample >> 24) as u8).collect()
            }
            DecodingResult::U64(samples) => {
                samples.iter().map(|sample| (sample >> 56) as u8).collect()
            }
            DecodingResult::F32(samples) => samples.iter().map(|sample| unit(*sample)).collect(),
            DecodingResult::F64(samples) => {
                samples.iter().map(|sample| unit(*sample as f32)).collect()
            }
            DecodingResult::F16(samples) => {
                samples.iter().map(|sample| unit(sample.to_f32())).collect()
            }
            _ => return Err(Error::unsupported("TIFF with samples of this kind")),
        };
        if samples.len() < row_samples * rows {
            return Err(broken("a strip holds too few samples"));
        }
        Ok(samples)
    }

    /// One row of samples as pixels of the layout.
    fn pixels<'a>(&self, row: &'a [u8]) -> Cow<'a, [u8]> {
        if let Some(palette) = &self.palette {
            let colour = |index: &u8| palette.get(usize::from(*index)).copied().unwrap_or_default();
            return Cow::Owned(row.iter().flat_map(colour).collect());
        }
        match self.colour {
            ColorType::CMYKA(_) => {
                Cow::Owned(row.chunks_exact(5).flat_map(|inks| &inks[..4]).copied().collect())
            }
            ColorType::YCbCr(_) => Cow::Owned(row.chunks_exact(3).flat_map(from_ycbcr).collect()),
            _ if self.layout.has_alpha() && self.associated_alpha => {
                let mut row = row.to_vec();
                for pixel in row.chunks_exact_mut(self.samples) {
                    straighten(pixel);
                }
                Cow::Owned(row)
            }
            _ => Cow::Borrowed(row),
        }
    }
}

/// The size of a chunk's data. Asked only for indices that exist: the crate panics on others.
fn checked_chunk(decoder: &mut TiffDecoder<'_>, index: u32) -> Result<(u32, u32), Error> {
    let count = match decoder.get_chunk_type() {
        ChunkType::Strip => decoder.strip_count(),
        ChunkType::Tile => decoder.tile_count(),
    };
    if index >= count.map_err(refused)? {
        return Err(broken("strips or tiles are missing"));
    }
    Ok(decoder.chunk_data_dimensions(index))
}

fn palette(decoder: &mut TiffDecoder<'_>) -> Option<Vec<[u8; 3]>> {
    let map = decoder.find_tag_unsigned_vec::<u16>(Tag::ColorMap).ok().flatten()?;
    let entries = map.len() / 3;
    let high = |value: u16| (value >> 8) as u8;
    Some(
        (0..entries)
            .map(|i| [high(map[i]), high(map[entries + i]), high(map[2 * entries + i])])
            .collect(),
    )
}

/// Samples of 1, 2 or 4 bits; every row begins at a byte.
fn unpack(packed: &[u8], bits: u8, row_samples: usize, rows: usize, is_index: bool) -> Vec<u8> {
    let row_bytes = (row_samples * usize::from(bits)).div_ceil(8).max(1);
    let most = u8::MAX >> (8 - bits);
    let scale = if is_index { 1 } else { 255 / most };
    let mut samples = Vec::with_capacity(row_samples * rows);
    for row in packed.chunks_exact(row_bytes).take(rows) {
        for x in 0..row_samples {
            let at = x * usize::from(bits);
            let shift = 8 - usize::from(bits) - at % 8;
            samples.push((row[at / 8] >> shift & most) * scale);
        }
    }
    samples
}

/// Floating point samples are taken as light from 0 to 1, as encoded.
fn unit(sample: f32) -> u8 {
    (sample.clamp(0.0, 1.0) * 255.0).round() as u8
}

fn straighten(pixel: &mut [u8]) {
    let (alpha, colours) = match pixel.split_last_mut() {
        Some((alpha, colours)) if *alpha > 0 => (u32::from(*alpha), colours),
        _ => return,
    };
    for sample in colours {
        *sample = ((u32::from(*sample) * 255 + alpha / 2) / alpha).min(255) as u8;
    }
}

/// ITU-R BT.601, as the specification's default coefficients say.
fn from_ycbcr(pixel: &[u8]) -> [u8; 3] {
    let (y, cb, cr) =
        (f32::from(pixel[0]), f32::from(pixel[1]) - 128.0, f32::from(pixel[2]) - 128.0);
    let red = y + 1.402 * cr;
    let green = y - 0.344_136 * cb - 0.714_136 * cr;
    let blue = y + 1.772 * cb;
    [red, green, blue].map(|sample| sample.round().clamp(0.0, 255.0) as u8)
}
