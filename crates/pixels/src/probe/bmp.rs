//! BMP: the bitmap headers of Windows and OS/2, in a file or in an icon.

use std::{
    io::{Read, Seek},
    ops::Range,
};

use super::Header;
use crate::{Error, Format, Limits, source::Source};

/// What a bitmap header says; everything that decoding needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Bitmap {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) top_down: bool,
    pub(crate) bits: u16,
    pub(crate) compression: u32,
    /// Masks of red, green, blue and alpha, for 16 and 32 bits.
    pub(crate) masks: [u32; 4],
    pub(crate) palette: Option<Palette>,
    /// Where the rows begin in the file.
    pub(crate) data: u64,
    /// Where an embedded ICC profile lies: start and bytes.
    pub(crate) profile: Option<(u64, u64)>,
    /// Where the name of a profile lies that is elsewhere.
    pub(crate) link: Option<(u64, u64)>,
    /// Where the header lies, and what follows it: masks and colours.
    pub(crate) heads: [Range<u64>; 2],
    /// Colours that only advise displays.
    spare: u32,
}

/// Where the palette lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) start: u64,
    pub(crate) entries: u32,
    /// 3 in the oldest files, else 4.
    pub(crate) entry_bytes: u32,
}

pub(crate) const RGB: u32 = 0;
pub(crate) const RLE8: u32 = 1;
pub(crate) const RLE4: u32 = 2;
pub(crate) const BITFIELDS: u32 = 3;
pub(crate) const ALPHA_BITFIELDS: u32 = 6;
/// Not a number of any file: OS/2's 24-bit run lengths share 4 with Windows' JPEG.
pub(crate) const RLE24: u32 = 0x1_0000;

/// Bytes of the longest header there is; a longer one has nothing more to say.
const HEADER_BYTES_MAX: u32 = 124;
/// Colours of the longest palette.
const COLOURS_MAX: u32 = 256;
const PROFILE_EMBEDDED: u32 = u32::from_be_bytes(*b"MBED");
const PROFILE_LINKED: u32 = u32::from_be_bytes(*b"LINK");

pub(crate) fn header<R: Read + Seek>(
    source: &mut Source<R>,
    limits: &Limits,
) -> Result<Header, Error> {
    let bitmap = Bitmap::of_file(source)?;
    // Too many rows are told before rows that are missing.
    limits.allow_size(u64::from(bitmap.width), u64::from(bitmap.height))?;
    if !bitmap.is_run_length() && bitmap.rows_end() > source.len() {
        return Err(broken("the file ends inside the picture"));
    }
    Ok(Header {
        has_alpha: bitmap.has_alpha(),
        fixed_bytes: bitmap.indices_bytes().saturating_add(bitmap.row_bytes() * 4 + (1 << 20)),
        ..Header::still(bitmap.width, bitmap.height)
    })
}

fn broken(detail: &str) -> Error {
    Error::malformed(Format::Bmp, detail)
}

fn too_short() -> Error {
    broken("the file ends inside the header")
}

impl Bitmap {
    /// Reads the headers of a `.bmp` file.
    pub(crate) fn of_file<R: Read + Seek>(source: &mut Source<R>) -> Result<Self, Error> {
        source.seek(10);
        let data = source.le32().ok_or_else(too_short)?;
        let mut bitmap = Self::at(source, 14)?;
        // Some writers leave the place of the rows out, or name that of the palette.
        let palette = bitmap.palette.map(|palette| palette.start);
        if data > 0 && palette != Some(u64::from(data)) {
            bitmap.data = u64::from(data);
        }
        if bitmap.height == 0 || bitmap.width == 0 {
            return Err(broken("the picture has no pixels"));
        }
        Ok(bitmap)
    }

    /// Reads the bitmap header at a position; the rows are taken to follow the palette.
    pub(crate) fn at<R: Read + Seek>(source: &mut Source<R>, start: u64) -> Result<Self, Error> {
        source.seek(start).ok_or_else(too_short)?;
        let size = source.le32().ok_or_else(too_short)?;
        let mut bitmap =
            if size == 12 { old(source) } else { new(source, size) }.ok_or_else(too_short)??;
        let behind = start + u64::from(size);
        let masks = match (size, bitmap.compression) {
            (40, BITFIELDS) => 12,
            (40, ALPHA_BITFIELDS) => 16,
            _ => 0,
        };
        bitmap.read_masks(source, start, size).ok_or_else(too_short)?;
        bitmap.profile = profile(source, start, size, PROFILE_EMBEDDED);
        bitmap.link = profile(source, start, size, PROFILE_LINKED);
        bitmap.check()?;
        if let Some(palette) = &mut bitmap.palette {
            palette.start = behind + masks;
            bitmap.data = palette.start + u64::from(palette.entries * palette.entry_bytes);
        } else {
            bitmap.data = behind + masks;
        }
        let colours_end = bitmap.data + u64::from(bitmap.spare * 4);
        bitmap.heads = [start..start + u64::from(size.min(HEADER_BYTES_MAX)), behind..colours_end];
        Ok(bitmap)
    }

