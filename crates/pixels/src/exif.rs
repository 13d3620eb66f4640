//! Finds the Exif block of a picture, wherever its format keeps it.

use std::io::{Read, Seek};

use crate::{
    Format,
    container::{ExifBlock, heif, jpeg::Segments, png, tiff::Exif, webp},
    source::Source,
};

impl<'a, R: Read + Seek> Exif<'a, R> {
    /// Finds the Exif block of a picture: the first one, if it has several.
    pub(crate) fn find(source: &'a mut Source<R>, format: Format) -> Option<Self> {
        let block = match format {
            Format::Jpeg => jpeg_block(source)?,
            Format::Png => png::exif(source)?,
            Format::WebP => webp::exif(source)?,
            Format::Avif | Format::Heic => heif::exif(source)?,
            Format::Tiff => ExifBlock::Place(0..source.len()),
            Format::Gif | Format::Bmp | Format::Ico => return None,
        };
        match block {
            ExifBlock::Place(place) => Self::at(source, place.start, place.end),
            ExifBlock::Bytes(bytes) => Self::unpacked(bytes),
        }
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

fn jpeg_block<R: Read + Seek>(source: &mut Source<R>) -> Option<ExifBlock> {
    let mut segments = Segments::new(source);
    while let Some(segment) = segments.header_segment() {
        let body = segment.body;
        if segment.marker != 0xE1 || body.end - body.start < 6 {
            continue;
        }
        segments.source().seek(body.start)?;
        if &segments.source().array::<6>()? == EXIF {
            return Some(ExifBlock::Place(body.start + 6..body.end));
        }
    }
    None
}
