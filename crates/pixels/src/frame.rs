//! What comes out of the decoders: a still, or the frames of an animation one after the other.

use std::ops::ControlFlow;

use crate::{
    Error, Facts, Format,
    colour::Profile,
    picture::{Layout, Raster},
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

/// Header of an animation: what is known before its first frame.
pub(crate) struct AnimationHeader {
    pub(crate) profile: Profile,
    /// How often it plays; `None` for ever.
    pub(crate) plays: Option<u32>,
}

/// Sink of an animation: gets its header once, then each frame, in order.
pub(crate) trait FrameSink {
    /// Called once, before the first frame.
    fn open(&mut self, header: AnimationHeader) -> Result<(), Error>;
    /// Called for each frame; says whether it wants the next one.
    fn frame(&mut self, frame: &Frame<'_>) -> Result<ControlFlow<()>, Error>;
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

impl FrameSink for FirstFrame {
    fn open(&mut self, header: AnimationHeader) -> Result<(), Error> {
        self.profile = header.profile;
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<ControlFlow<()>, Error> {
        self.pixels = Some(frame.canvas.to_vec());
        Ok(ControlFlow::Break(()))
    }
}
