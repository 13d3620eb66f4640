//! PNG and APNG: chunks are cleaned, kept or left out.

use std::io::Cursor;

use super::{Work, cannot, text, text::Cleaned, tiff};
use crate::{
    Error,
    container::{Chunk, clipped, part, png::Chunks},
    source::Source,
};

/// Chunks that hold no place. Others that a decoder may ignore are left out: who knows.
const KEPT: [&[u8; 4]; 19] = [
    b"acTL", b"bKGD", b"cHRM", b"cICP", b"cLLI", b"fcTL", b"fdAT", b"gAMA", b"gIFg", b"hIST",
    b"iCCP", b"mDCV", b"oFFs", b"pHYs", b"sBIT", b"sPLT", b"sRGB", b"tIME", b"tRNS",
];

/// Cleans a file; what follows its end is cut off.
pub(super) fn file(bytes: &[u8], work: &mut Work) -> Result<Vec<u8>, Error> {
    let mut clean = Vec::with_capacity(bytes.len());
    clean.extend_from_slice(&bytes[..bytes.len().min(8)]);
    let mut source = Source::new(Cursor::new(bytes)).map_err(|_| cannot("unreadable chunks"))?;
    let mut chunks = Chunks::of_file_at(0);
    while let Some(chunk) = chunks.next(&mut source) {
        match cleaned(&chunk, part(bytes, &chunk.content), work)? {
            Cleaned::Kept => clean.extend_from_slice(part(bytes, &chunk.all)),
            Cleaned::Changed(name, content) => write_chunk(&mut clean, name, &content),
            Cleaned::Gone => {}
        }
    }
    if chunks.is_given_up() {
        return Err(cannot("more chunks than any picture needs"));
    }
    Ok(clean)
}

/// Where the file ends that begins at a position, and whether its end chunk says so.
pub(super) fn end(bytes: &[u8], start: usize) -> Result<(usize, bool), Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(|_| cannot("unreadable chunks"))?;
    let mut chunks = Chunks::of_file_at(start as u64);
    let (mut end, mut is_ended) = (start, false);
    while let Some(chunk) = chunks.next(&mut source) {
        end = clipped(bytes.len(), &chunk.all).end.max(start);
        is_ended = &chunk.name == b"IEND";
    }
    Ok((end, is_ended))
}

fn cleaned(chunk: &Chunk, content: &[u8], work: &mut Work) -> Result<Cleaned, Error> {
    let is_optional = chunk.name[0].is_ascii_lowercase();
    match &chunk.name {
        // Behind the end nothing is read: what it holds is no part of the picture.
        b"IEND" if !content.is_empty() => Ok(Cleaned::Changed(chunk.name, Vec::new())),
        name if !is_optional || KEPT.contains(&name) => Ok(Cleaned::Kept),
        // Of broken notes nothing is kept, of broken pixels all.
        _ if !chunk.is_whole => Ok(Cleaned::Gone),
        b"eXIf" => exif(content, work),
        b"tEXt" | b"zTXt" | b"iTXt" => text::cleaned(chunk.name, content, work),
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
