//! AVIF, by libavif and dav1d.

use super::{Audience, Decoded, Delay, Frame, Opening, box_factor, divided};
use crate::{
    Error, Facts, Format,
    colour::Profile,
    ffi::avif::{Bounds, Decoder},
    picture::Layout,
    reduce::Reducer,
};

/// Rows converted at a time, where the picture is reduced anyway and seams cannot be seen.
const BAND_ROWS: u32 = 128;

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let mut decoder = open(bytes, facts)?;
    next(&mut decoder, facts)?;
    let factor = box_factor(facts, detail);
    let layout = if facts.has_alpha { Layout::Rgba } else { Layout::Rgb };
    let mut reducer = Reducer::new(facts.width, facts.height, layout, factor);
    let band = if factor > 1 { BAND_ROWS } else { facts.height };
    let row_bytes = facts.width as usize * layout.channels();
    for top in (0..facts.height).step_by(band as usize) {
        let rows = band.min(facts.height - top);
        let pixels = decoder.rows(top, rows, facts.has_alpha).map_err(broken)?;
        pixels.chunks_exact(row_bytes).for_each(|row| reducer.push(row));
    }
    let profile = profile(&decoder);
    Ok(Decoded { raster: reducer.finish(), profile, scale: divided(factor) })
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
