//! `[pictures]`: what a picture may ask for.

use pixels::Limits;
use serde::{Deserialize, Serialize};

/// `[pictures]`. How many bytes an upload may have is its tier's affair.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct PicturesConfig {
    /// Pixels of the longer side.
    pub side: u32,
    /// Width times height.
    pub pixels: u64,
    /// Frames of an animation.
    pub frames: u32,
    /// Frames times width times height of an animation.
    pub drawn_pixels: u64,
    /// Bytes of memory for decoding.
    pub decode_bytes: u64,
}

impl Default for PicturesConfig {
    fn default() -> Self {
        let Limits { side, pixels, frames, drawn_pixels, decode_bytes, .. } = Limits::default();
        Self { side, pixels, frames, drawn_pixels, decode_bytes }
    }
}

impl PicturesConfig {
    /// The limits for a file of so many bytes, which somebody else has found to be allowed.
    pub fn limits(&self, bytes: u64) -> Limits {
        let Self { side, pixels, frames, drawn_pixels, decode_bytes } = *self;
        Limits { bytes, side, pixels, frames, drawn_pixels, decode_bytes }
    }

    pub fn problems(&self, child_mib: u64) -> Vec<String> {
        let mut problems = Vec::new();
        if self.decode_bytes > child_mib << 20 {
            problems.push("pictures.decode_bytes: is more than renderer.child_mib".to_owned());
        }
        if self.side == 0 || self.pixels == 0 || self.frames == 0 {
            problems.push("pictures: side, pixels and frames start at 1".to_owned());
        }
        problems
    }
}
