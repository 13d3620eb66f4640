//! How much smaller a picture is decoded than it is.

use crate::{
    Facts, Format,
    reduce::{self, reduced},
};

/// Pixels of a decoded picture that are worth saving by a coarser scale.
const PLENTY_PIXELS: u64 = 8_000_000;
/// Scaling by the decoder and then by the resizer loses nothing visible at this margin.
const MARGIN: f64 = 1.5;
/// Plain boxes are coarser than scaling in the frequency domain.
const BOX_MARGIN: f64 = 2.0;

/// The power of two that a JPEG is divided by while decoding: 1, 2, 4 or 8.
pub(crate) fn dct_divisor(facts: &Facts, detail: f64) -> u32 {
    let fits = |divisor: u32, margin: f64| 1.0 / f64::from(divisor) >= detail * margin;
    let mut divisor = [8, 4, 2].into_iter().find(|divisor| fits(*divisor, MARGIN)).unwrap_or(1);
    while divisor < 8
        && facts.pixels() / u64::from(divisor * divisor) > PLENTY_PIXELS
        && fits(divisor * 2, 1.0)
    {
        divisor *= 2;
    }
    divisor
}

/// The side of the boxes that rows are averaged in while decoding.
pub(crate) fn box_factor(facts: &Facts, detail: f64) -> u32 {
    let coarsest = reduce::factor(detail, 1.0);
    let mut factor = reduce::factor(detail, BOX_MARGIN);
    while factor < coarsest
        && facts.pixels() / u64::from(factor) / u64::from(factor) > PLENTY_PIXELS
    {
        factor += 1;
    }
    factor
}

/// The size that a still is decoded to.
pub(crate) fn decoded_size(facts: &Facts, detail: f64) -> (u32, u32) {
    let factor = match facts.format {
        _ if facts.is_animated() => 1,
        Format::Gif => 1,
        Format::Jpeg => dct_divisor(facts, detail),
        _ => box_factor(facts, detail),
    };
    (reduced(facts.width, factor), reduced(facts.height, factor))
}

/// The scale of a picture whose sides were divided by a whole number.
pub(crate) fn divided(divisor: u32) -> (f64, f64) {
    (1.0 / f64::from(divisor), 1.0 / f64::from(divisor))
}
