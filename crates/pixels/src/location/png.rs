//! PNG and APNG: chunks are cleaned, kept or left out.

use super::{Work, bytes, text, tiff};
use crate::Error;

/// Chunks that hold no place. Others that a decoder may ignore are left out: who knows.
const KEPT: [&[u8; 4]; 19] = [
    b"acTL", b"bKGD", b"cHRM", b"cICP", b"cLLI", b"fcTL", b"fdAT", b"gAMA", b"gIFg", b"hIST",
    b"iCCP", b"mDCV", b"oFFs", b"pHYs", b"sBIT", b"sPLT", b"sRGB", b"tIME", b"tRNS",
];

/// A chunk, whole or cut off by the end of the file.
struct Chunk<'a> {
    name: [u8; 4],
    content: &'a [u8],
    /// With its length, name and checksum.
    all: &'a [u8],
    is_whole: bool,
}

/// Cleans a file; what follows its end is cut off.
pub(super) fn file(bytes: &[u8], work: &mut Work) -> Result<Vec<u8>, Error> {
    let mut clean = Vec::with_capacity(bytes.len());
    let (signature, mut rest) = bytes.split_at(bytes.len().min(8));
    clean.extend_from_slice(signature);
    while let Some(chunk) = chunk(rest) {
        rest = &rest[chunk.all.len()..];
        match cleaned(&chunk, work)? {
            Cleaned::Kept => clean.extend_from_slice(chunk.all),
            Cleaned::Changed(name, content) => write_chunk(&mut clean, name, &content),
            Cleaned::Gone => {}
        }
        if &chunk.name == b"IEND" {
            break;
        }
    }
    Ok(clean)
}

/// The chunk that begins here.
fn chunk(bytes: &[u8]) -> Option<Chunk<'_>> {
    let (length, name) = (bytes::be32(bytes, 0)? as usize, bytes::array(bytes, 4)?);
    let all = &bytes[bytes::clipped(bytes, 0, length.saturating_add(12))];
    let content = &bytes[bytes::clipped(bytes, 8, length)];
    Some(Chunk { name, content, all, is_whole: all.len() == length.saturating_add(12) })
}

/// What becomes of a chunk.
pub(super) enum Cleaned {
    Kept,
    Changed([u8; 4], Vec<u8>),
    Gone,
}

fn cleaned(chunk: &Chunk<'_>, work: &mut Work) -> Result<Cleaned, Error> {
    let is_optional = chunk.name[0].is_ascii_lowercase();
    match &chunk.name {
        name if !is_optional || KEPT.contains(&name) => Ok(Cleaned::Kept),
        // Of broken notes nothing is kept, of broken pixels all.
        _ if !chunk.is_whole => Ok(Cleaned::Gone),
        b"eXIf" => exif(chunk.content, work),
        b"tEXt" | b"zTXt" | b"iTXt" => text::cleaned(chunk.name, chunk.content, work),
        _ => Ok(Cleaned::Gone),
    }
}

fn exif(content: &[u8], work: &mut Work) -> Result<Cleaned, Error> {
    let mut block = content.to_vec();
    let start = if block.starts_with(b"Exif\0\0") { 6 } else { 0 };
    tiff::clean_block(&mut block[start..], work)?;
    if block == content {
        return Ok(Cleaned::Kept);
    }
    Ok(Cleaned::Changed(*b"eXIf", block))
}

fn write_chunk(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&name);
    checksum.update(content);
    file.extend_from_slice(&(content.len() as u32).to_be_bytes());
    file.extend_from_slice(&name);
    file.extend_from_slice(content);
    file.extend_from_slice(&checksum.finalize().to_be_bytes());
}
