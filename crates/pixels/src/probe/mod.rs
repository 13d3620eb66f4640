//! Reads the header and the structure of a picture; never decodes a pixel.
//!
//! All of it is plain safe Rust over a reader: the service runs it outside the sandbox.

mod bmp;
mod gif;
mod heif;
mod ico;
mod jpeg;
mod png;
mod tiff;
mod webp;

use std::io::{Read, Seek};

use crate::{
    Error, Facts, Format, Limits,
    container::tiff::Exif,
    guard::guarded,
    memory,
    sniff::{SNIFF_BYTES, sniff},
    source::Source,
};

pub(crate) use bmp::{Bitmap, RGB, RLE4, RLE24};
pub(crate) use gif::plays as gif_plays;
pub(crate) use heif::{Crop, shown as heif_shown};
pub(crate) use ico::best_entry;
pub(crate) use jpeg::structure as jpeg_structure;
pub(crate) use webp::sound_end as webp_sound_end;

/// What a format's header says, before limits and Exif.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) frames: u32,
    /// From the container itself (AVIF, HEIC); Exif adds the rest.
    pub(crate) orientation: Option<u8>,
    pub(crate) has_alpha: bool,
    pub(crate) is_truncated: bool,
    /// Bytes the decoder needs whatever the size of the output.
    pub(crate) fixed_bytes: u64,
}

impl Header {
    /// A still without alpha that decodes row by row.
    pub(crate) fn still(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            frames: 1,
            orientation: None,
            has_alpha: false,
            is_truncated: false,
            fixed_bytes: 0,
        }
    }
}

/// Reads what the header and the structure of a picture say, without decoding a pixel.
///
/// The content decides the format. Fails when the bytes are no picture, a picture of a kind that
/// is not supported, broken in the header, or more than the limits allow.
pub fn probe<R: Read + Seek>(reader: R, limits: &Limits) -> Result<Facts, Error> {
    guarded(|| read(reader, limits), Error::not_an_image)
}

/// [`probe`] without its guard.
pub(crate) fn read<R: Read + Seek>(reader: R, limits: &Limits) -> Result<Facts, Error> {
    let mut source = Source::new(reader).map_err(|_| Error::not_an_image("cannot be read"))?;
    limits.allow_bytes(source.len())?;
    let start = source.start(SNIFF_BYTES).unwrap_or_default();
    let format = sniff(&start)?;
    let header = header(&mut source, format, limits)?;
    if header.width == 0 || header.height == 0 {
        return Err(Error::malformed(format, "the picture has no pixels"));
    }
    limits.allow_size(u64::from(header.width), u64::from(header.height))?;
    let exif_orientation =
        || Exif::find(&mut source, format).and_then(|mut exif| exif.orientation());
    let mut facts = Facts {
        format,
        width: header.width,
        height: header.height,
        frames: header.frames,
        orientation: header.orientation.or_else(exif_orientation).unwrap_or(1),
        has_alpha: header.has_alpha,
        is_truncated: header.is_truncated,
        decode_bytes: 0,
    };
    facts.decode_bytes = header.fixed_bytes.saturating_add(memory::nominal_bytes(&facts));
    limits.allow(&facts)?;
    Ok(facts)
}

fn header<R: Read + Seek>(
    source: &mut Source<R>,
    format: Format,
    limits: &Limits,
) -> Result<Header, Error> {
    source.seek(0);
    match format {
        Format::Jpeg => jpeg::header(source),
        Format::Png => png::header(source, limits),
        Format::Gif => gif::header(source, limits),
        Format::WebP => webp::header(source, limits),
        Format::Avif | Format::Heic => heif::header(source, format),
        Format::Bmp => bmp::header(source, limits),
        Format::Tiff => tiff::header(source),
        Format::Ico => ico::header(source, limits),
    }
}
