//! WebP: walks the RIFF chunks.

use std::io::{Read, Seek};

use super::Header;
use crate::{Error, Format, Limits, error::Over, source::Source};

/// Chunks a file may have besides its frames.
const CHUNKS_MAX: u32 = 100_000;

pub(crate) fn header<R: Read + Seek>(
    source: &mut Source<R>,
    limits: &Limits,
) -> Result<Header, Error> {
    source.seek(12);
    let too_short = || Error::malformed(Format::WebP, "the file ends inside the header");
    let (name, size) = chunk_start(source).ok_or_else(too_short)?;
    match &name {
        b"VP8 " => lossy(source).ok_or_else(too_short)?,
        b"VP8L" => lossless(source).ok_or_else(too_short)?,
        b"VP8X" => {
            let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = source.array().ok_or_else(too_short)?;
            let side = |low, middle, high| 1 + u32::from_le_bytes([low, middle, high, 0]);
            let canvas = Header {
                has_alpha: flags & 0x10 != 0,
                ..Header::still(side(w0, w1, w2), side(h0, h1, h2))
            };
            source.seek(20 + padded(size)).ok_or_else(too_short)?;
            extended(source, canvas, flags & 2 != 0, limits)
        }
        _ => Err(Error::malformed(Format::WebP, "it does not begin with a picture chunk")),
    }
}

/// A chunk's name and its payload's size.
pub(crate) fn chunk_start<R: Read + Seek>(source: &mut Source<R>) -> Option<([u8; 4], u32)> {
    Some((source.array()?, source.le32()?))
}

/// Chunks are padded to even sizes.
pub(crate) fn padded(size: u32) -> u64 {
    u64::from(size) + u64::from(size & 1)
}

fn lossy<R: Read + Seek>(source: &mut Source<R>) -> Option<Result<Header, Error>> {
    let [_, _, _, a, b, c, w0, w1, h0, h1] = source.array()?;
    if [a, b, c] != [0x9D, 0x01, 0x2A] {
        return Some(Err(Error::malformed(
            Format::WebP,
            "the picture does not begin with a key frame",
        )));
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
        return Some(Err(Error::malformed(Format::WebP, "the lossless picture has no signature")));
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
    canvas: Header,
    animated: bool,
    limits: &Limits,
) -> Result<Header, Error> {
    let pixels = u64::from(canvas.width) * u64::from(canvas.height);
    let (mut frames, mut has_picture, mut fixed_bytes) = (0, false, lossy_bytes(canvas.width));
    for _ in 0..CHUNKS_MAX.saturating_add(limits.frames) {
        let Some((name, size)) = chunk_start(source) else { break };
        match &name {
            b"ANMF" if animated => frames += 1,
            b"VP8L" => {
                fixed_bytes = fixed_bytes.max(lossless_bytes(canvas.width, canvas.height));
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
        if source.skip(padded(size)).is_none() {
            break;
        }
    }
    if animated {
        // Two canvases in libwebp, and a frame that may be lossless.
        fixed_bytes = pixels * 8 + lossless_bytes(canvas.width, canvas.height);
        has_picture = frames > 0;
    }
    if !has_picture {
        return Err(Error::malformed(Format::WebP, "it holds no picture"));
    }
    Ok(Header { frames: frames.max(1), fixed_bytes, ..canvas })
}
