//! What comes out of rendering.

use crate::Format;

/// A finished variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: Format,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// 1 for stills.
    pub frames: u32,
    /// Whether a part of the source is missing, a tenth at most: the bottom is made up.
    pub is_truncated: bool,
}
