//! How much memory rendering takes, known before the first pixel is decoded.

use crate::{Facts, Fit, Format, Recipe, geometry::Plan, ladder, scale};

/// The side of the outputs that [`Facts::decode_bytes`] provides for.
const NOMINAL_SIDE: u32 = 1_024;
/// Bytes of resized frames that an animation encoder may hold.
pub(crate) const HELD_FRAMES_BYTES: u64 = 48 << 20;
/// Pixels up to which a WebP may be written without loss, and what libwebp takes for that.
pub(crate) const LOSSLESS_PIXELS_MAX: u64 = 256 * 256;
const LOSSLESS_BYTES: u64 = 8 << 20;

impl Facts {
    /// Bytes of memory at the peak of rendering these recipes, an upper estimate. The file's own
    /// bytes are not counted.
    pub fn render_bytes(&self, recipes: &[Recipe]) -> u64 {
        let fixed = self.decode_bytes.saturating_sub(nominal_bytes(self));
        fixed.saturating_add(pipeline_bytes(self, recipes))
    }
}

/// Bytes of decoded, resized and encoded pixels for outputs of the nominal size.
pub(crate) fn nominal_bytes(facts: &Facts) -> u64 {
    let recipe = Recipe {
        fit: Fit::Inside,
        width: Some(NOMINAL_SIDE),
        height: Some(NOMINAL_SIDE),
        ..Recipe::default()
    };
    pipeline_bytes(facts, &[recipe])
}

fn pipeline_bytes(facts: &Facts, recipes: &[Recipe]) -> u64 {
    let plans: Vec<Plan> = recipes.iter().map(|recipe| Plan::new(recipe, facts)).collect();
    let detail = plans.iter().map(|plan| ladder::detail(plan, facts)).fold(0.0, f64::max);
    let channels = if facts.has_alpha || facts.is_animated() { 4 } else { 3 };
    let (width, height) = scale::decoded_size(facts, detail);
    let decoded = area((width, height)) * channels;
    // Rungs may be drawn for the sake of smaller outputs only.
    let rungs = ladder::rungs(facts);
    let mut kept: u64 = rungs.iter().map(|rung| area(rung.scaled) * channels).sum();
    // The resizer's half-way picture is as wide as the output and as high as the source.
    let half_way = |plan: &Plan| u64::from(plan.scaled.0) * u64::from(height) * channels;
    let mut work = rungs.iter().map(half_way).max().unwrap_or(0);
    // Outputs wait for their turn to be encoded, and serve as starts for smaller ones.
    let copies = if recipes.len() > 1 { 2 } else { 1 };
    for (plan, recipe) in plans.iter().zip(recipes) {
        let output = area(plan.canvas) * channels;
        kept += output * copies;
        // An output is turned and padded into a new place.
        work = work.max(half_way(plan) + output * 2 + encode_bytes(recipe, facts, plan));
    }
    decoded.saturating_add(kept).saturating_add(work)
}

fn encode_bytes(recipe: &Recipe, facts: &Facts, plan: &Plan) -> u64 {
    let pixels = area(plan.canvas);
    let animated = recipe.is_animated(facts);
    let format = recipe.output_format(facts);
    let is_small = facts.pixels() <= LOSSLESS_PIXELS_MAX;
    let extra = if format == Format::WebP && is_small { LOSSLESS_BYTES } else { 0 };
    let per_pixel = match format {
        Format::Avif => 64,
        Format::WebP if animated => 24,
        Format::WebP => 12,
        Format::Gif | Format::Png => 8,
        _ => 2,
    };
    let held =
        if animated { 2 * HELD_FRAMES_BYTES.min(pixels * 4 * u64::from(facts.frames)) } else { 0 };
    pixels * per_pixel + held + extra + (1 << 20)
}

fn area(size: (u32, u32)) -> u64 {
    u64::from(size.0) * u64::from(size.1)
}
