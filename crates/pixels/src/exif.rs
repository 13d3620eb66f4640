//! Finds the Exif block of a picture, wherever its format keeps it.

use std::io::{Read, Seek};

use crate::{
    Format,
    container::{jpeg::Segments, tiff::Exif},
    probe,
    source::Source,
};

/// Bytes of an Exif block that is packed as text.
const PACKED_BYTES_MAX: u64 = 1 << 20;
/// Chunks looked at in search of the block.
const BLOCKS_MAX: u32 = 100_000;

impl<'a, R: Read + Seek> Exif<'a, R> {
    /// Finds the Exif block of a picture: the first one, if it has several.
    pub(crate) fn find(source: &'a mut Source<R>, format: Format) -> Option<Self> {
        let (start, end) = match format {
            Format::Jpeg => jpeg_block(source)?,
            Format::Png => match png_block(source)? {
                PngBlock::Plain(start, end) => (start, end),
                PngBlock::Packed(bytes) => return Self::unpacked(bytes),
            },
            Format::WebP => webp_block(source)?,
            Format::Avif | Format::Heic => probe::heif_exif(source)?,
            Format::Tiff => (0, source.len()),
            Format::Gif | Format::Bmp | Format::Ico => return None,
        };
        Self::at(source, start, end)
    }

    /// Orientation 1 to 8.
    pub(crate) fn orientation(&mut self) -> Option<u8> {
        const ORIENTATION: u16 = 0x0112;
        let directory = self.first_directory()?;
        let value = self.number(directory.get(ORIENTATION)?)?;
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
    }
}

/// What an Exif segment begins with.
pub(crate) const EXIF: &[u8; 6] = b"Exif\0\0";

fn jpeg_block<R: Read + Seek>(source: &mut Source<R>) -> Option<(u64, u64)> {
    let mut segments = Segments::new(source);
    while let Some(segment) = segments.header_segment() {
        let body = segment.body;
        if segment.marker != 0xE1 || body.end - body.start < 6 {
            continue;
        }
        segments.source().seek(body.start)?;
        if &segments.source().array::<6>()? == EXIF {
            return Some((body.start + 6, body.end));
        }
    }
    None
}

/// Where a PNG keeps its Exif: in a chunk of its own, or as text in the manner of `ImageMagick`.
enum PngBlock {
    Plain(u64, u64),
    Packed(Vec<u8>),
}

fn png_block<R: Read + Seek>(source: &mut Source<R>) -> Option<PngBlock> {
    source.seek(8)?;
    let mut packed = None;
    for _ in 0..BLOCKS_MAX {
        let Some((length, name)) = probe::png_chunk_start(source) else { break };
        let (body, length) = (source.position(), u64::from(length));
        match &name {
            b"eXIf" => return Some(PngBlock::Plain(body, (body + length).min(source.len()))),
            b"IEND" => break,
            b"zTXt" if packed.is_none() => packed = packed_text(source, length),
            _ => {}
        }
        if source.seek(body + length + 4).is_none() {
            break;
        }
    }
    packed.map(PngBlock::Packed)
}

/// Reads `Raw profile type exif`; `None` when it is another text. Of a profile that makes no sense
/// nothing is left: unpacking is dear, so the first one is the only one that is tried.
fn packed_text<R: Read + Seek>(source: &mut Source<R>, length: u64) -> Option<Vec<u8>> {
    const KEYWORDS: [&[u8; 23]; 2] = [b"Raw profile type exif\0\0", b"Raw profile type APP1\0\0"];
    let rest = length.checked_sub(23)?;
    if !KEYWORDS.contains(&&source.array()?) {
        return None;
    }
    let stream = source.bytes(rest, PACKED_BYTES_MAX)?;
    Some(unpacked(&stream).unwrap_or_default())
}

/// Unpacks a profile: a name, a length and the block in hexadecimal digits.
fn unpacked(stream: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let inflated = flate2::read::ZlibDecoder::new(stream).take(4 * PACKED_BYTES_MAX);
    { inflated }.read_to_end(&mut text).ok()?;
    // Three lines come first: an empty one, the name and the length.
    let digits = text.splitn(4, |byte| *byte == b'\n').nth(3)?;
    let mut block = Vec::with_capacity(digits.len() / 2);
    let mut digits = digits.iter().filter_map(|byte| hex_digit(*byte));
    while let Some((high, low)) = digits.next().zip(digits.next()) {
        block.push(high << 4 | low);
    }
    if block.starts_with(b"Exif\0\0") {
        block.drain(..6);
    }
    Some(block)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

fn webp_block<R: Read + Seek>(source: &mut Source<R>) -> Option<(u64, u64)> {
    source.seek(12)?;
    for _ in 0..BLOCKS_MAX {
        let (name, size) = probe::webp_chunk_start(source)?;
        let body = source.position();
        if &name == b"EXIF" {
            let end = (body + u64::from(size)).min(source.len());
            // Some writers keep JPEG's prefix.
            let prefix = if &source.array::<6>()? == b"Exif\0\0" { 6 } else { 0 };
            return Some((body + prefix, end));
        }
        source.seek(body + probe::padded(size))?;
    }
    None
}
