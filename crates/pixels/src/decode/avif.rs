//! AVIF, by libavif and dav1d.

use super::{Audience, Decoded, Delay, Frame, Opening, box_factor, divided};
use crate::{
    Error, Facts, Format,
    colour::Profile,
    ffi::avif::{Bounds, Decoder},
    picture::{Layout, Raster},
    reduce::Reducer,
};

/// Rows converted at a time, where the picture is reduced anyway and seams cannot be seen.
const BAND_ROWS: u32 = 128;

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let mut decoder = open(bytes, facts)?;
    next(&mut decoder, facts)?;
    let factor = box_factor(facts, detail);
    let layout = if facts.has_alpha { Layout::Rgba } else { Layout::Rgb };
    let profile = profile(&decoder);
    let raster = if factor == 1 {
        let data = decoder.rows(0, facts.height, facts.has_alpha).map_err(broken)?;
        Raster { width: facts.width, height: facts.height, layout, data }
    } else {
        reduced(&decoder, facts, layout, factor)?
    };
    Ok(Decoded { raster, profile, scale: divided(factor) })
}

/// Converts and averages band by band.
fn reduced(
    decoder: &Decoder<'_>,
    facts: &Facts,
    layout: Layout,
    factor: u32,
) -> Result<Raster, Error> {
    let mut reducer = Reducer::new(facts.width, facts.height, layout, factor);
    for top in (0..facts.height).step_by(BAND_ROWS as usize) {
        let rows = BAND_ROWS.min(facts.height - top);
        let pixels = decoder.rows(top, rows, facts.has_alpha).map_err(broken)?;
        for row in pixels.chunks_exact(facts.width as usize * layout.channels()) {
            reducer.push(row);
        }
    }
    Ok(reducer.finish())
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::Avif, error)
}

fn open<'a>(bytes: &'a [u8], facts: &Facts) -> Result<Decoder<'a>, Error> {
    let pixels = u32::try_from(facts.pixels()).map_err(broken)?;
    let side = facts.width.max(facts.height);
    // A grid's last tiles reach over the edge.
    let bounds = Bounds {
        pixels: pixels.saturating_mul(2).max(1 << 20),
        side: side.saturating_mul(2).max(4096),
        frames: facts.frames,
    };
    Decoder::new(bytes, bounds).map_err(broken)
}

fn next(decoder: &mut Decoder<'_>, facts: &Facts) -> Result<(), Error> {
    decoder.next().map_err(broken)?;
    if decoder.size() != (facts.width, facts.height) {
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
    audience: &mut dyn Audience,
) -> Result<(), Error> {
    let mut decoder = open(bytes, facts)?;
    for index in 0..decoder.frames() {
        next(&mut decoder, facts)?;
        if index == 0 {
            audience.open(Opening { profile: profile(&decoder), plays: decoder.plays() })?;
        }
        let canvas = decoder.rows(0, facts.height, true).map_err(broken)?;
        let delay = Delay::milliseconds(decoder.milliseconds());
        if audience.show(&Frame { canvas: &canvas, delay })?.is_break() {
            break;
        }
    }
    Ok(())
}
