//! What the header of a picture says.

use serde::{Deserialize, Serialize};

use crate::Format;

/// What [`crate::probe`] found out without decoding a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Decided by content alone.
    pub format: Format,
    /// Pixels that are shown, before the orientation is applied: what a clean aperture leaves.
    pub width: u32,
    /// Pixels that are shown, before the orientation is applied: what a clean aperture leaves.
    pub height: u32,
    /// GIF image blocks with pixels, frames of a sound APNG, WebP animation frames, AVIF samples;
    /// 1 for stills.
    pub frames: u32,
    /// Exif orientation 1 to 8; 1 when absent or invalid.
    pub orientation: u8,
    /// Whether some pixel may be transparent.
    pub has_alpha: bool,
    /// Whether a part of the picture is known to be missing. Only decoding tells for sure: see
    /// [`Rendered::is_truncated`](crate::Rendered::is_truncated).
    #[serde(default)]
    pub is_truncated: bool,
    /// Bytes of memory at the peak of rendering one output of at most 1024x1024, an upper
    /// estimate; [`Facts::render_bytes`] knows it for given recipes. The file's own bytes are not
    /// counted.
    pub decode_bytes: u64,
}

impl Facts {
    /// Width and height as a viewer shows them.
    pub fn upright(&self) -> (u32, u32) {
        if self.orientation >= 5 { (self.height, self.width) } else { (self.width, self.height) }
    }

    /// Whether there is more than one frame.
    pub fn is_animated(&self) -> bool {
        self.frames > 1
    }

    /// Width times height of one frame.
    pub(crate) fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}
