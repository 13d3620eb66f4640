//! Resizing: Lanczos3 on gamma-encoded samples, with alpha multiplied in.

use std::{f64::consts::PI, sync::LazyLock};

use fast_image_resize::{
    Filter, FilterType, MulDiv, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};

use crate::{
    Error, Format,
    geometry::Plan,
    picture::{Layout, Raster},
};

/// A raster to draw from, with the alpha multiplied in, and how it relates to the source.
pub(crate) struct Base {
    raster: Raster,
    at: Scale,
}

/// How a raster relates to the source.
#[derive(Clone, Copy)]
struct Scale {
    /// Pixels of the raster per pixel of the source, across and down.
    scale: (f64, f64),
    /// The size of the source at that scale; the last column of a reduced picture may stand for
    /// less than a whole pixel.
    extent: (f64, f64),
}

/// A drawing this much larger than the next one is as good a start as the source.
const CASCADE_MARGIN: f64 = 1.99;

impl Base {
    /// Takes a straight raster of the whole source, drawn at a scale of at most 1.
    pub(crate) fn new(
        mut raster: Raster,
        scale: (f64, f64),
        source: (u32, u32),
    ) -> Result<Self, Error> {
        if raster.layout.has_alpha() {
            MulDiv::new().multiply_alpha_inplace(&mut view(&mut raster)?).map_err(internal)?;
        }
        let extent = (scale.0 * f64::from(source.0), scale.1 * f64::from(source.1));
        Ok(Self { raster, at: Scale { scale, extent } })
    }
}

impl Scale {
    /// Of the drawing of a whole picture.
    fn of(plan: &Plan) -> Self {
        let extent = (f64::from(plan.scaled.0), f64::from(plan.scaled.1));
        Self { scale: plan.ratios(), extent }
    }

    fn is_enough_for(&self, plan: &Plan) -> bool {
        let (across, down) = plan.ratios();
        self.scale.0 >= across * CASCADE_MARGIN && self.scale.1 >= down * CASCADE_MARGIN
    }
}

/// Draws every plan: from the smallest rung of a ladder that costs no quality, else from the base.
/// Where a drawing starts depends on nothing but the plan, the rungs and the base.
///
/// The results are in the order of the plans, as stored in the file (not upright), straight alpha.
pub(crate) fn draw_all(base: &Base, plans: &[Plan], rungs: &[Plan]) -> Result<Vec<Raster>, Error> {
    let mut sheet = Sheet { base, rungs, drawings: Vec::new(), resizer: Resizer::new() };
    let indices: Vec<usize> =
        plans.iter().map(|plan| sheet.draw(plan)).collect::<Result<_, _>>()?;
    let mut drawings: Vec<Option<Raster>> =
        sheet.drawings.into_iter().map(|(_, raster)| Some(raster)).collect();
    let hand_out = |(position, index): (usize, &usize)| {
        // Formats differ more often than sizes: the last one gets the drawing itself.
        let is_last = !indices[position + 1..].contains(index);
        let drawing = &mut drawings[*index];
        if is_last { drawing.take() } else { drawing.clone() }
    };
    indices.iter().enumerate().filter_map(hand_out).map(straight).collect()
}

/// What was drawn of one base.
struct Sheet<'a> {
    base: &'a Base,
    rungs: &'a [Plan],
    drawings: Vec<(Plan, Raster)>,
    resizer: Resizer,
}

impl Sheet<'_> {
    /// Draws a plan, unless that is done; says where the drawing is.
    fn draw(&mut self, plan: &Plan) -> Result<usize, Error> {
        if let Some(done) = self.drawings.iter().position(|(other, _)| other.draws_like(plan)) {
            return Ok(done);
        }
        let rung = self.rungs.iter().rfind(|rung| Scale::of(rung).is_enough_for(plan));
        let drawing = match rung.copied() {
            Some(rung) => {
                let start = self.draw(&rung)?;
                draw(&mut self.resizer, &self.drawings[start].1, Scale::of(&rung), plan)?
            }
            None => draw(&mut self.resizer, &self.base.raster, self.base.at, plan)?,
        };
        self.drawings.push((*plan, drawing));
        Ok(self.drawings.len() - 1)
    }
}

