//! WebP: what the RIFF chunks say.

use std::io::{Read, Seek};

use super::Header;
use crate::{
    Error, Format, Limits,
    container::{
        Chunk,
        webp::{Chunks, Extended},
    },
    error::Over,
    source::Source,
};

pub(crate) fn header<R: Read + Seek>(
    source: &mut Source<R>,
    limits: &Limits,
) -> Result<Header, Error> {
    let too_short = || broken("the file ends inside the header");
    let mut chunks = Chunks::of_file(source).ok_or_else(too_short)?;
    let first = chunks.next(source).ok_or_else(too_short)?;
    match &first.name {
        b"VP8 " | b"VP8L" if !first.is_whole => Err(broken(CUT)),
        b"VP8 " => lossy(source).ok_or_else(too_short)?,
        b"VP8L" => lossless(source).ok_or_else(too_short)?,
        b"VP8X" => {
            let canvas = Extended::read(source).ok_or_else(too_short)?;
            if canvas.is_animated {
                return animated(source, &canvas, chunks, limits);
            }
            extended(source, &canvas, chunks)
        }
        _ => Err(broken("it does not begin with a picture chunk")),
    }
}

const CUT: &str = "the file ends inside the picture";

fn broken(detail: &str) -> Error {
    Error::malformed(Format::WebP, detail)
}

fn lossy<R: Read + Seek>(source: &mut Source<R>) -> Option<Result<Header, Error>> {
    let [tag, _, _, a, b, c, w0, w1, h0, h1] = source.array()?;
    // Shown, of a known profile, and no difference to a frame before it.
    let is_key_frame = tag & 1 == 0 && tag >> 1 & 7 <= 3 && tag >> 4 & 1 == 1;
    if !is_key_frame || [a, b, c] != [0x9D, 0x01, 0x2A] {
        return Some(Err(broken("the picture does not begin with a key frame")));
    }
    let side = |low, high| u32::from(u16::from_le_bytes([low, high])) & 0x3FFF;
    let (width, height) = (side(w0, w1), side(h0, h1));
    Some(Ok(Header { fixed_bytes: lossy_bytes(width), ..Header::still(width, height) }))
}

/// libwebp keeps a few rows of macro-blocks of a lossy picture.
fn lossy_bytes(width: u32) -> u64 {
    u64::from(width) * 256 + (1 << 20)
}

fn lossless<R: Read + Seek>(source: &mut Source<R>) -> Option<Result<Header, Error>> {
    let [signature, a, b, c, d] = source.array()?;
    if signature != 0x2F || d >> 5 != 0 {
        return Some(Err(broken("the lossless picture has no signature")));
    }
    let bits = u32::from_le_bytes([a, b, c, d]);
    let (width, height) = (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF));
    Some(Ok(Header {
        has_alpha: bits >> 28 & 1 != 0,
        fixed_bytes: lossless_bytes(width, height),
        ..Header::still(width, height)
    }))
}

/// libwebp holds the whole of a lossless picture as ARGB, and some cache rows.
fn lossless_bytes(width: u32, height: u32) -> u64 {
    u64::from(width) * u64::from(height) * 4 + u64::from(width) * 80 + (2 << 20)
}

/// Walks an extended file that is a still: one picture with its alpha.
fn extended<R: Read + Seek>(
    source: &mut Source<R>,
    canvas: &Extended,
    mut chunks: Chunks,
) -> Result<Header, Error> {
    let (width, height) = canvas.size;
    let pixels = u64::from(width) * u64::from(height);
    let (mut has_picture, mut fixed_bytes) = (false, lossy_bytes(width));
    while let Some(chunk) = chunks.next(source) {
        match &chunk.name {
            b"VP8L" | b"VP8 " | b"ALPH" if !chunk.is_whole => return Err(broken(CUT)),
            b"VP8L" => {
                fixed_bytes = fixed_bytes.max(lossless_bytes(width, height));
                has_picture = true;
            }
            b"VP8 " => has_picture = true,
            // A plane of alpha is held whole, and decoded from a lossless picture.
            b"ALPH" => fixed_bytes = fixed_bytes.max(pixels * 2 + (2 << 20)),
            _ => {}
        }
    }
    if !has_picture {
        return Err(broken("it holds no picture"));
    }
    Ok(Header { has_alpha: canvas.has_alpha, fixed_bytes, ..Header::still(width, height) })
}

/// Walks an animation, as far as it is sound.
fn animated<R: Read + Seek>(
    source: &mut Source<R>,
    canvas: &Extended,
    chunks: Chunks,
    limits: &Limits,
) -> Result<Header, Error> {
    let (width, height) = canvas.size;
    let pixels = u64::from(width) * u64::from(height);
    let sound = walk(source, canvas, chunks, limits.frames);
    let Some(first) = sound.first else {
        let what =
            if sound.is_fault_met { "the first frame is broken" } else { "it holds no picture" };
        return Err(broken(what));
    };
    if sound.frames > limits.frames {
        return Err(Over::Frames { found: sound.frames.into(), most: limits.frames }.into());
    }
    Ok(Header {
        frames: sound.frames,
        has_alpha: canvas.has_alpha || !is_opaque(source, &first, canvas.size),
        // Two canvases in libwebp, a frame that may be lossless, a copy of the first frame, and a
        // copy of the file without what is not sound.
        fixed_bytes: (pixels * 12 + lossless_bytes(width, height)).saturating_add(source.len()),
        ..Header::still(width, height)
    })
}

