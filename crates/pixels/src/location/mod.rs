//! Takes the place out of a picture's file: the notes that say where it was taken go, the pixels
//! and the other notes stay as they are.
//!
//! Every format has the same four rules. What is known to hold a place is emptied, mostly where
//! it stands, so that offsets into the file stay right. What is known to hold none is kept.
//! A block that nobody here can read is emptied too: it must not tell what we promised to hide.
//! And so is what the file itself refers to nowhere, or it is cut off where it follows all else.

mod bmp;
mod bytes;
mod figures;
mod gif;
mod heif;
mod ico;
mod iptc;
mod jpeg;
mod png;
mod ranges;
mod text;
mod tiff;
mod webp;
mod words;
mod written;

use std::io::Cursor;

use crate::{
    Error, Format,
    container::tiff::Exif,
    guard::guarded,
    sniff::{SNIFF_BYTES, sniff},
    source::Source,
};

/// Blocks inside blocks: a thumbnail in the Exif block of a picture behind a picture is four.
const DEPTH_MAX: u8 = 8;

/// Takes the place where a picture was taken out of its file, without touching a pixel.
///
/// What goes: GPS directories of Exif and TIFF, `GeoTIFF` tags, place names of IPTC, of Panasonic's
/// and of Nikon's maker notes, whole XMP packets that speak of a place, remarks that hold
/// a position in words or in figures, blocks that cannot be read, and bytes between the parts of
/// the file or behind them, unless they are zeros, or another JPEG, which is treated alike. All
/// else stays: camera, orientation, time, colour profile. A file that tells no place comes back
/// equal, but for such unreadable and stray bytes. Doing it twice is doing it once.
///
/// Fails when the bytes are no picture of a known [`Format`], and when it cannot vouch for
/// the result; it never hands back a file that may still tell the place.
pub fn without_location(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    let format = sniff(bytes.get(..SNIFF_BYTES as usize).unwrap_or(&bytes))?;
    guarded(
        || {
            let clean = cleaned(bytes, format)?;
            // Blocks of a hostile file overlap: taking one out may bring another to light.
            if cleaned(clean.clone(), format)? != clean || tells_place(&clean, format) {
                return Err(cannot("notes that change with every look"));
            }
            Ok(clean)
        },
        |what| Error::malformed(format, what),
    )
}

fn cleaned(bytes: Vec<u8>, format: Format) -> Result<Vec<u8>, Error> {
    let mut work = Work::on(&bytes);
    match format {
        Format::Jpeg => jpeg::file(bytes, &mut work),
        Format::Png => png::file(&bytes, &mut work),
        Format::Gif => gif::file(&bytes),
        Format::WebP => webp::file(bytes, &mut work),
        Format::Avif | Format::Heic => heif::file(bytes, &mut work),
        Format::Tiff => tiff::file(bytes, &mut work),
        Format::Ico => ico::file(bytes, &mut work),
        Format::Bmp => bmp::file(bytes, &mut work),
    }
}

/// Whether the reader of [`crate::metadata`] still finds a place: what must never be handed out.
fn tells_place(bytes: &[u8], format: Format) -> bool {
    const PLACE: u16 = 0x8825;
    let found = || {
        let mut source = Source::new(Cursor::new(bytes)).ok()?;
        let mut block = Exif::find(&mut source, format)?;
        let first = block.first_directory()?;
        first.get(PLACE).cloned()
    };
    found().is_some()
}

/// Why the place cannot be taken out.
fn cannot(what: &str) -> Error {
    Error::unsupported(format!("removing the location from a file with {what}"))
}

/// What may still be done: blocks of a hostile file may point to each other without end.
struct Work {
    bytes: usize,
    depth: u8,
}

impl Work {
    /// Real files are looked at once or twice; a small one may unpack to a few megabytes.
    fn on(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len().saturating_mul(16).saturating_add(8 << 20), depth: 0 }
    }

    /// Bytes that may still be looked at.
    fn left(&self) -> usize {
        self.bytes
    }

    /// Asks to look at so many bytes.
    fn spend(&mut self, bytes: usize) -> Result<(), Error> {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.ok_or_else(|| cannot("notes that point to each other without end"))?;
        Ok(())
    }

    /// Goes into a block that lies inside another one.
    fn inside<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == DEPTH_MAX {
            return Err(cannot("notes inside notes inside notes"));
        }
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        result
    }
}
