//! The formats, and what each of them can do. Nothing outside this file compares formats.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A picture file format this crate can read. APNG is [`Format::Png`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JPEG, baseline to progressive.
    Jpeg,
    /// PNG and APNG.
    Png,
    /// GIF, still or animated.
    Gif,
    /// WebP: lossy, lossless or animated.
    WebP,
    /// AVIF, still or a sequence.
    Avif,
    /// HEIC, the first picture; decoded where the system has libheif.
    Heic,
    /// Windows and OS/2 bitmaps.
    Bmp,
    /// TIFF; the first page counts.
    Tiff,
    /// Windows icons; the largest picture counts.
    Ico,
}

impl Format {
    /// Every format, in the order of declaration.
    pub const ALL: [Self; 9] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::WebP,
        Self::Avif,
        Self::Heic,
        Self::Bmp,
        Self::Tiff,
        Self::Ico,
    ];

    /// The lower-case name used in JSON, recipes and URLs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Avif => "avif",
            Self::Heic => "heic",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Ico => "ico",
        }
    }

    /// The IANA media type, for `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Avif => "image/avif",
            Self::Heic => "image/heic",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Ico => "image/vnd.microsoft.icon",
        }
    }

    /// The usual file name extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Tiff => "tif",
            _ => self.name(),
        }
    }

    /// Whether files of the format are called so: `extension` without its dot, in any case.
    pub fn has_extension(self, extension: &str) -> bool {
        let known: &[&str] = match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Self::Png => &["png", "apng"],
            Self::Avif => &["avif", "avifs"],
            Self::Heic => &["heic", "heif", "hif"],
            Self::Bmp => &["bmp", "dib"],
            Self::Tiff => &["tif", "tiff"],
            Self::Gif | Self::WebP | Self::Ico => &[self.name()],
        };
        known.iter().any(|known| known.eq_ignore_ascii_case(extension))
    }

    /// Whether this crate writes the format with more than one frame.
    pub fn supports_animation(self) -> bool {
        matches!(self, Self::Gif | Self::WebP | Self::Png)
    }

    /// Whether a picture in this format can be transparent somewhere.
    pub fn supports_alpha(self) -> bool {
        !matches!(self, Self::Jpeg)
    }

    /// Whether this crate can write the format.
    pub fn can_encode(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Gif | Self::WebP | Self::Avif)
    }

    /// Whether `source` in a recipe keeps the format: what every browser shows and we can write.
    pub fn is_kept_as_source(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Gif | Self::WebP)
    }

    /// The largest side the format can store, in pixels.
    pub fn side_max(self) -> u32 {
        match self {
            Self::WebP => 16_383,
            Self::Jpeg | Self::Gif => 65_500,
            _ => 65_535,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(UnknownFormat)
    }
}

/// The text is not the name of a [`Format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a format name; expected one of jpeg, png, gif, webp, avif, heic, bmp, tiff, ico")]
pub struct UnknownFormat;
