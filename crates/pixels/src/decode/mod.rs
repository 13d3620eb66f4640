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

pub(crate) use self::{jpeg::cut as jpeg_cut, planes::Planes};

use std::ops::ControlFlow;

use crate::{
    Error, Facts, Format,
    colour::Profile,
    picture::{Layout, Raster},
    reduce::{self, reduced},
};

/// A decoded still, in the colours and the orientation of the file.
pub(crate) struct Decoded {
    pub(crate) raster: Raster,
    pub(crate) profile: Profile,
    /// Pixels of the raster per pixel of the source, across and down.
    pub(crate) scale: (f64, f64),
}

/// How long a frame is shown: `numerator / denominator` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delay {
    pub(crate) numerator: u32,
    /// Never 0.
    pub(crate) denominator: u32,
}

impl Delay {
    pub(crate) fn milliseconds(milliseconds: u32) -> Self {
        Self { numerator: milliseconds, denominator: 1_000 }
    }

    pub(crate) fn centiseconds(centiseconds: u32) -> Self {
        Self { numerator: centiseconds, denominator: 100 }
    }

    pub(crate) fn microseconds(self) -> u64 {
        u64::from(self.numerator) * 1_000_000 / u64::from(self.denominator)
    }

    /// Both, one after the other.
    pub(crate) fn then(self, next: Self) -> Self {
        if self.denominator == next.denominator {
            let numerator = self.numerator.saturating_add(next.numerator);
            return Self { numerator, denominator: self.denominator };
        }
        let milliseconds = (self.microseconds() + next.microseconds()) / 1_000;
        Self::milliseconds(milliseconds.try_into().unwrap_or(u32::MAX))
    }
}

/// One frame of an animation, composed: the whole canvas as straight RGBA.
pub(crate) struct Frame<'a> {
    pub(crate) canvas: &'a [u8],
    pub(crate) delay: Delay,
}

/// An animation before its first frame.
pub(crate) struct Opening {
    pub(crate) profile: Profile,
    /// How often it plays; `None` for ever.
    pub(crate) plays: Option<u32>,
}

/// Gets what an animation holds, in order: the opening once, then each frame.
pub(crate) trait Audience {
    /// Called once, before the first frame.
    fn open(&mut self, opening: Opening) -> Result<(), Error>;
    /// Called for each frame; says whether it wants the next one.
    fn show(&mut self, frame: &Frame<'_>) -> Result<ControlFlow<()>, Error>;
}

/// Keeps the first frame of an animation.
pub(crate) struct FirstFrame {
    size: (u32, u32),
    profile: Profile,
    pixels: Option<Vec<u8>>,
    format: Format,
}

impl FirstFrame {
    pub(crate) fn new(facts: &Facts) -> Self {
        let size = (facts.width, facts.height);
        Self { size, profile: Profile::Srgb, pixels: None, format: facts.format }
    }

    /// The frame, once it has come.
    pub(crate) fn decoded(self) -> Result<Decoded, Error> {
        let data = self.pixels.ok_or_else(|| Error::malformed(self.format, "it holds no frame"))?;
        let raster = Raster { width: self.size.0, height: self.size.1, layout: Layout::Rgba, data };
        Ok(Decoded { raster, profile: self.profile, scale: (1.0, 1.0) })
    }
}

impl Audience for FirstFrame {
    fn open(&mut self, opening: Opening) -> Result<(), Error> {
        self.profile = opening.profile;
        Ok(())
    }

    fn show(&mut self, frame: &Frame<'_>) -> Result<ControlFlow<()>, Error> {
        self.pixels = Some(frame.canvas.to_vec());
        Ok(ControlFlow::Break(()))
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
    audience: &mut dyn Audience,
) -> Result<(), Error> {
    match facts.format {
        Format::Gif => gif::animation(bytes, facts, audience),
        Format::Png => png::animation(bytes, facts, audience),
        Format::WebP => webp::animation(bytes, facts, audience),
        Format::Avif => avif::animation(bytes, facts, audience),
        Format::Jpeg | Format::Heic | Format::Bmp | Format::Tiff | Format::Ico => {
            Err(Error::malformed(facts.format, "it cannot be animated"))
        }
    }
}

/// Pixels of a decoded picture that are worth saving by a coarser scale.
const PLENTY_PIXELS: u64 = 8_000_000;
/// Scaling by the decoder and then by the resizer loses nothing visible at this margin.
const MARGIN: f64 = 1.5;
/// Plain boxes are coarser than scaling in the frequency domain.
const BOX_MARGIN: f64 = 2.0;

/// The power of two that a JPEG is divided by while decoding: 1, 2, 4 or 8.
fn dct_divisor(facts: &Facts, detail: f64) -> u32 {
    let fits = |divisor: u32, margin: f64| 1.0 / f64::from(divisor) >= detail * margin;
    let mut divisor = [8, 4, 2].into_iter().find(|divisor| fits(*divisor, MARGIN)).unwrap_or(1);
    while divisor < 8
        && facts.pixels() / u64::from(divisor * divisor) > PLENTY_PIXELS
        && fits(divisor * 2, 1.0)
    {
        divisor *= 2;
    }
    divisor
}

/// The side of the boxes that rows are averaged in while decoding.
fn box_factor(facts: &Facts, detail: f64) -> u32 {
    let coarsest = reduce::factor(detail, 1.0);
    let mut factor = reduce::factor(detail, BOX_MARGIN);
    while factor < coarsest
        && facts.pixels() / u64::from(factor) / u64::from(factor) > PLENTY_PIXELS
    {
        factor += 1;
    }
    factor
}

/// The size that [`still`] decodes to.
pub(crate) fn decoded_size(facts: &Facts, detail: f64) -> (u32, u32) {
    let factor = match facts.format {
        _ if facts.is_animated() => 1,
        Format::Gif => 1,
        Format::Jpeg => dct_divisor(facts, detail),
        _ => box_factor(facts, detail),
    };
    (reduced(facts.width, factor), reduced(facts.height, factor))
}

/// The scale of a picture whose sides were divided by a whole number.
fn divided(divisor: u32) -> (f64, f64) {
    (1.0 / f64::from(divisor), 1.0 / f64::from(divisor))
}
