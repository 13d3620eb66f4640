//! What can be wrong with a stranger's bytes, in words a person understands.

use serde::{Deserialize, Serialize};

use crate::Format;

/// Why a picture could not be probed, decoded or made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum Error {
    /// A picture, but of a kind (or with a feature) that is not supported.
    #[error("{what} is not supported here")]
    Unsupported {
        /// The kind or feature, such as `HEIC` or `12-bit JPEG`.
        what: String,
    },
    /// Not a picture at all.
    #[error("not an image: {looks_like}")]
    NotAnImage {
        /// What the bytes look like, such as `starts like a PDF`.
        looks_like: String,
    },
    /// A picture whose bytes are broken.
    #[error("broken {format}: {detail}")]
    Malformed {
        /// The format the bytes claim to be.
        format: Format,
        /// What is broken, lower case, no full stop.
        detail: String,
    },
    /// A picture that asks for more than [`crate::Limits`] allow.
    #[error("{over}")]
    OverLimit {
        /// Which limit, how much was asked for and how much is allowed.
        over: Over,
    },
    /// The variant could not be written.
    #[error("cannot make the {format}: {detail}")]
    Encode {
        /// The format that was to be written.
        format: Format,
        /// What went wrong, lower case, no full stop.
        detail: String,
    },
    /// Even the smallest version does not fit the recipe's byte budget.
    #[error("the smallest {format} that can be made has {best} bytes; the budget is {budget}")]
    OverByteBudget {
        /// The format that was to be written.
        format: Format,
        /// Bytes of the smallest version that was made.
        best: u64,
        /// Bytes the recipe allows.
        budget: u64,
    },
}

/// A limit that was exceeded: what the picture asks for, and the most that is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "limit", rename_all = "snake_case")]
pub enum Over {
    /// Size of the file in bytes.
    #[error("the file has {found} bytes; the limit is {most}")]
    Bytes {
        /// Bytes of the file.
        found: u64,
        /// Bytes allowed.
        most: u64,
    },
    /// Width or height.
    #[error("{width}x{height} has a side of more than {most} pixels")]
    Side {
        /// Pixels.
        width: u64,
        /// Pixels.
        height: u64,
        /// Pixels a side may have.
        most: u32,
    },
    /// Width times height.
    #[error("{width}x{height} is {} megapixels; the limit is {}", megapixels(*.width, *.height), .most.div_ceil(1_000_000))]
    Pixels {
        /// Pixels.
        width: u64,
        /// Pixels.
        height: u64,
        /// Pixels allowed.
        most: u64,
    },
    /// Frames of an animation.
    #[error("the animation has {found} frames; the limit is {most}")]
    Frames {
        /// Frames found; counting may have stopped at the first one too many.
        found: u64,
        /// Frames allowed.
        most: u32,
    },
    /// Frames times canvas.
    #[error("{frames} frames of {width}x{height} are {} megapixels to draw; the limit is {}", .frames * megapixels(*.width, *.height), .most.div_ceil(1_000_000))]
    DrawnPixels {
        /// Frames.
        frames: u64,
        /// Pixels of the canvas.
        width: u64,
        /// Pixels of the canvas.
        height: u64,
        /// Pixels allowed.
        most: u64,
    },
    /// Memory that decoding would take.
    #[error("decoding needs {} MiB of memory; the limit is {}", mebibytes(*.found), mebibytes(*.most))]
    DecodeBytes {
        /// Bytes needed at the peak.
        found: u64,
        /// Bytes allowed.
        most: u64,
    },
    /// Passes over a progressive picture: each costs as much time as a picture.
    #[error("the picture is drawn in {found} passes, too many for its size; the limit is {most}")]
    Scans {
        /// Passes found; counting may have stopped at the first one too many.
        found: u64,
        /// Passes allowed for a picture of this size.
        most: u64,
    },
}

fn megapixels(width: u64, height: u64) -> u64 {
    (u128::from(width) * u128::from(height)).div_ceil(1_000_000).try_into().unwrap_or(u64::MAX)
}

fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

impl Error {
    /// A stable `snake_case` word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "unsupported_format",
            Self::NotAnImage { .. } => "not_an_image",
            Self::Malformed { .. } => "malformed_image",
            Self::OverLimit { .. } => "over_limit",
            Self::OverByteBudget { .. } => "over_byte_budget",
            Self::Encode { .. } => "encode_failed",
        }
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    pub(crate) fn not_an_image(looks_like: impl Into<String>) -> Self {
        Self::NotAnImage { looks_like: looks_like.into() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "`map_err` hands errors over by value")]
    pub(crate) fn malformed(format: Format, detail: impl ToString) -> Self {
        Self::Malformed { format, detail: one_line(&detail.to_string()) }
    }

    #[expect(clippy::needless_pass_by_value, reason = "`map_err` hands errors over by value")]
    pub(crate) fn encode(format: Format, detail: impl ToString) -> Self {
        Self::Encode { format, detail: one_line(&detail.to_string()) }
    }
}

impl From<Over> for Error {
    fn from(over: Over) -> Self {
        Self::OverLimit { over }
    }
}

/// Some decoders end what they say with a new line.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_decoder_says_becomes_one_line() {
        let error = Error::malformed(Format::Tiff, "expected 1\nbut found 0\n");
        assert_eq!(error.to_string(), "broken tiff: expected 1 but found 0");
    }
}
