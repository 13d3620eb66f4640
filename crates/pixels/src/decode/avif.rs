//! AVIF, by libavif and dav1d.

use std::io::Cursor;

use crate::{
    Error, Facts, Format,
    colour::Profile,
    container::heif::own,
    ffi::avif::{Bounds, Decoder},
    frame::{AnimationHeader, Decoded, Delay, Frame, FrameSink},
    picture::{Layout, Raster},
    probe::{Crop, heif_shown},
    reduce::Reducer,
    scale::{box_factor, divided},
    source::Source,
};

/// Rows converted at a time, where the picture is reduced anyway and seams cannot be seen.
const BAND_ROWS: u32 = 128;

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let (coded, crop) = shown(bytes, facts)?;
    let mut decoder = open(bytes, coded, facts.frames)?;
    next(&mut decoder, coded)?;
    let factor = box_factor(facts, detail);
    let layout = if facts.has_alpha { Layout::Rgba } else { Layout::Rgb };
    let profile = profile(&decoder);
    let raster = if factor == 1 && crop.size == coded {
        let data = decoder.rows(0, coded.1, facts.has_alpha).map_err(broken)?;
        Raster { width: coded.0, height: coded.1, layout, data }
    } else {
        banded(&decoder, crop, layout, factor)?
    };
    Ok(Decoded { raster, profile, scale: divided(factor) })
}

/// The size of the picture as it is coded, and the part of it that is shown. A sequence of one
/// picture need not have a picture beside it.
fn shown(bytes: &[u8], facts: &Facts) -> Result<((u32, u32), Crop), Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    let size = (facts.width, facts.height);
    let whole = (size, Crop { left: 0, top: 0, size });
    let (coded, crop) = heif_shown(&mut source).unwrap_or(whole);
    Ok(if crop.size == size { (coded, crop) } else { whole })
}

/// Converts band by band, cuts and averages.
fn banded(decoder: &Decoder<'_>, crop: Crop, layout: Layout, factor: u32) -> Result<Raster, Error> {
    let (width, height) = crop.size;
    let (coded_width, _) = decoder.size();
    let (row_bytes, shown_bytes) =
        (coded_width as usize * layout.channels(), width as usize * layout.channels());
    let start = crop.left as usize * layout.channels();
    let mut reducer = Reducer::new(width, height, layout, factor);
    // Bands begin at even rows, for pictures with halved colour rows.
    let (first, end) = (crop.top & !1, crop.top + height);
    // Without averaging a seam would show.
    let band_rows = if factor > 1 { BAND_ROWS } else { end - first };
    for top in (first..end).step_by(band_rows as usize) {
        let rows = band_rows.min(end - top);
        let pixels = decoder.rows(top, rows, layout.has_alpha()).map_err(broken)?;
        let above = crop.top.saturating_sub(top) as usize;
        for row in pixels.chunks_exact(row_bytes).skip(above) {
            reducer.push(&row[start..start + shown_bytes]);
        }
    }
    Ok(reducer.finish())
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::Avif, error)
}

fn open(bytes: &[u8], size: (u32, u32), frames: u32) -> Result<Decoder<'_>, Error> {
    let pixels = u32::try_from(u64::from(size.0) * u64::from(size.1)).map_err(broken)?;
    let side = size.0.max(size.1);
    // A grid's last tiles reach over the edge.
    let bounds = Bounds {
        pixels: pixels.saturating_mul(2).max(1 << 20),
        side: side.saturating_mul(2).max(4096),
        frames,
    };
    Decoder::new(own(bytes), bounds).map_err(broken)
}

fn next(decoder: &mut Decoder<'_>, size: (u32, u32)) -> Result<(), Error> {
    decoder.next().map_err(broken)?;
    if decoder.size() != size {
        return Err(broken("the picture is of another size than the file says"));
    }
    Ok(())
}

fn profile(decoder: &Decoder<'_>) -> Profile {
    let colour = decoder.colour();
    if colour.icc.is_empty() {
        Profile::from_code_points(colour.primaries, colour.transfer)
    } else {
        Profile::Icc(colour.icc)
    }
}

pub(super) fn animation(
    bytes: &[u8],
    facts: &Facts,
    sink: &mut dyn FrameSink,
) -> Result<(), Error> {
    let size = (facts.width, facts.height);
    let mut decoder = open(bytes, size, facts.frames)?;
    for index in 0..decoder.frames() {
        match next(&mut decoder, size) {
            // A broken frame leaves what was before it.
            Err(_) if index > 0 => break,
            result => result?,
        }
        if index == 0 {
            sink.open(AnimationHeader { profile: profile(&decoder), plays: decoder.plays() })?;
        }
        let canvas = decoder.rows(0, facts.height, true).map_err(broken)?;
        let delay = Delay::milliseconds(decoder.milliseconds());
        if sink.frame(&Frame { canvas: &canvas, delay })?.is_break() {
            break;
        }
    }
    Ok(())
}
