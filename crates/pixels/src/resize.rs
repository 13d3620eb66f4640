//! Resizing: Lanczos3 on gamma-encoded samples, with alpha multiplied in.

use fast_image_resize::{
    Filter, FilterType, MulDiv, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};

use crate::{Error, Format, geometry::Plan, picture::Picture};

/// A picture to draw from, with the alpha multiplied in, and how it relates to the source.
pub(crate) struct Base {
    picture: Picture,
    /// Pixels of this picture per pixel of the source, across and down.
    scale: (f64, f64),
    /// The size of the source at that scale; the last column of a reduced picture may stand for
    /// less than a whole pixel.
    extent: (f64, f64),
}

/// A resized picture this much larger than the next one is as good a start as the source.
const CASCADE_MARGIN: f64 = 1.99;

impl Base {
    /// Takes a straight picture of the whole source, drawn at a scale of at most 1.
    pub(crate) fn new(
        mut picture: Picture,
        scale: (f64, f64),
        source: (u32, u32),
    ) -> Result<Self, Error> {
        if picture.has_alpha {
            let mut image = view(&mut picture)?;
            MulDiv::new().multiply_alpha_inplace(&mut image).map_err(internal)?;
        }
        let extent = (scale.0 * f64::from(source.0), scale.1 * f64::from(source.1));
        Ok(Self { picture, scale, extent })
    }

    fn is_enough_for(&self, plan: &Plan) -> bool {
        let (across, down) = plan.ratios();
        self.scale.0 >= across * CASCADE_MARGIN && self.scale.1 >= down * CASCADE_MARGIN
    }
}

/// Draws every plan, the largest first, small ones from large ones where that costs no quality.
///
/// The results are in the order of the plans, as stored in the file (not upright), straight alpha.
pub(crate) fn draw_all(base: Base, plans: &[Plan]) -> Result<Vec<Picture>, Error> {
    let mut order: Vec<usize> = (0..plans.len()).collect();
    order.sort_by(|a, b| plans[*b].detail().total_cmp(&plans[*a].detail()));
    let mut bases = vec![base];
    let mut drawn: Vec<Option<Picture>> = plans.iter().map(|_| None).collect();
    let mut resizer = Resizer::new();
    for index in order {
        let plan = &plans[index];
        // The first base is the source itself, so there always is one.
        let start = bases.iter().rposition(|base| base.is_enough_for(plan)).unwrap_or(0);
        let picture = draw(&mut resizer, &bases[start], plan)?;
        if plan.is_whole && plans.len() > 1 {
            let extent = (f64::from(picture.width), f64::from(picture.height));
            bases.push(Base { picture: picture.clone(), scale: plan.ratios(), extent });
        }
        drawn[index] = Some(straight(picture)?);
    }
    Ok(drawn.into_iter().flatten().collect())
}

/// The kernel with one sine where the textbook has two: sin 3y = sin y (3 - 4 sin² y).
fn lanczos3(x: f64) -> f64 {
    if x.abs() >= 3.0 {
        return 0.0;
    }
    let y = x * std::f64::consts::FRAC_PI_3;
    if y.abs() < 1e-8 {
        return 1.0;
    }
    let sine = y.sin();
    sine * sine * (3.0 - 4.0 * sine * sine) / (3.0 * y * y)
}

fn draw(resizer: &mut Resizer, base: &Base, plan: &Plan) -> Result<Picture, Error> {
    let source = &base.picture;
    if plan.is_whole && plan.scaled == (source.width, source.height) {
        return Ok(source.clone());
    }
    let (left, width) = span(base.extent.0, plan.crop.0 * base.scale.0, source.width);
    let (top, height) = span(base.extent.1, plan.crop.1 * base.scale.1, source.height);
    let filter = Filter::new("Lanczos3", lanczos3, 3.0).map_err(internal)?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Custom(filter)))
        .use_alpha(false)
        .crop(left, top, width, height);
    let pixel = pixel_type(source.has_alpha);
    let from = ImageRef::new(source.width, source.height, &source.data, pixel).map_err(internal)?;
    let mut to = Image::new(plan.scaled.0, plan.scaled.1, pixel);
    resizer.resize(&from, &mut to, &options).map_err(internal)?;
    Ok(Picture {
        width: plan.scaled.0,
        height: plan.scaled.1,
        has_alpha: source.has_alpha,
        data: to.into_vec(),
    })
}

/// Start and length of the centred part that is shown, inside the pixels that there are.
fn span(extent: f64, shown: f64, pixels: u32) -> (f64, f64) {
    let pixels = f64::from(pixels);
    let length = shown.clamp(1e-3, pixels);
    let start = ((extent - length) / 2.0).clamp(0.0, pixels - length);
    (start, length)
}

/// Divides the alpha out again.
fn straight(mut picture: Picture) -> Result<Picture, Error> {
    if picture.has_alpha {
        let mut image = view(&mut picture)?;
        MulDiv::new().divide_alpha_inplace(&mut image).map_err(internal)?;
    }
    Ok(picture)
}

fn view(picture: &mut Picture) -> Result<Image<'_>, Error> {
    let pixel = pixel_type(picture.has_alpha);
    Image::from_slice_u8(picture.width, picture.height, &mut picture.data, pixel).map_err(internal)
}

fn pixel_type(has_alpha: bool) -> PixelType {
    if has_alpha { PixelType::U8x4 } else { PixelType::U8x3 }
}

/// The resizer refuses only what the plans rule out.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands errors over by value")]
fn internal(error: impl ToString) -> Error {
    Error::encode(Format::Png, format!("resizing failed: {}", error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::lanczos3;

    #[test]
    fn the_kernel_is_the_one_of_the_textbook() {
        let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
        for step in -4000..=4000 {
            let x = f64::from(step) / 1000.0;
            let expected = if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 };
            assert!((lanczos3(x) - expected).abs() < 1e-12, "{x}");
        }
    }
}
