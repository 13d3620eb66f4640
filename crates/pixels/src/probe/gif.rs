//! GIF: counts the pictures among the blocks.

use std::io::{Read, Seek};

use super::Header;
use crate::{
    Error, Format, Limits,
    container::gif::{Block, Blocks, Frame, Kind},
    error::Over,
    source::Source,
};

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

/// Walks to the end of the blocks. A missing trailer or a cut last frame ends the walk; decoding
/// judges what is there.
fn walk<R: Read + Seek>(source: &mut Source<R>, limits: &Limits) -> Result<Walk, Error> {
    let too_short = || Error::malformed(Format::Gif, "the file ends inside the header");
    let (screen, mut blocks) = Blocks::of_file(source).ok_or_else(too_short)?;
    let mut found = Walk { width: screen.width, height: screen.height, ..Walk::default() };
    while let Some(block) = blocks.next(source) {
        match block.kind {
            Kind::Picture(frame) => {
                found.frame(frame, limits)?;
                // Of a later frame, what is in front of it is shown.
                if found.frames == 1 && block.is_cut {
                    return Err(Error::malformed(Format::Gif, "the file ends inside the picture"));
                }
            }
            Kind::Extension(label) => {
                // What cannot be read says nothing.
                let _ = found.extension(source, &block, label);
            }
            Kind::End => {}
        }
        if found.frames > limits.frames {
            return Err(Over::Frames { found: found.frames.into(), most: limits.frames }.into());
        }
    }
    Ok(found)
}

impl Walk {
    /// Counts a frame once it has begun to hold data.
    fn frame(&mut self, frame: Frame, limits: &Limits) -> Result<(), Error> {
        let Frame { left, top, width, height } = frame;
        if frame.is_empty() {
            return Ok(());
        }
        limits.allow_size(u64::from(width), u64::from(height))?;
        if self.frames == 0 {
            // Viewers enlarge a screen that the first frame is larger than, if it is one at all;
            // of a frame that only lies beside it they cut off what reaches over the edge.
            if width > self.width || height > self.height {
                self.width = self.width.max(left + width);
                self.height = self.height.max(top + height);
            }
            self.uncovered = left > 0 || top > 0 || width < self.width || height < self.height;
        }
        self.frame_pixels_max = self.frame_pixels_max.max(u64::from(width) * u64::from(height));
        self.frames += 1;
        Ok(())
    }

    fn extension<R: Read + Seek>(
        &mut self,
        source: &mut Source<R>,
        block: &Block,
        label: u8,
    ) -> Option<()> {
        source.seek(block.pieces())?;
        match label {
            0xF9 if source.u8()? >= 1 => self.transparency |= source.u8()? & 1 != 0,
            0xFF => {
                let size = u64::from(source.u8()?);
                let name = source.bytes(size, 255)?;
                if name == b"NETSCAPE2.0" || name == b"ANIMEXTS1.0" {
                    let size = u64::from(source.u8()?);
                    if let [1, low, high] = source.bytes(size, 255)?[..] {
                        self.repeats.get_or_insert(u16::from_le_bytes([low, high]));
                    }
                }
            }
            _ => {}
        }
        Some(())
    }
}
