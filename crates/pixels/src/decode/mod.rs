//! Decoders: from a file's bytes to pixels, at the size that is wanted.

mod avif;
mod bitmap;
#[cfg(test)]
mod extent_tests;
mod gif;
mod heic;
mod ico;
mod jpeg;
mod planes;
#[cfg(test)]
mod planes_tests;
mod png;
mod tiff;
mod webp;

pub(crate) use self::{bitmap::run_lengths_end, planes::Planes};

use crate::{
    Error, Facts, Format,
    colour::Profile,
    ffi::heif,
    frame::{Decoded, FirstFrame, FrameSink},
};

impl Format {
    /// Fails when pictures in this format cannot be decoded on this machine: HEIC needs the
    /// system's libheif, which is looked for once. All others are built in.
    pub fn decodable(self) -> Result<(), Error> {
        if self == Self::Heic { heif::Library::get().map(|_| ()) } else { Ok(()) }
    }
}

/// Decodes a still, or the first frame, and says whether a part of it is missing. `detail` is the
/// wanted size over the source's, the largest of all outputs.
pub(crate) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<(Decoded, bool), Error> {
    if facts.is_animated() {
        let mut first = FirstFrame::new(facts);
        animation(bytes, facts, &mut first)?;
        return Ok((first.decoded()?, false));
    }
    let decoded = match facts.format {
        Format::Jpeg => return jpeg::still(bytes, facts, detail),
        Format::Png => png::still(bytes, facts, detail),
        Format::Gif => gif::still(bytes, facts),
        Format::WebP => webp::still(bytes, facts, detail),
        Format::Avif => avif::still(bytes, facts, detail),
        Format::Heic => heic::still(bytes, facts, detail),
        Format::Bmp => bitmap::still(bytes, facts, detail),
        Format::Tiff => tiff::still(bytes, facts, detail),
        Format::Ico => ico::still(bytes, facts, detail),
    };
    Ok((decoded?, false))
}

/// Decodes a picture that is plain enough to planes of luma and chroma; nothing for all others.
pub(crate) fn planes(bytes: &[u8], facts: &Facts, detail: f64) -> Option<(Planes, Profile)> {
    if facts.format == Format::Jpeg { jpeg::planes(bytes, facts, detail) } else { None }
}

/// Decodes an animation, frame by frame.
pub(crate) fn animation(
    bytes: &[u8],
    facts: &Facts,
    sink: &mut dyn FrameSink,
) -> Result<(), Error> {
    match facts.format {
        Format::Gif => gif::animation(bytes, facts, sink),
        Format::Png => png::animation(bytes, facts, sink),
        Format::WebP => webp::animation(bytes, facts, sink),
        Format::Avif => avif::animation(bytes, facts, sink),
        Format::Jpeg | Format::Heic | Format::Bmp | Format::Tiff | Format::Ico => {
            Err(Error::malformed(facts.format, "it cannot be animated"))
        }
    }
}
