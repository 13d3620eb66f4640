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
        b"VP8 " => lossy(source).ok_or_else(too_short)?,
        b"VP8L" => lossless(source).ok_or_else(too_short)?,
        b"VP8X" => {
            let canvas = Extended::read(source).ok_or_else(too_short)?;
            extended(source, &canvas, chunks, limits)
        }
        _ => Err(broken("it does not begin with a picture chunk")),
    }
}

fn broken(detail: &str) -> Error {
    Error::malformed(Format::WebP, detail)
}

fn lossy<R: Read + Seek>(source: &mut Source<R>) -> Option<Result<Header, Error>> {
    let [_, _, _, a, b, c, w0, w1, h0, h1] = source.array()?;
    if [a, b, c] != [0x9D, 0x01, 0x2A] {
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
    if signature != 0x2F {
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

/// Walks an extended file: frames of an animation, or one picture with its alpha.
fn extended<R: Read + Seek>(
    source: &mut Source<R>,
    canvas: &Extended,
    mut chunks: Chunks,
    limits: &Limits,
) -> Result<Header, Error> {
    let (width, height) = canvas.size;
    let pixels = u64::from(width) * u64::from(height);
    let (mut frames, mut has_picture, mut fixed_bytes) = (0, false, lossy_bytes(width));
    let mut is_first_opaque = true;
    while let Some(chunk) = chunks.next(source) {
        match &chunk.name {
            b"ANMF" if canvas.is_animated => {
                if frames == 0 {
                    is_first_opaque = is_opaque(source, &chunk, canvas.size);
                }
                frames += 1;
            }
            b"VP8L" => {
                fixed_bytes = fixed_bytes.max(lossless_bytes(width, height));
                has_picture = true;
            }
            b"VP8 " => has_picture = true,
            // A plane of alpha is held whole, and decoded from a lossless picture.
            b"ALPH" => fixed_bytes = fixed_bytes.max(pixels * 2 + (2 << 20)),
            _ => {}
        }
        if frames > limits.frames {
            return Err(Over::Frames { found: frames.into(), most: limits.frames }.into());
        }
    }
    if canvas.is_animated {
        // Two canvases in libwebp, a frame that may be lossless, and a copy of the first frame.
        fixed_bytes = pixels * 12 + lossless_bytes(width, height);
        has_picture = frames > 0;
    }
    if !has_picture {
        return Err(broken("it holds no picture"));
    }
    Ok(Header {
        frames: frames.max(1),
        has_alpha: canvas.has_alpha || !is_first_opaque,
        fixed_bytes,
        ..Header::still(width, height)
    })
}

/// Whether a frame covers the canvas and has no alpha of its own, whatever the header says.
fn is_opaque<R: Read + Seek>(source: &mut Source<R>, frame: &Chunk, canvas: (u32, u32)) -> bool {
    let covers = |[x0, x1, x2, y0, y1, y2, w0, w1, w2, h0, h1, h2]: [u8; 12]| {
        let number = |low, middle, high| u32::from_le_bytes([low, middle, high, 0]);
        let size = (number(w0, w1, w2) + 1, number(h0, h1, h2) + 1);
        (number(x0, x1, x2), number(y0, y1, y2)) == (0, 0) && size == canvas
    };
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