/// What of an animation is sound: the frames in front of the first fault.
struct Sound {
    frames: u32,
    first: Option<Chunk>,
    /// Behind the last of them.
    end: u64,
    is_fault_met: bool,
}

/// Where the last frame ends in front of which nothing is wrong; nothing when there is none.
pub(crate) fn sound_end<R: Read + Seek>(source: &mut Source<R>) -> Option<u64> {
    let mut chunks = Chunks::of_file(source)?;
    chunks.next(source).filter(|first| &first.name == b"VP8X")?;
    let canvas = Extended::read(source)?;
    let sound = walk(source, &canvas, chunks, u32::MAX);
    sound.first.map(|_| sound.end)
}

/// Walks the chunks behind the header, up to the first that libwebp gives the whole file up for,
/// or up to more frames than are wanted.
fn walk<R: Read + Seek>(
    source: &mut Source<R>,
    canvas: &Extended,
    mut chunks: Chunks,
    frames_max: u32,
) -> Sound {
    let mut sound = Sound { frames: 0, first: None, end: 0, is_fault_met: false };
    let mut is_controlled = false;
    while let Some(chunk) = chunks.next(source) {
        let is_sound = match &chunk.name {
            b"ANIM" => {
                is_controlled = true;
                chunk.is_whole && chunk.content_bytes() >= 6
            }
            b"ANMF" => is_controlled && is_sound(source, &chunk, canvas.size) == Some(true),
            // Pictures of an animation lie in its frames.
            b"ALPH" | b"VP8 " | b"VP8L" => false,
            _ => chunk.is_whole,
        };
        if !is_sound {
            sound.is_fault_met = true;
            break;
        }
        if &chunk.name == b"ANMF" {
            sound.frames = sound.frames.saturating_add(1);
            sound.end = chunk.all.end;
            sound.first.get_or_insert(chunk);
        }
        if sound.frames > frames_max {
            break;
        }
    }
    sound
}

/// Whether a frame is whole, and its picture one that begins well and lies on the canvas.
fn is_sound<R: Read + Seek>(
    source: &mut Source<R>,
    frame: &Chunk,
    canvas: (u32, u32),
) -> Option<bool> {
    let [x0, x1, x2, y0, y1, y2] = source.array()?;
    // Places are stored in steps of two pixels.
    let side = |low, middle, high| u32::from_le_bytes([low, middle, high, 0]) * 2;
    let (left, top) = (side(x0, x1, x2), side(y0, y1, y2));
    let mut has_alpha = false;
    let mut chunks = Chunks::of_frame(frame);
    while let Some(chunk) = chunks.next(source) {
        let picture = match &chunk.name {
            b"ALPH" if !has_alpha => None,
            b"VP8L" if !has_alpha => Some(lossless(source)?),
            b"VP8 " => {
                let [a, b, c] = source.array()?;
                // The first part, of which the tag says the length, lies inside.
                if u64::from(u32::from_le_bytes([a, b, c, 0]) >> 5) >= chunk.content_bytes() {
                    return None;
                }
                source.seek(chunk.content.start)?;
                Some(lossy(source)?)
            }
            _ => return None,
        };
        if !chunk.is_whole {
            return None;
        }
        let Some(picture) = picture else {
            has_alpha = true;
            continue;
        };
        let Header { width, height, .. } = picture.ok()?;
        let is_inside = left + width <= canvas.0 && top + height <= canvas.1;
        return Some(frame.is_whole && width > 0 && height > 0 && is_inside);
    }
    // One without a picture is left out.
    Some(frame.is_whole && !has_alpha)
}

/// Whether a frame covers the canvas and has no alpha of its own, whatever the header says.
fn is_opaque<R: Read + Seek>(source: &mut Source<R>, frame: &Chunk, canvas: (u32, u32)) -> bool {
    let covers = |[x0, x1, x2, y0, y1, y2, w0, w1, w2, h0, h1, h2]: [u8; 12]| {
        let number = |low, middle, high| u32::from_le_bytes([low, middle, high, 0]);
        let size = (number(w0, w1, w2) + 1, number(h0, h1, h2) + 1);
        (number(x0, x1, x2), number(y0, y1, y2)) == (0, 0) && size == canvas
    };
    source.seek(frame.content.start);
    if !source.array().is_some_and(covers) {
        return false;
    }
    let mut chunks = Chunks::of_frame(frame);
    while let Some(chunk) = chunks.next(source) {
        let has_alpha = match &chunk.name {
            b"ALPH" => true,
            b"VP8L" => matches!(lossless(source), Some(Ok(header)) if header.has_alpha),
            _ => false,
        };
        if has_alpha {
            return false;
        }
    }
    true
}
