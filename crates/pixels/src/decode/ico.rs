//! ICO: the largest picture, a PNG or a bitmap with a mask.

use std::io::Cursor;

use super::{bitmap, bitmap::Mask, png};
use crate::{
    Error, Facts, Format,
    colour::Profile,
    frame::Decoded,
    probe::{Bitmap, best_entry},
    scale::{box_factor, divided},
    source::Source,
};

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    let entry = best_entry(&mut source)?;
    if entry.is_png {
        let inside = bytes.get(entry.start as usize..).unwrap_or_default();
        return png::still(inside, facts, detail).map_err(as_icon);
    }
    let mut bitmap = Bitmap::at(&mut source, entry.start).map_err(as_icon)?;
    bitmap.height /= 2;
    if bitmap.bits == 32 && bitmap.masks[3] == 0 {
        bitmap.masks[3] = 0xFF00_0000;
    }
    if bitmap.is_run_length() {
        return Err(Error::unsupported("an icon with run lengths"));
    }
    let mask_start = bitmap.data + bitmap.row_bytes() * u64::from(bitmap.height);
    let mask = Mask {
        rows: bytes.get(mask_start as usize..).unwrap_or_default(),
        row_bytes: bitmap.width.div_ceil(32) as usize * 4,
    };
    let factor = box_factor(facts, detail);
    let raster = bitmap::rows(bytes, &bitmap, factor, Some(&mask)).map_err(as_icon)?;
    Ok(Decoded { raster, profile: Profile::Srgb, scale: divided(factor) })
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::Ico, error)
}

/// The picture inside is broken, and so is the icon.
fn as_icon(error: Error) -> Error {
    match error {
        Error::Malformed { detail, .. } => broken(detail),
        other => other,
    }
}
