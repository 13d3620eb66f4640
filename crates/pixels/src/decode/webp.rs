//! WebP, by libwebp.

use std::io::Cursor;

use super::{Audience, Decoded, Delay, Frame, Opening, box_factor};
use crate::{
    Error, Facts, Format,
    colour::{PROFILE_BYTES_MAX, Profile},
    ffi::webp,
    picture::{Layout, Raster},
    probe,
    reduce::reduced,
    source::Source,
};

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let factor = box_factor(facts, detail);
    let size = (reduced(facts.width, factor), reduced(facts.height, factor));
    let data = webp::decode(bytes, size, factor > 1, facts.has_alpha).map_err(broken)?;
    let layout = if facts.has_alpha { Layout::Rgba } else { Layout::Rgb };
    let raster = Raster { width: size.0, height: size.1, layout, data };
    // libwebp maps the whole picture onto the size it is asked for.
    let scale =
        (f64::from(size.0) / f64::from(facts.width), f64::from(size.1) / f64::from(facts.height));
    Ok(Decoded { raster, profile: profile(bytes), scale })
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::WebP, error)
}

fn profile(bytes: &[u8]) -> Profile {
    icc(bytes).map_or(Profile::Srgb, Profile::Icc)
}

/// The profile comes first, right behind the extended header.
fn icc(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut source = Source::new(Cursor::new(bytes)).ok()?;
    source.seek(12)?;
    loop {
        let (name, size) = probe::webp_chunk_start(&mut source)?;
        match &name {
            b"ICCP" => return source.bytes(u64::from(size), PROFILE_BYTES_MAX as u64),
            b"VP8X" => source.skip(probe::padded(size))?,
            _ => return None,
        }
    }
}

pub(super) fn animation(
    bytes: &[u8],
    facts: &Facts,
    audience: &mut dyn Audience,
) -> Result<(), Error> {
    let mut decoder = webp::AnimationDecoder::new(bytes, (facts.width, facts.height))
        .ok_or_else(|| broken("the animation is broken"))?;
    let plays = (decoder.loops() > 0).then_some(decoder.loops());
    audience.open(Opening { profile: profile(bytes), plays })?;
    let mut begins = 0;
    while decoder.has_more() {
        let (canvas, ends) = decoder.next().ok_or_else(|| broken("a frame is broken"))?;
        let delay = Delay::milliseconds(ends.saturating_sub(begins));
        begins = ends;
        if audience.show(&Frame { canvas, delay })?.is_break() {
            break;
        }
    }
    Ok(())
}
