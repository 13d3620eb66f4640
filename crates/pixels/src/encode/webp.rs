//! WebP, by libwebp.

use std::io::Cursor;

use super::{EncoderSettings, Fidelity, Outline, Written};
use crate::{
    Error, Format,
    container::webp::Chunks,
    ffi::webp::{self, AnimationEncoder, Settings},
    frame::Delay,
    picture::Picture,
    source::Source,
};

/// Effort: 4 costs half as much again for 3 % fewer bytes.
const METHOD: i32 = 2;

fn codec_settings(quality: u8) -> Settings {
    Settings { quality: f32::from(quality), method: METHOD, lossless: false }
}

pub(super) fn still(picture: &Picture, settings: EncoderSettings) -> Result<Vec<u8>, Error> {
    let size = (picture.width, picture.height);
    let lossless = settings.fidelity == Fidelity::Lossless;
    let settings = Settings { lossless, ..codec_settings(settings.quality) };
    webp::encode(&picture.data, size, picture.has_alpha, settings)
        .ok_or_else(|| Error::encode(Format::WebP, "libwebp refused the picture"))
}

/// Writes an animation. libwebp merges frames that are equal and keeps the time.
pub(crate) struct Writer {
    encoder: AnimationEncoder,
    microseconds: u64,
    frames: u32,
}

impl Writer {
    pub(super) fn new(outline: Outline, quality: u8) -> Result<Self, Error> {
        let plays = outline.plays.map_or(0, |plays| plays.min(65_535));
        let encoder = AnimationEncoder::new(outline.size, plays, codec_settings(quality))
            .ok_or_else(|| refused("libwebp refused the size"))?;
        Ok(Self { encoder, microseconds: 0, frames: 0 })
    }

    pub(super) fn push(&mut self, rgba: &[u8], delay: Delay) -> Result<(), Error> {
        let begins = self.milliseconds()?;
        self.encoder.add(rgba, begins).map_err(refused)?;
        self.microseconds += delay.microseconds();
        self.frames += 1;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Written, Error> {
        let ends = self.milliseconds()?;
        let bytes = self.encoder.finish(ends).map_err(refused)?;
        let frames = frames(&bytes);
        Ok((bytes, frames))
    }

    fn milliseconds(&self) -> Result<u32, Error> {
        let milliseconds = (self.microseconds + 500) / 1_000;
        u32::try_from(milliseconds).map_err(|_| refused("the animation is too long"))
    }
}

fn refused(error: impl ToString) -> Error {
    Error::encode(Format::WebP, error)
}

/// Counts the frames of a file of ours.
fn frames(bytes: &[u8]) -> u32 {
    let count = || {
        let mut source = Source::new(Cursor::new(bytes)).ok()?;
        let mut chunks = Chunks::of_file(&mut source)?;
        let mut frames = 0;
        while let Some(chunk) = chunks.next(&mut source) {
            frames += u32::from(&chunk.name == b"ANMF");
        }
        Some(frames)
    };
    count().unwrap_or(0).max(1)
}