/// Values of the kernel between two whole numbers.
const KERNEL_STEPS: usize = 1_024;

/// Lanczos3 for 0 to 3, and one value more. Each row and column of each drawing asks for dozens of
/// values, and sines take longer than the drawing of small pictures.
static KERNEL: LazyLock<Vec<f64>> = LazyLock::new(|| {
    (0..=3 * KERNEL_STEPS + 1).map(|step| lanczos3(step as f64 / KERNEL_STEPS as f64)).collect()
});

/// The kernel, by a straight line between two known values: closer than the resizer's 16-bit
/// weights can tell.
fn kernel(x: f64) -> f64 {
    let at = x.abs() * KERNEL_STEPS as f64;
    let step = at as usize;
    match KERNEL.get(step..step + 2) {
        Some(&[before, after]) => before + (after - before) * (at - step as f64),
        _ => 0.0,
    }
}

fn lanczos3(x: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    if x < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
}

fn draw(
    resizer: &mut Resizer,
    source: &Raster,
    Scale { scale, extent }: Scale,
    plan: &Plan,
) -> Result<Raster, Error> {
    if plan.is_whole && plan.scaled == (source.width, source.height) {
        return Ok(source.clone());
    }
    let (left, width) = span(extent.0, plan.crop.0 * scale.0, source.width);
    let (top, height) = span(extent.1, plan.crop.1 * scale.1, source.height);
    let filter = Filter::new("Lanczos3", kernel, 3.0).map_err(internal)?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Custom(filter)))
        .use_alpha(false)
        .crop(left, top, width, height);
    let pixel = pixel_type(source.layout);
    let from = ImageRef::new(source.width, source.height, &source.data, pixel).map_err(internal)?;
    let mut to = Image::new(plan.scaled.0, plan.scaled.1, pixel);
    resizer.resize(&from, &mut to, &options).map_err(internal)?;
    let (width, height) = plan.scaled;
    Ok(Raster { width, height, layout: source.layout, data: to.into_vec() })
}

/// Start and length of the centred part that is shown, inside the pixels that there are.
fn span(extent: f64, shown: f64, pixels: u32) -> (f64, f64) {
    let pixels = f64::from(pixels);
    let length = shown.clamp(1e-3, pixels);
    let start = ((extent - length) / 2.0).clamp(0.0, pixels - length);
    (start, length)
}

/// Divides the alpha out again.
fn straight(mut raster: Raster) -> Result<Raster, Error> {
    if raster.layout.has_alpha() {
        MulDiv::new().divide_alpha_inplace(&mut view(&mut raster)?).map_err(internal)?;
    }
    Ok(raster)
}

fn view(raster: &mut Raster) -> Result<Image<'_>, Error> {
    let pixel = pixel_type(raster.layout);
    Image::from_slice_u8(raster.width, raster.height, &mut raster.data, pixel).map_err(internal)
}

/// Whatever the samples are, only their number matters here.
fn pixel_type(layout: Layout) -> PixelType {
    match layout.channels() {
        1 => PixelType::U8,
        3 => PixelType::U8x3,
        2 => PixelType::U8x2,
        _ => PixelType::U8x4,
    }
}

/// The resizer refuses only what the plans rule out.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands errors over by value")]
fn internal(error: impl ToString) -> Error {
    Error::encode(Format::Png, format!("resizing failed: {}", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{kernel, lanczos3};

    #[test]
    fn the_kernel_is_the_one_of_the_textbook() {
        // A 16-bit weight is a multiple of 2^-15.
        for step in -40_000..=40_000 {
            let x = f64::from(step) / 9_973.0;
            assert!((kernel(x) - lanczos3(x.abs())).abs() < 1e-6, "{x}");
        }
    }
}
