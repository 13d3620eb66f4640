//! Reads TIFF directories: Exif blocks, wherever a format keeps them, and TIFF files themselves.
//!
//! Cameras and editors write broken Exif all the time, so every step may find nothing and none
//! may fail. Nothing is followed in circles: a directory is read once, by name.

use std::io::{Cursor, Read, Seek};

use crate::{Format, probe, source::Source};

/// Entries read of one directory; cameras write fewer than a hundred.
const ENTRIES_MAX: u64 = 2_048;
/// Bytes read of one value.
const VALUE_BYTES_MAX: u64 = 64 << 10;
/// Bytes of an Exif block that is packed as text.
const PACKED_BYTES_MAX: u64 = 1 << 20;
/// Segments or chunks looked at in search of the block.
const BLOCKS_MAX: u32 = 100_000;

/// An Exif block inside a file. Offsets in it count from its own header.
pub(crate) struct Exif<'a, R> {
    source: Bytes<'a, R>,
    start: u64,
    end: u64,
    big_endian: bool,
    /// `BigTIFF` has 8-byte offsets and counts.
    wide: bool,
}

/// Where the block is read from: the file itself, or what was unpacked from it.
enum Bytes<'a, R> {
    File(&'a mut Source<R>),
    Unpacked(Box<Source<Cursor<Vec<u8>>>>),
}

impl<R: Read + Seek> Bytes<'_, R> {
    fn seek(&mut self, position: u64) -> Option<()> {
        match self {
            Self::File(source) => source.seek(position),
            Self::Unpacked(source) => source.seek(position),
        }
    }

    fn position(&self) -> u64 {
        match self {
            Self::File(source) => source.position(),
            Self::Unpacked(source) => source.position(),
        }
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        match self {
            Self::File(source) => source.array(),
            Self::Unpacked(source) => source.array(),
        }
    }

    fn bytes(&mut self, count: u64, most: u64) -> Option<Vec<u8>> {
        match self {
            Self::File(source) => source.bytes(count, most),
            Self::Unpacked(source) => source.bytes(count, most),
        }
    }
}

/// One TIFF directory: tags and where their values lie.
#[derive(Debug, Default)]
pub(crate) struct Directory(Vec<Entry>);

/// One tag of a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// Absolute position of the value in the file.
    position: u64,
}

impl Entry {
    /// Where the value lies in the file.
    pub(crate) fn position(self) -> u64 {
        self.position
    }
}

