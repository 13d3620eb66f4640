//! From a recipe's box to numbers: what to cut out, how large it becomes, what surrounds it.

use crate::{Facts, Fit, Recipe};

/// How one variant is made. Sizes are as stored in the file except the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    /// The centred part of the source that is shown, in source pixels, as stored.
    pub(crate) crop: (f64, f64),
    /// The size it is drawn at, as stored.
    pub(crate) scaled: (u32, u32),
    /// The size of the result, upright; larger than the drawing when padded.
    pub(crate) canvas: (u32, u32),
    /// Whether the crop is the whole picture.
    pub(crate) is_whole: bool,
}

impl Plan {
    /// Plans a variant. Every side is at least 1.
    pub(crate) fn new(recipe: &Recipe, facts: &Facts) -> Self {
        let source = facts.upright();
        let (crop, scaled) = drawn(recipe, source);
        let canvas = if recipe.exact {
            (
                recipe.width.map_or(scaled.0, |width| width.max(scaled.0)),
                recipe.height.map_or(scaled.1, |height| height.max(scaled.1)),
            )
        } else {
            scaled
        };
        let is_whole = crop == (f64::from(source.0), f64::from(source.1));
        let turned = facts.orientation >= 5;
        Self {
            crop: if turned { (crop.1, crop.0) } else { crop },
            scaled: if turned { (scaled.1, scaled.0) } else { scaled },
            canvas,
            is_whole,
        }
    }

    /// Output pixels per source pixel, across and down.
    pub(crate) fn ratios(&self) -> (f64, f64) {
        (f64::from(self.scaled.0) / self.crop.0, f64::from(self.scaled.1) / self.crop.1)
    }

    /// The larger of the two ratios: what the decoder must deliver at least.
    pub(crate) fn detail(&self) -> f64 {
        let (across, down) = self.ratios();
        across.max(down)
    }

    /// Whether another plan needs the very same drawing.
    pub(crate) fn draws_like(&self, other: &Self) -> bool {
        (self.crop, self.scaled, self.is_whole) == (other.crop, other.scaled, other.is_whole)
    }

    /// Whether there are fewer pixels than in the part of the source that is shown.
    pub(crate) fn is_scaled_down(&self) -> bool {
        let (across, down) = self.ratios();
        across.min(down) < 1.0
    }
}

/// The part of the upright source that is shown, and the size it is drawn at.
fn drawn(recipe: &Recipe, source: (u32, u32)) -> ((f64, f64), (u32, u32)) {
    let whole = (f64::from(source.0), f64::from(source.1));
    let width = recipe.width.map(|width| f64::from(width.max(1)));
    let height = recipe.height.map(|height| f64::from(height.max(1)));
    match (recipe.fit, width, height) {
        (Fit::Cover, Some(width), Some(height)) => {
            let scale = no_enlarging(recipe, (width / whole.0).max(height / whole.1));
            let shown = ((width / scale).min(whole.0), (height / scale).min(whole.1));
            let size = (side(shown.0 * scale, width), side(shown.1 * scale, height));
            (shown, size)
        }
        (Fit::Stretch, Some(width), Some(height)) => {
            let across = no_enlarging(recipe, width / whole.0);
            let down = no_enlarging(recipe, height / whole.1);
            (whole, (side(whole.0 * across, width), side(whole.1 * down, height)))
        }
        _ => {
            let across = width.map_or(f64::INFINITY, |width| width / whole.0);
            let down = height.map_or(f64::INFINITY, |height| height / whole.1);
            let fits = across.min(down);
            let scale = no_enlarging(recipe, if fits.is_finite() { fits } else { 1.0 });
            let size = (
                side(whole.0 * scale, width.unwrap_or(f64::INFINITY)),
                side(whole.1 * scale, height.unwrap_or(f64::INFINITY)),
            );
            (whole, size)
        }
    }
}

fn no_enlarging(recipe: &Recipe, scale: f64) -> f64 {
    if recipe.enlarge { scale } else { scale.min(1.0) }
}

/// A whole number of pixels, at least 1 and never out of the box.
fn side(exact: f64, most: f64) -> u32 {
    exact.round().min(most).clamp(1.0, f64::from(u32::MAX)) as u32
}
