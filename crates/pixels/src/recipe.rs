//! What to make of a picture.

use serde::{Deserialize, Serialize};

use crate::{Facts, Format};

/// A recipe for one variant. Metadata is always left out, colours are always sRGB.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// How the picture meets the box.
    pub fit: Fit,
    /// Width of the box in pixels; unset leaves the width free.
    pub width: Option<u32>,
    /// Height of the box in pixels; unset leaves the height free.
    pub height: Option<u32>,
    /// Pad the result to the full box.
    #[serde(default)]
    pub exact: bool,
    /// Allow results larger than the source.
    #[serde(default)]
    pub enlarge: bool,
    /// The format to write.
    pub format: OutputFormat,
    /// 1 (small) to 100 (good), for lossy formats.
    pub quality: u8,
    /// Whether animations stay animated.
    #[serde(default)]
    pub animation: Animation,
    /// Red, green and blue under transparent pixels where the format has no alpha.
    #[serde(default = "white")]
    pub background: [u8; 3],
    /// The most bytes the result may have.
    #[serde(default)]
    pub byte_budget: Option<u64>,
}

fn white() -> [u8; 3] {
    [255; 3]
}

impl Default for Recipe {
    /// The picture as it is, in its own format, at quality 80.
    fn default() -> Self {
        Self {
            fit: Fit::Inside,
            width: None,
            height: None,
            exact: false,
            enlarge: false,
            format: OutputFormat::Source,
            quality: 80,
            animation: Animation::Keep,
            background: white(),
            byte_budget: None,
        }
    }
}

/// How a picture meets the box of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// The whole picture, as large as fits.
    Inside,
    /// The box filled, the overhang cut off evenly.
    Cover,
    /// The whole picture, as large as fits; with `exact`, centred in the box.
    Contain,
    /// The box filled, proportions ignored.
    Stretch,
}

/// The format a recipe writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    /// JPEG, PNG, GIF and WebP stay; others become JPEG, or PNG when they have alpha.
    Source,
    /// Always JPEG.
    Jpeg,
    /// Always PNG (APNG for animations).
    Png,
    /// Always GIF.
    Gif,
    /// Always WebP.
    WebP,
    /// Always AVIF, a still.
    Avif,
}

/// What becomes of an animation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Animation {
    /// Stays animated where the output format can be.
    #[default]
    Keep,
    /// Only the first frame.
    First,
}

impl Recipe {
    /// The format this recipe gives for a picture with these facts.
    pub fn output_format(&self, facts: &Facts) -> Format {
        match self.format {
            OutputFormat::Source if facts.format.is_kept_as_source() => facts.format,
            OutputFormat::Source if facts.has_alpha => Format::Png,
            OutputFormat::Source | OutputFormat::Jpeg => Format::Jpeg,
            OutputFormat::Png => Format::Png,
            OutputFormat::Gif => Format::Gif,
            OutputFormat::WebP => Format::WebP,
            OutputFormat::Avif => Format::Avif,
        }
    }

    /// Whether the result moves.
    pub(crate) fn is_animated(&self, facts: &Facts) -> bool {
        self.animation == Animation::Keep
            && facts.is_animated()
            && self.output_format(facts).supports_animation()
    }
}
