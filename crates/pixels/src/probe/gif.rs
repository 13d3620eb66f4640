//! GIF: walks the blocks and counts the pictures.

use std::io::{Read, Seek};

use super::Header;
use crate::{Error, Format, Limits, error::Over, source::Source};

/// Blocks that are not pictures; real files have a few per frame.
const EXTENSIONS_MAX: u32 = 200_000;

pub(crate) fn header<R: Read + Seek>(
    source: &mut Source<R>,
    limits: &Limits,
) -> Result<Header, Error> {
    let found = walk(source, limits)?;
    if found.frames == 0 {
        return Err(Error::malformed(Format::Gif, "it holds no picture"));
    }
    let canvas = u64::from(found.width) * u64::from(found.height);
    Ok(Header {
        frames: found.frames,
        has_alpha: found.transparency || found.uncovered,
        // The canvas in RGBA, a copy to go back to, and the largest frame as indices.
        fixed_bytes: canvas * 8 + found.frame_pixels_max + (1 << 20),
        ..Header::still(found.width, found.height)
    })
}

/// How often the animation plays: `None` for ever.
pub(crate) fn plays<R: Read + Seek>(source: &mut Source<R>) -> Option<u32> {
    // The file has passed the caller's limits; these are only for the walk.
    let unlimited =
        Limits { frames: u32::MAX, pixels: u64::MAX, side: u32::MAX, ..Limits::default() };
    match walk(source, &unlimited) {
        Ok(Walk { repeats: Some(0), .. }) => None,
        Ok(Walk { repeats: Some(repeats), .. }) => Some(u32::from(repeats) + 1),
        _ => Some(1),
    }
}

#[derive(Default)]
struct Walk {
    width: u32,
    height: u32,
    frames: u32,
    frame_pixels_max: u64,
    transparency: bool,
    uncovered: bool,
    repeats: Option<u16>,
}

fn walk<R: Read + Seek>(source: &mut Source<R>, limits: &Limits) -> Result<Walk, Error> {
    let too_short = || Error::malformed(Format::Gif, "the file ends inside the header");
    source.seek(6);
    let (width, height) = source.le16().zip(source.le16()).ok_or_else(too_short)?;
    let [flags, _, _] = source.array().ok_or_else(too_short)?;
    let mut found = Walk { width: u32::from(width), height: u32::from(height), ..Walk::default() };
    skip_palette(source, flags).ok_or_else(too_short)?;
    let mut extensions = 0;
    while let Some(kind) = source.u8() {
        // A missing trailer or a cut last frame ends the walk; decoding judges what is there.
        let walked = match kind {
            0x2C => frame(source, &mut found, limits)?,
            0x21 => extension(source, &mut found),
            _ => break,
        };
        extensions += u32::from(kind == 0x21);
        if walked.is_none() || extensions > EXTENSIONS_MAX {
            break;
        }
        if found.frames > limits.frames {
            return Err(Over::Frames { found: found.frames.into(), most: limits.frames }.into());
        }
    }
    Ok(found)
}

fn skip_palette<R: Read + Seek>(source: &mut Source<R>, flags: u8) -> Option<()> {
    if flags & 0x80 != 0 { source.skip(3 * (2 << (flags & 7))) } else { Some(()) }
}

/// Counts a frame once it has begun to hold data.
fn frame<R: Read + Seek>(
    source: &mut Source<R>,
    found: &mut Walk,
    limits: &Limits,
) -> Result<Option<()>, Error> {
    let Some([x0, x1, y0, y1, w0, w1, h0, h1, flags]) = source.array() else { return Ok(None) };
    let word = |low, high| u32::from(u16::from_le_bytes([low, high]));
    let (left, top) = (word(x0, x1), word(y0, y1));
    let (width, height) = (word(w0, w1), word(h0, h1));
    if found.width == 0 || found.height == 0 {
        // A canvas of nothing: show what the first frame shows, as every viewer does.
        (found.width, found.height) = (left + width, top + height);
    }
    limits.allow_size(u64::from(width), u64::from(height))?;
    found.uncovered |= found.frames == 0
        && (left > 0 || top > 0 || left + width < found.width || top + height < found.height);
    found.frame_pixels_max = found.frame_pixels_max.max(u64::from(width) * u64::from(height));
    found.frames += 1;
    Ok(skip_palette(source, flags)
        .and_then(|()| source.u8())
        .and_then(|_code_size| skip_blocks(source)))
}

fn extension<R: Read + Seek>(source: &mut Source<R>, found: &mut Walk) -> Option<()> {
    match source.u8()? {
        0xF9 => {
            let size = source.u8()?;
            if size >= 1 {
                found.transparency |= source.u8()? & 1 != 0;
                source.skip(u64::from(size) - 1)?;
            } else {
                return Some(());
            }
        }
        0xFF => {
            let size = u64::from(source.u8()?);
            let name = source.bytes(size, 255)?;
            if name == b"NETSCAPE2.0" || name == b"ANIMEXTS1.0" {
                return repeats(source, found);
            }
        }
        _ => {}
    }
    skip_blocks(source)
}

fn repeats<R: Read + Seek>(source: &mut Source<R>, found: &mut Walk) -> Option<()> {
    let size = u64::from(source.u8()?);
    if size == 0 {
        return Some(());
    }
    let block = source.bytes(size, 255)?;
    if let [1, low, high] = block[..] {
        found.repeats.get_or_insert(u16::from_le_bytes([low, high]));
    }
    skip_blocks(source)
}

fn skip_blocks<R: Read + Seek>(source: &mut Source<R>) -> Option<()> {
    loop {
        match source.u8()? {
            0 => return Some(()),
            size => source.skip(u64::from(size))?,
        }
    }
}
