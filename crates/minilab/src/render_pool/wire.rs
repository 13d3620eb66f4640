//! What goes between parent and child.
//!
//! To the child, through a socket: a framed [`Order`](super::Order) in JSON and, beside its first
//! byte, the picture: a file, open for reading. From the child, through a pipe: a framed [`ChildAnswer`]
//! in JSON, then the bytes it speaks of, one file after the other. A frame is a little-endian `u32`
//! length and as many bytes.

use pixels::{Error, Format, Rendered};
use serde::{Deserialize, Serialize};

/// A frame's header may claim no more than this, whoever wrote it.
pub(super) const FRAME_BYTES_MAX: u32 = 16 * 1024 * 1024;

/// The error is the picture's.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChildAnswer<T> {
    pub outcome: Result<T, Error>,
    /// Whether it has CPU time left for another picture.
    pub more: bool,
}

/// The errors are one recipe's each.
pub(super) type Variants = Vec<Result<Made, Error>>;

/// The picture without its place, which follows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Stripped {
    pub bytes: u64,
    /// The hash of what was read.
    pub read: [u8; 32],
}

/// A variant without its bytes, which follow.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Made {
    pub format: Format,
    pub width: u32,
    pub height: u32,
    pub frames: u32,
    pub is_truncated: bool,
    pub bytes: u64,
}

impl From<&Rendered> for Made {
    fn from(rendered: &Rendered) -> Self {
        Self {
            format: rendered.format,
            width: rendered.width,
            height: rendered.height,
            frames: rendered.frames,
            is_truncated: rendered.is_truncated,
            bytes: rendered.bytes.len() as u64,
        }
    }
}

impl Made {
    pub(super) fn with_bytes(self, bytes: Vec<u8>) -> Rendered {
        let Self { format, width, height, frames, is_truncated, .. } = self;
        Rendered { bytes, format, width, height, frames, is_truncated }
    }
}
