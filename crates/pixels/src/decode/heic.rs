//! HEIC, by the system's libheif.

use std::{borrow::Cow, io::Cursor};

use crate::{
    Error, Facts, Format,
    colour::Profile,
    container::heif::{hidden, own},
    ffi::heif::{Library, Picture, Pixels},
    frame::Decoded,
    picture::{Layout, Raster},
    probe::{Crop, heif_shown},
    reduce::Reducer,
    scale::{box_factor, divided},
    source::Source,
};

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    let (coded, crop) =
        heif_shown(&mut source).ok_or_else(|| broken("it names no primary picture"))?;
    // A grid's last tiles reach over the edge.
    let side_max = coded.0.max(coded.1).saturating_mul(2).max(4096);
    let bytes = bearable(own(bytes), &hidden(&mut source));
    let picture = Library::get()?.open(&bytes, side_max).map_err(broken)?;
    let pixels = picture.decode(facts.has_alpha).map_err(broken)?;
    if pixels.size() != Some(coded) || crop.size != (facts.width, facts.height) {
        return Err(broken("the picture is of another size than the file says"));
    }
    let factor = box_factor(facts, detail);
    let layout = if facts.has_alpha { Layout::Rgba } else { Layout::Rgb };
    let raster = raster(&pixels, crop, layout, factor).ok_or_else(|| broken("it has no rows"))?;
    Ok(Decoded { raster, profile: profile(&picture), scale: divided(factor) })
}

/// The file with the names of boxes hidden that the library need not see, and may not bear.
fn bearable<'a>(bytes: &'a [u8], hidden: &[u64]) -> Cow<'a, [u8]> {
    let mut bytes = Cow::Borrowed(bytes);
    for position in hidden {
        let name = *position as usize..*position as usize + 4;
        if bytes.get(name.clone()).is_some() {
            bytes.to_mut()[name].copy_from_slice(b"skip");
        }
    }
    bytes
}

fn raster(pixels: &Pixels, crop: Crop, layout: Layout, factor: u32) -> Option<Raster> {
    let (width, height) = crop.size;
    let row_bytes = width as usize * layout.channels();
    let start = crop.left as usize * layout.channels();
    let rows = pixels.rows()?.skip(crop.top as usize).take(height as usize);
    let rows = rows.map(|row| &row[start..start + row_bytes]);
    if factor > 1 {
        let mut reducer = Reducer::new(width, height, layout, factor);
        rows.for_each(|row| reducer.push(row));
        return Some(reducer.finish());
    }
    let mut data = Vec::with_capacity(row_bytes * height as usize);
    rows.for_each(|row| data.extend_from_slice(row));
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
