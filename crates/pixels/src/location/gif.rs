//! GIF: extensions are kept or left out.

use super::{bytes, words};
use crate::{Error, Format};

/// Applications whose extensions hold no place: how often to play, and colour profiles.
const KEPT: [&[u8]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];
const PACKET: &[u8] = b"XMP DataXMP";

const EXTENSION: u8 = 0x21;
const PICTURE: u8 = 0x2C;
const END: u8 = 0x3B;

/// Cleans a file; what follows its end is cut off.
pub(super) fn file(file: &[u8]) -> Result<Vec<u8>, Error> {
    let too_short = || Error::malformed(Format::Gif, "the file ends inside the header");
    let mut at = 13 + palette(*file.get(10).ok_or_else(too_short)?);
    let mut clean = file.get(..at).ok_or_else(too_short)?.to_vec();
    while let Some(kind) = file.get(at) {
        let end = match *kind {
            EXTENSION => blocks_end(file, at + 2),
            PICTURE => picture_end(file, at),
            // What is no block ends the walk of every reader, as the end does.
            _ => {
                clean.push(END);
                break;
            }
        };
        let block = &file[at..end.unwrap_or(file.len())];
        if *kind == PICTURE || (end.is_some() && is_kept(block)) {
            clean.extend_from_slice(block);
        }
        at += block.len();
    }
    Ok(clean)
}

/// Bytes of the palette that flags announce.
fn palette(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 * (2 << (flags & 7)) }
}

/// Where a picture ends, if it does.
fn picture_end(file: &[u8], at: usize) -> Option<usize> {
    // Behind its corners come flags, a palette and the size of its first code.
    let flags = *file.get(at + 9)?;
    blocks_end(file, at + 10 + palette(flags) + 1)
}

/// Where a chain of blocks ends, if it does.
fn blocks_end(file: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let size = usize::from(*file.get(at)?);
        at += 1 + size;
        if size == 0 {
            return Some(at);
        }
    }
}

/// Whether an extension may stay.
fn is_kept(extension: &[u8]) -> bool {
    let name = || extension.get(3..14).unwrap_or_default();
    match bytes::array(extension, 1) {
        // How to show the next picture, and text that is drawn.
        Some([0xF9 | 0x01]) => true,
        Some([0xFE]) => !words::holds_position(&joined(extension)),
        // A packet is not cut into blocks, whatever the format says.
        Some([0xFF]) if name() == PACKET => {
            !words::name_place(extension) && !words::name_place(&joined(extension))
        }
        Some([0xFF]) => KEPT.contains(&name()),
        _ => false,
    }
}

/// The content of an extension's blocks.
fn joined(extension: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(extension.len());
    let mut at = 2;
    while let Some(size) = extension.get(at).copied().filter(|size| *size > 0) {
        content.extend_from_slice(&extension[bytes::clipped(extension, at + 1, size.into())]);
        at += 1 + usize::from(size);
    }
    content
}
