//! PNG and APNG: what the chunks say.

use std::io::{Read, Seek};

use super::Header;
use crate::{
    Error, Format, Limits,
    container::{
        apng::Animation,
        png::{Chunks, is_ended},
    },
    error::Over,
    source::Source,
};

pub(crate) fn header<R: Read + Seek>(
    source: &mut Source<R>,
    limits: &Limits,
) -> Result<Header, Error> {
    header_at(source, 0, limits)
}

/// Reads the PNG that begins at a position; icons hold whole PNG files.
pub(crate) fn header_at<R: Read + Seek>(
    source: &mut Source<R>,
    start: u64,
    limits: &Limits,
) -> Result<Header, Error> {
    let too_short = || broken("the file ends inside the header");
    let mut chunks = Chunks::of_file_at(start);
    let first = chunks.next(source).filter(|chunk| &chunk.name == b"IHDR");
    if first.is_none_or(|first| first.content_bytes() != 13) {
        return Err(broken("it does not begin with a header chunk"));
    }
    let (width, height) = source.be32().zip(source.be32()).ok_or_else(too_short)?;
    let [depth, colour, _, _, interlace] = source.array().ok_or_else(too_short)?;
    if width == 0 || height == 0 || width > 1 << 31 || height > 1 << 31 {
        return Err(broken("the picture has no pixels"));
    }
    let rest = walk(source, &mut chunks, (width, height), limits)?;
    if colour == 3 && !rest.palette {
        return Err(broken("it has no palette"));
    }
    let has_alpha = matches!(colour, 4 | 6) || rest.transparency;
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    let channels: u64 = [1, 1, 3, 1, 2, 3, 4].get(usize::from(colour)).copied().unwrap_or(4);
    let held = if rest.animation.is_announced() {
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
        frames: rest.animation.frames().max(1),
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

fn broken(detail: &str) -> Error {
    Error::malformed(Format::Png, detail)
}

struct Rest {
    animation: Animation,
    transparency: bool,
    profile: bool,
    palette: bool,
}

/// Walks the chunks behind the header, however the file ends.
fn walk<R: Read + Seek>(
    source: &mut Source<R>,
    chunks: &mut Chunks,
    size: (u32, u32),
    limits: &Limits,
) -> Result<Rest, Error> {
    let mut rest = Rest {
        animation: Animation::of(size),
        transparency: false,
        profile: false,
        palette: false,
    };
    let mut has_data = false;
    let is_ended = is_ended(source);
    while let Some(chunk) = chunks.next(source) {
        rest.animation.look(source, &chunk);
        match &chunk.name {
            b"tRNS" => rest.transparency = true,
            b"iCCP" => rest.profile = true,
            b"PLTE" => rest.palette = true,
            b"IDAT" if !chunk.is_whole => return Err(broken("the file ends inside the picture")),
            b"IDAT" => has_data = true,
            // A picture that is not animated has nothing of interest behind its data. Whether all of
            // that is there is seen at the end of the file, or else by a look at each of its chunks.
            _ if has_data && !rest.animation.is_announced() => break,
            _ => {}
        }
        if is_ended && has_data && !rest.animation.is_announced() {
            break;
        }
        let frames = rest.animation.met();
        if frames > limits.frames && rest.animation.is_announced() {
            return Err(Over::Frames { found: frames.into(), most: limits.frames }.into());
        }
    }
    if chunks.is_given_up() {
        return Err(broken("it has more chunks than any picture needs"));
    }
    if !has_data {
        return Err(broken("it holds no picture data"));
    }
    Ok(rest)
}
