//! What is to be known of a PNG before the png crate reads it: sums that it does not check, and
//! what it must not see.

use std::{borrow::Cow, io::Cursor};

use super::broken;
use crate::{
    Error,
    container::{Chunk, apng::Animation, part, png::Chunks},
    source::Source,
};

/// The chunk that closes a file.
const END: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";

/// What a walk over the chunks found.
pub(super) struct About {
    pub(super) animation: Animation,
    /// Frames before the first one whose data has a wrong sum.
    pub(super) sound_frames: u32,
    /// A colour that is transparent, with bits that the depth does not have, as it must be.
    key: Option<(Chunk, Vec<u8>)>,
    /// Chunks that only animations need.
    moving: Vec<Chunk>,
    /// Where the last whole chunk ends, when it is not the one that closes the file: the png crate
    /// wants to see what comes behind the pixels.
    open_end: Option<u64>,
}

impl About {
    /// Walks the chunks. Fails when the sum of the static picture's data is wrong: the png crate
    /// stops at the last pixel, before the last sum.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Error> {
        let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
        let mut chunks = Chunks::of_file_at(0);
        chunks.next(&mut source);
        let (width, height) = source.be32().zip(source.be32()).unwrap_or_default();
        let [depth, colour] = source.array().unwrap_or_default();
        let animation = Animation::of((width, height));
        let mut about = Self {
            animation,
            sound_frames: u32::MAX,
            key: None,
            moving: Vec::new(),
            open_end: None,
        };
        while let Some(chunk) = chunks.next(&mut source) {
            about.animation.look(&mut source, &chunk);
            match (&chunk.name, chunk.is_whole) {
                (b"IEND", true) => about.open_end = None,
                (_, true) => about.open_end = Some(chunk.all.end),
                _ => {}
            }
            match &chunk.name {
                b"IDAT" if !has_sum(bytes, &chunk) => {
                    return Err(broken("the sum of the picture data is wrong"));
                }
                b"fdAT" if !has_sum(bytes, &chunk) => {
                    let before = about.animation.met().saturating_sub(1);
                    about.sound_frames = about.sound_frames.min(before);
                }
                b"tRNS" => {
                    about.key = masked(part(bytes, &chunk.content), depth, colour)
                        .map(|key| (chunk.clone(), key));
                }
                _ => {}
            }
            if matches!(&chunk.name, b"acTL" | b"fcTL" | b"fdAT") {
                about.moving.push(chunk);
            }
        }
        about.sound_frames = about.sound_frames.min(about.animation.frames());
        Ok(about)
    }

    /// The file for whoever reads the static picture.
    pub(super) fn still<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        self.without(bytes, &self.moving)
    }

    /// The file for whoever reads the animation.
    pub(super) fn moving<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        self.without(bytes, &[])
    }

    fn without<'a>(&self, bytes: &'a [u8], left_out: &[Chunk]) -> Cow<'a, [u8]> {
        let mut edits: Vec<(&Chunk, &[u8])> =
            left_out.iter().map(|chunk| (chunk, &[][..])).collect();
        edits.extend(self.key.iter().map(|(chunk, key)| (chunk, key.as_slice())));
        if edits.is_empty() && self.open_end.is_none() {
            return Cow::Borrowed(bytes);
        }
        let end = self.open_end.unwrap_or(bytes.len() as u64);
        edits.sort_unstable_by_key(|(chunk, _)| chunk.all.start);
        let (mut edited, mut at) = (Vec::with_capacity(bytes.len()), 0);
        for (chunk, instead) in edits {
            edited.extend_from_slice(part(bytes, &(at..chunk.all.start)));
            edited.extend_from_slice(instead);
            at = chunk.all.end;
        }
        edited.extend_from_slice(part(bytes, &(at..end)));
        if self.open_end.is_some() {
            edited.extend_from_slice(END);
        }
        Cow::Owned(edited)
    }
}

/// Whether the sum of a chunk is right; a chunk that was cut off has none to be wrong.
fn has_sum(bytes: &[u8], chunk: &Chunk) -> bool {
    let whole = part(bytes, &(chunk.all.start + 4..chunk.all.end));
    match whole.split_last_chunk() {
        Some((data, sum)) if chunk.is_whole => crc32fast::hash(data) == u32::from_be_bytes(*sum),
        _ => true,
    }
}

/// The chunk of a transparent colour that has bits above the depth, without them: decoders must
/// not look at them (PNG, third edition, 11.3.1.1).
fn masked(content: &[u8], depth: u8, colour: u8) -> Option<Vec<u8>> {
    const GREY: u8 = 0;
    const RGB: u8 = 2;
    let samples = match colour {
        GREY => 1,
        RGB => 3,
        _ => return None,
    };
    let mask = 1_u16.checked_shl(depth.into())? - 1;
    let key: Vec<u8> = content
        .chunks_exact(2)
        .take(samples)
        .flat_map(|sample| (u16::from_be_bytes([sample[0], sample[1]]) & mask).to_be_bytes())
        .collect();
    if key.len() != samples * 2 || content.starts_with(&key) {
        return None;
    }
    let named = [b"tRNS", key.as_slice()].concat();
    let (length, sum) = ((key.len() as u32).to_be_bytes(), crc32fast::hash(&named).to_be_bytes());
    Some([length.as_slice(), &named, &sum].concat())
}
