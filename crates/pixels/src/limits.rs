//! How much a stranger's picture may ask for. Handed over by the caller, never global.

use serde::{Deserialize, Serialize};

use crate::{Error, Facts, error::Over};

/// The most that a picture may ask for. Every field is inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Pixels of the longer side.
    pub side: u32,
    /// Width times height, in pixels.
    pub pixels: u64,
    /// Frames of an animation.
    pub frames: u32,
    /// Frames times canvas, in pixels.
    pub drawn_pixels: u64,
    /// Bytes of memory at the peak of decoding.
    pub decode_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            side: 65_535,
            pixels: 100_000_000,
            frames: 1_000,
            drawn_pixels: 500_000_000,
            decode_bytes: 384 << 20,
        }
    }
}

impl Limits {
    /// Says whether a picture with these facts may be decoded.
    pub fn allow(&self, facts: &Facts) -> Result<(), Error> {
        self.allow_size(u64::from(facts.width), u64::from(facts.height))?;
        self.allow_frames(facts)?;
        if facts.decode_bytes > self.decode_bytes {
            return Err(
                Over::DecodeBytes { found: facts.decode_bytes, most: self.decode_bytes }.into()
            );
        }
        Ok(())
    }

    /// Says whether a file of this many bytes may be looked at.
    pub(crate) fn allow_bytes(&self, found: u64) -> Result<(), Error> {
        if found > self.bytes {
            return Err(Over::Bytes { found, most: self.bytes }.into());
        }
        Ok(())
    }

    /// Pixels come before the side: "900 megapixels" tells a person more than "a long side".
    pub(crate) fn allow_size(&self, width: u64, height: u64) -> Result<(), Error> {
        if width.saturating_mul(height) > self.pixels {
            return Err(Over::Pixels { width, height, most: self.pixels }.into());
        }
        if width.max(height) > u64::from(self.side) {
            return Err(Over::Side { width, height, most: self.side }.into());
        }
        Ok(())
    }

    fn allow_frames(&self, facts: &Facts) -> Result<(), Error> {
        let (frames, width, height) =
            (u64::from(facts.frames), u64::from(facts.width), u64::from(facts.height));
        if frames > 1 && frames.saturating_mul(width * height) > self.drawn_pixels {
            return Err(Over::DrawnPixels { frames, width, height, most: self.drawn_pixels }.into());
        }
        if frames > u64::from(self.frames) {
            return Err(Over::Frames { found: frames, most: self.frames }.into());
        }
        Ok(())
    }
}