impl Directory {
    /// The first entry with this tag.
    pub(crate) fn get(&self, tag: u16) -> Option<Entry> {
        self.0.iter().copied().find(|entry| entry.tag == tag)
    }
}

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

    /// Reads the TIFF header at a position.
    pub(crate) fn at(source: &'a mut Source<R>, start: u64, end: u64) -> Option<Self> {
        Self::new(Bytes::File(source), start, end)
    }

    fn unpacked(bytes: Vec<u8>) -> Option<Self> {
        let end = bytes.len() as u64;
        let source = Source::new(Cursor::new(bytes)).ok()?;
        Self::new(Bytes::Unpacked(Box::new(source)), 0, end)
    }

    fn new(mut source: Bytes<'a, R>, start: u64, end: u64) -> Option<Self> {
        source.seek(start)?;
        let big_endian = match &source.array::<2>()? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let mut exif = Self { source, start, end, big_endian, wide: false };
        exif.wide = match exif.u16()? {
            42 => false,
            43 => true,
            _ => return None,
        };
        Some(exif)
    }

    /// The directory the header points to: of the picture itself.
    pub(crate) fn first_directory(&mut self) -> Option<Directory> {
        let position = if self.wide { 8 } else { 4 };
        self.source.seek(self.start + position)?;
        let offset = self.offset()?;
        self.directory(offset)
    }

    /// The directory that an entry of another one points to.
    pub(crate) fn sub_directory(&mut self, parent: &Directory, tag: u16) -> Option<Directory> {
        let offset = self.number(parent.get(tag)?)?;
        self.directory(u64::from(offset))
    }

    /// Orientation 1 to 8.
    pub(crate) fn orientation(&mut self) -> Option<u8> {
        const ORIENTATION: u16 = 0x0112;
        let directory = self.first_directory()?;
        let value = self.number(directory.get(ORIENTATION)?)?;
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
    }

    fn directory(&mut self, offset: u64) -> Option<Directory> {
        self.source.seek(self.inside(offset, 2)?)?;
        let (count, entry_bytes) =
            if self.wide { (self.u64()?, 20) } else { (u64::from(self.u16()?), 12) };
        // A directory that claims more entries than its block can hold is noise.
        let entries_end = self.source.position().checked_add(count.checked_mul(entry_bytes)?)?;
        if entries_end > self.end {
            return None;
        }
        let mut entries = Vec::new();
        for _ in 0..count.min(ENTRIES_MAX) {
            self.entry(&mut entries)?;
        }
        Some(Directory(entries))
    }

    /// Reads an entry; one that makes no sense is left out, `None` is the end of the bytes.
    fn entry(&mut self, entries: &mut Vec<Entry>) -> Option<()> {
        let (tag, kind) = (self.u16()?, self.u16()?);
        let count = if self.wide { self.u64()? } else { u64::from(self.u32()?) };
        let inline = self.source.position();
        let (offset, inline_bytes) = (self.offset()?, if self.wide { 8 } else { 4 });
        let position = match kind_bytes(kind).and_then(|bytes| count.checked_mul(bytes)) {
            Some(bytes) if bytes <= inline_bytes => Some(inline),
            Some(bytes) => self.inside(offset, bytes),
            None => None,
        };
        entries.extend(position.map(|position| Entry { tag, kind, count, position }));
        Some(())
    }

    /// The absolute position of `bytes` bytes at an offset, if they lie inside the block.
    fn inside(&self, offset: u64, bytes: u64) -> Option<u64> {
        let position = self.start.checked_add(offset)?;
        (position.checked_add(bytes)? <= self.end).then_some(position)
    }

    /// The first number of an entry of BYTE, SHORT or LONG.
    pub(crate) fn number(&mut self, entry: Entry) -> Option<u32> {
        if entry.count == 0 {
            return None;
        }
        self.source.seek(entry.position)?;
        match entry.kind {
            1 => self.source.array::<1>().map(|[byte]| u32::from(byte)),
            3 => self.u16().map(u32::from),
            4 | 13 => self.u32(),
            16 => u32::try_from(self.u64()?).ok(),
            _ => None,
        }
    }

    /// The raw bytes of an entry of ASCII, BYTE or UNDEFINED, up to a bound.
    pub(crate) fn raw(&mut self, entry: Entry) -> Option<Vec<u8>> {
        matches!(entry.kind, 1 | 2 | 7 | 129).then_some(())?;
        self.source.seek(entry.position)?;
        self.source.bytes(entry.count.min(VALUE_BYTES_MAX), VALUE_BYTES_MAX)
    }

    /// Up to `most` fractions of an entry, as numerator and denominator.
    pub(crate) fn fractions(&mut self, entry: Entry, most: u64) -> Option<Vec<(i64, i64)>> {
        let signed = match entry.kind {
            5 => false,
            10 => true,
            _ => return None,
        };
        self.source.seek(entry.position)?;
        let mut fractions = Vec::new();
        for _ in 0..entry.count.min(most) {
            let (numerator, denominator) = (self.u32()?, self.u32()?);
            fractions.push(if signed {
                (i64::from(numerator as i32), i64::from(denominator as i32))
            } else {
                (i64::from(numerator), i64::from(denominator))
            });
        }
        Some(fractions)
    }

    fn offset(&mut self) -> Option<u64> {
        if self.wide { self.u64() } else { self.u32().map(u64::from) }
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.source.array()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&mut self) -> Option<u32> {
        let bytes = self.source.array()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(&mut self) -> Option<u64> {
        let bytes = self.source.array()?;
        Some(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}

fn kind_bytes(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 | 129 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}

fn jpeg_block<R: Read + Seek>(source: &mut Source<R>) -> Option<(u64, u64)> {
    source.seek(2)?;
    for _ in 0..BLOCKS_MAX {
        let marker = probe::next_jpeg_marker(source)?;
        match marker {
            0x01 | 0xD0..=0xD8 => continue,
            0xD9 | 0xDA => return None,
            _ => {}
        }
        let length = u64::from(source.be16()?);
        let body = source.position();
        let end = (body + length.saturating_sub(2)).min(source.len());
        if marker == 0xE1 && length >= 8 && &source.array::<6>()? == b"Exif\0\0" {
            return Some((body + 6, end));
        }
        source.seek(end)?;
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
