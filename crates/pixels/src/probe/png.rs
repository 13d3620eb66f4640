//! PNG and APNG: walks the chunks.

use std::io::{Read, Seek};

use super::Header;
use crate::{Error, Format, Limits, error::Over, source::Source};

/// Chunks a file may have; `IDAT` in tiny pieces is legal, millions of them are an attack.
const CHUNKS_MAX: u32 = 1_000_000;

pub(crate) fn header<R: Read + Seek>(
    source: &mut Source<R>,
    limits: &Limits,
) -> Result<Header, Error> {
    source.seek(0);
    header_here(source, limits)
}

/// Reads the PNG that begins where the source stands; icons hold whole PNG files.
pub(crate) fn header_here<R: Read + Seek>(
    source: &mut Source<R>,
    limits: &Limits,
) -> Result<Header, Error> {
    source.skip(8);
    let too_short = || Error::malformed(Format::Png, "the file ends inside the header");
    let (13, b"IHDR") = chunk_start(source).as_ref().map_or((0, b"    "), |(l, n)| (*l, n)) else {
        return Err(Error::malformed(Format::Png, "it does not begin with a header chunk"));
    };
    let (width, height) = source.be32().zip(source.be32()).ok_or_else(too_short)?;
    let [depth, colour, _, _, interlace] = source.array().ok_or_else(too_short)?;
    if width == 0 || height == 0 || width > 1 << 31 || height > 1 << 31 {
        return Err(Error::malformed(Format::Png, "the picture has no pixels"));
    }
    let rest = walk(source, limits)?;
    let has_alpha = matches!(colour, 4 | 6) || rest.transparency;
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    let channels: u64 = [1, 1, 3, 1, 2, 3, 4].get(usize::from(colour)).copied().unwrap_or(4);
    let held = if rest.animated {
        // A frame, the canvas, and the canvas to go back to.
        pixels.saturating_mul(12)
    } else if interlace == 1 {
        // Drawn in passes, so the whole picture must be held.
        pixels.saturating_mul(channels + u64::from(has_alpha))
    } else {
        0
    };
    let rows = u64::from(width).saturating_mul(8 * 4);
    Ok(Header {
        frames: if rest.animated { rest.frames.max(1) } else { 1 },
        has_alpha,
        fixed_bytes: held
            .saturating_mul(if depth == 16 { 2 } else { 1 })
            .saturating_add(rows)
            // What a colour profile may unpack to, once packed and once plain.
            .saturating_add(if rest.profile { 16 << 20 } else { 0 })
            .saturating_add(1 << 20),
        ..Header::still(width, height)
    })
}

#[derive(Default)]
struct Rest {
    animated: bool,
    frames: u32,
    transparency: bool,
    profile: bool,
}

/// Walks the chunks behind the header. Stops at the end, however the file ends.
fn walk<R: Read + Seek>(source: &mut Source<R>, limits: &Limits) -> Result<Rest, Error> {
    let mut rest = Rest::default();
    source.skip(4);
    let mut has_data = false;
    for _ in 0..CHUNKS_MAX {
        let Some((length, name)) = chunk_start(source) else { break };
        match &name {
            b"IEND" => break,
            b"acTL" if !has_data => rest.animated = true,
            b"fcTL" => rest.frames += 1,
            b"tRNS" => rest.transparency = true,
            b"iCCP" => rest.profile = true,
            b"IDAT" => has_data = true,
            _ => {}
        }
        if rest.frames > limits.frames && rest.animated {
            return Err(Over::Frames { found: rest.frames.into(), most: limits.frames }.into());
        }
        if source.skip(u64::from(length) + 4).is_none() {
            break;
        }
        // A picture that is not animated has nothing of interest behind its data.
        if has_data && !rest.animated {
            break;
        }
    }
    if !has_data {
        return Err(Error::malformed(Format::Png, "it holds no picture data"));
    }
    Ok(rest)
}

/// The length and the name of the next chunk.
pub(crate) fn chunk_start<R: Read + Seek>(source: &mut Source<R>) -> Option<(u32, [u8; 4])> {
    Some((source.be32()?, source.array()?))
}