    fn read_masks<R: Read + Seek>(
        &mut self,
        source: &mut Source<R>,
        start: u64,
        size: u32,
    ) -> Option<()> {
        self.masks = match self.bits {
            16 => [0x7C00, 0x03E0, 0x001F, 0],
            _ => [0x00FF_0000, 0x0000_FF00, 0x0000_00FF, 0],
        };
        if matches!(self.compression, BITFIELDS | ALPHA_BITFIELDS) && size >= 40 {
            source.seek(start + 40)?;
            let with_alpha = size >= 56 || self.compression == ALPHA_BITFIELDS;
            for mask in self.masks.iter_mut().take(if with_alpha { 4 } else { 3 }) {
                *mask = source.le32()?;
            }
        }
        Some(())
    }

    fn check(&self) -> Result<(), Error> {
        let plausible = match self.compression {
            RGB => matches!(self.bits, 1 | 2 | 4 | 8 | 16 | 24 | 32),
            RLE8 => self.bits == 8,
            RLE4 => self.bits == 4,
            RLE24 => self.bits == 24,
            BITFIELDS | ALPHA_BITFIELDS => matches!(self.bits, 16 | 32),
            other => return Err(Error::unsupported(format!("BMP compression {other}"))),
        };
        if !plausible {
            return Err(broken("the bits per pixel make no sense"));
        }
        if self.palette.is_some_and(|palette| palette.entries > 1 << self.bits) {
            return Err(broken("the palette has more colours than the pixels can name"));
        }
        Ok(())
    }

    pub(crate) fn has_alpha(&self) -> bool {
        (self.masks[3] != 0 && self.bits != 24) || self.is_run_length()
    }

    /// Run lengths may skip pixels, which then are transparent.
    pub(crate) fn is_run_length(&self) -> bool {
        matches!(self.compression, RLE8 | RLE4 | RLE24)
    }

    /// Bytes of a stored row; rows are padded to four bytes.
    pub(crate) fn row_bytes(&self) -> u64 {
        (u64::from(self.width) * u64::from(self.bits)).div_ceil(32) * 4
    }

    /// Where the last row ends; some writers leave out its padding.
    fn rows_end(&self) -> u64 {
        let padding = self.row_bytes() - (u64::from(self.width) * u64::from(self.bits)).div_ceil(8);
        let rows = self.row_bytes().saturating_mul(u64::from(self.height));
        self.data.saturating_add(rows - padding)
    }

    fn indices_bytes(&self) -> u64 {
        if self.is_run_length() { u64::from(self.width) * u64::from(self.height) * 4 } else { 0 }
    }
}

/// The 12-byte header of OS/2 1.x and Windows 2.
fn old<R: Read + Seek>(source: &mut Source<R>) -> Option<Result<Bitmap, Error>> {
    let (width, height) = (source.le16()?, source.le16()? as i16);
    let (_planes, bits) = (source.le16()?, source.le16()?);
    let entries = if bits <= 8 { 1 << bits } else { 0 };
    Some(Ok(Bitmap {
        width: u32::from(width),
        height: u32::from(height.unsigned_abs()),
        top_down: height < 0,
        bits,
        compression: RGB,
        masks: [0; 4],
        palette: (entries > 0).then_some(Palette { start: 0, entries, entry_bytes: 3 }),
        data: 0,
        profile: None,
        link: None,
        heads: [0..0, 0..0],
        spare: 0,
    }))
}

fn new<R: Read + Seek>(source: &mut Source<R>, size: u32) -> Option<Result<Bitmap, Error>> {
    let (width, height) = (source.le32()? as i32, source.le32()? as i32);
    let (_planes, bits) = (source.le16()?, source.le16()?);
    let mut compression = if size >= 20 { source.le32()? } else { RGB };
    if size == 64 && compression == 4 {
        compression = RLE24;
    } else if size == 64 && compression == 3 {
        return Some(Err(Error::unsupported("BMP with Huffman compression")));
    }
    let mut entries = 0;
    if size >= 40 {
        let [_, _, _, _, _, _, _, _, _, _, _, _, used @ ..] = source.array::<16>()?;
        entries = u32::from_le_bytes(used);
    }
    if width <= 0 || height == i32::MIN {
        return Some(Err(broken("the picture has no pixels")));
    }
    if bits <= 8 && entries == 0 {
        entries = 1 << bits;
    }
    Some(Ok(Bitmap {
        width: width.unsigned_abs(),
        height: height.unsigned_abs(),
        top_down: height < 0,
        bits,
        compression,
        masks: [0; 4],
        palette: (bits <= 8).then_some(Palette { start: 0, entries, entry_bytes: 4 }),
        data: 0,
        profile: None,
        link: None,
        heads: [0..0, 0..0],
        spare: if bits > 8 { entries.min(COLOURS_MAX) } else { 0 },
    }))
}

/// The ICC profile that a version 5 header points to, if it is of this kind.
fn profile<R: Read + Seek>(
    source: &mut Source<R>,
    start: u64,
    size: u32,
    wanted: u32,
) -> Option<(u64, u64)> {
    if size < 124 {
        return None;
    }
    source.seek(start + 56)?;
    let space = source.le32()?;
    source.seek(start + 112)?;
    let (offset, bytes) = (source.le32()?, source.le32()?);
    (space == wanted).then(|| (start + u64::from(offset), u64::from(bytes)))
}
