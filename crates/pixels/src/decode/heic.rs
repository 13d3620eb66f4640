//! HEIC, by the system's libheif.

use super::{Decoded, box_factor, divided};
use crate::{
    Error, Facts, Format,
    colour::Profile,
    ffi::heif::{Library, Picture, Pixels},
    picture::{Layout, Raster},
    reduce::Reducer,
};

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    // A grid's last tiles reach over the edge.
    let side_max = facts.width.max(facts.height).saturating_mul(2).max(4096);
    let picture = Library::get()?.open(bytes, side_max).map_err(broken)?;
    let pixels = picture.decode(facts.has_alpha).map_err(broken)?;
    if pixels.size() != Some((facts.width, facts.height)) {
        return Err(broken("the picture is of another size than the file says"));
    }
    let factor = box_factor(facts, detail);
    let layout = if facts.has_alpha { Layout::Rgba } else { Layout::Rgb };
    let raster = raster(&pixels, facts, layout, factor).ok_or_else(|| broken("it has no rows"))?;
    Ok(Decoded { raster, profile: profile(&picture), scale: divided(factor) })
}

fn raster(pixels: &Pixels, facts: &Facts, layout: Layout, factor: u32) -> Option<Raster> {
    let (width, height) = (facts.width, facts.height);
    if factor > 1 {
        let mut reducer = Reducer::new(width, height, layout, factor);
        pixels.rows()?.for_each(|row| reducer.push(row));
        return Some(reducer.finish());
    }
    let mut data = Vec::with_capacity(width as usize * height as usize * layout.channels());
    pixels.rows()?.for_each(|row| data.extend_from_slice(row));
    Some(Raster { width, height, layout, data })
}

fn profile(picture: &Picture<'_>) -> Profile {
    let icc = picture.icc();
    match picture.code_points() {
        _ if !icc.is_empty() => Profile::Icc(icc),
        Some((primaries, transfer)) => Profile::from_code_points(primaries, transfer),
        None => Profile::Srgb,
    }
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::Heic, error)
}
