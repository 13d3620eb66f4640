//! APNG: what of an animation is sound, told from its chunks alone.

use std::io::{Read, Seek};

use super::Chunk;
use crate::source::Source;

/// The most that an animation control may count: decoders leave out one that counts more.
const COUNT_MAX: u32 = i32::MAX as u32;

/// Follows the chunks of a PNG and judges them as the specification says: whatever is wrong with
/// the order or the place of a frame, the static picture is shown instead.
#[derive(Default)]
pub(crate) struct Animation {
    size: (u32, u32),
    /// Frames that the animation control announces.
    announced: Option<u32>,
    frames: u32,
    sequence: u32,
    has_static_picture: bool,
    /// Frames that were announced and of which data has come.
    begun: u32,
    is_static_hidden: bool,
    is_broken: bool,
}

impl Animation {
    /// Begins behind the header of a picture of this size.
    pub(crate) fn of(size: (u32, u32)) -> Self {
        Self { size, ..Self::default() }
    }

    /// Looks at the next chunk; the source stands at its content.
    pub(crate) fn look<R: Read + Seek>(&mut self, source: &mut Source<R>, chunk: &Chunk) {
        let is_sound = match &chunk.name {
            b"acTL" => self.control(source, chunk),
            b"fcTL" => self.frame(source, chunk),
            b"fdAT" => self.data(source),
            b"IDAT" => {
                self.is_static_hidden |= !self.has_static_picture && self.frames == 0;
                self.has_static_picture = true;
                self.begun = self.frames;
                Some(())
            }
            _ => Some(()),
        };
        self.is_broken |= is_sound.is_none();
    }

    /// Whether there is an animation control, sound or not.
    pub(crate) fn is_announced(&self) -> bool {
        self.announced.is_some()
    }

    /// Frame controls that were met: what a decoder may be made to draw.
    pub(crate) fn met(&self) -> u32 {
        self.frames
    }

    /// Frames of a sound animation; none of any other file.
    pub(crate) fn frames(&self) -> u32 {
        match self.announced {
            Some(announced) if !self.is_broken => {
                // The last frame may have been cut off before its data.
                self.begun.min(announced)
            }
            _ => 0,
        }
    }

    /// Whether the static picture is only for viewers that know no animation.
    pub(crate) fn is_static_hidden(&self) -> bool {
        self.is_static_hidden
    }

    /// One before the picture data counts.
    fn control<R: Read + Seek>(&mut self, source: &mut Source<R>, chunk: &Chunk) -> Option<()> {
        if self.has_static_picture {
            return Some(());
        }
        let content: [u8; 8] = summed(source, chunk)?;
        let frames = word(&content, 0).filter(|frames| (1..=COUNT_MAX).contains(frames))?;
        let _plays = word(&content, 1).filter(|plays| *plays <= COUNT_MAX)?;
        let is_first = self.announced.replace(frames).is_none();
        is_first.then_some(())
    }

    fn frame<R: Read + Seek>(&mut self, source: &mut Source<R>, chunk: &Chunk) -> Option<()> {
        let has_data = self.begun == self.frames;
        self.frames = self.frames.saturating_add(1);
        let content: [u8; 26] = summed(source, chunk)?;
        self.in_order(word(&content, 0)?)?;
        let (width, height) = (word(&content, 1)?, word(&content, 2)?);
        let (right, bottom) =
            (word(&content, 3)?.checked_add(width)?, word(&content, 4)?.checked_add(height)?);
        let [.., dispose, blend] = content;
        let is_inside = width > 0 && height > 0 && right <= self.size.0 && bottom <= self.size.1;
        // The static picture is a frame of its own size, and the first or none.
        let is_static = !self.has_static_picture;
        let fits = !is_static || ((width, height) == self.size && self.frames == 1);
        (is_inside && fits && has_data && dispose <= 2 && blend <= 1).then_some(())
    }

    fn data<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Option<()> {
        self.in_order(source.be32()?)?;
        self.begun = self.frames;
        (self.frames > 0 && self.has_static_picture).then_some(())
    }

    fn in_order(&mut self, number: u32) -> Option<()> {
        let is_next = number == self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        is_next.then_some(())
    }
}

/// The content of a small chunk of this length, if its sum is right: decoders leave out others.
fn summed<const N: usize, R: Read + Seek>(
    source: &mut Source<R>,
    chunk: &Chunk,
) -> Option<[u8; N]> {
    if chunk.content_bytes() != N as u64 {
        return None;
    }
    let content: [u8; N] = source.array()?;
    let mut found = crc32fast::Hasher::new();
    found.update(&chunk.name);
    found.update(&content);
    (source.be32()? == found.finalize()).then_some(content)
}

/// A number in a chunk, counted in fours.
fn word(content: &[u8], index: usize) -> Option<u32> {
    content.as_chunks::<4>().0.get(index).map(|bytes| u32::from_be_bytes(*bytes))
}
