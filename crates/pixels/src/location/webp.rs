//! WebP: chunks are cleaned, kept or left out; the header follows suit.

use std::io::Cursor;

use super::{Work, bytes, cannot, tiff, words};
use crate::{
    Error, Format,
    container::{Chunk, clipped, webp::Chunks},
    source::Source,
};

/// Chunks of pixels and colours. Others are left out: who knows.
const KEPT: [&[u8; 4]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// The flag of the extended header that announces XMP.
const HAS_PACKET: u8 = 4;
/// Where the first chunk begins, and its content.
const FIRST_CHUNK: usize = 12;
const FIRST_CONTENT: usize = 20;

/// Cleans a file; what follows its end is cut off.
pub(super) fn file(mut file: Vec<u8>, work: &mut Work) -> Result<Vec<u8>, Error> {
    let said = bytes::le32(&file, 4).unwrap_or(0) as usize;
    if said < FIRST_CONTENT - 8 {
        return Err(Error::malformed(Format::WebP, "it says that it holds nothing"));
    }
    let (chunks, rest) = chunks(&file).ok_or_else(|| cannot("unreadable chunks"))?;
    let mut clean = file[..file.len().min(FIRST_CHUNK)].to_vec();
    let (mut left_out, mut packet_left_out) = (rest, false);
    for chunk in chunks {
        let all = clipped(file.len(), &chunk.all);
        let content = clipped(file.len(), &chunk.content);
        if is_kept(chunk.name, &mut file[content], work)? {
            clean.extend_from_slice(&file[all]);
        } else {
            left_out += all.len();
            packet_left_out |= &chunk.name == b"XMP ";
        }
    }
    if clean.len() <= FIRST_CHUNK {
        return Err(Error::malformed(Format::WebP, "it holds no picture"));
    }
    if left_out > 0 {
        let says = said.saturating_sub(left_out) as u32;
        clean[4..8].copy_from_slice(&says.to_le_bytes());
    }
    if packet_left_out
        && clean[FIRST_CHUNK..].starts_with(b"VP8X")
        && let Some(flags) = clean.get_mut(FIRST_CONTENT)
    {
        *flags &= !HAS_PACKET;
    }
    Ok(clean)
}

/// The chunks of a file, and how many bytes behind the last one belong to none.
fn chunks(file: &[u8]) -> Option<(Vec<Chunk>, usize)> {
    let mut source = Source::new(Cursor::new(file)).ok()?;
    let mut walk = Chunks::of_file(&mut source)?;
    let mut chunks = Vec::new();
    while let Some(chunk) = walk.next(&mut source) {
        chunks.push(chunk);
    }
    Some((chunks, walk.rest() as usize))
}

/// Cleans the content of a chunk; false when the whole chunk must go.
fn is_kept(name: [u8; 4], content: &mut [u8], work: &mut Work) -> Result<bool, Error> {
    match &name {
        b"EXIF" => {
            // Some writers keep JPEG's prefix.
            let start = if content.starts_with(b"Exif\0\0") { 6 } else { 0 };
            tiff::clean_block(&mut content[start..], work)?;
            Ok(true)
        }
        b"XMP " => Ok(!words::name_place(content)),
        name => Ok(KEPT.contains(&name)),
    }
}
