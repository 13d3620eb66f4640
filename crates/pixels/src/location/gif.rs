//! GIF: extensions are kept or left out.

use std::io::Cursor;

use super::{bytes, words};
use crate::{
    Error, Format,
    container::{
        gif::{Blocks, Kind},
        part,
    },
    source::Source,
};

/// Applications whose extensions hold no place: how often to play, and colour profiles.
const KEPT: [&[u8]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];
const PACKET: &[u8] = b"XMP DataXMP";

const END: u8 = 0x3B;

/// Cleans a file; what follows its end is cut off.
pub(super) fn file(file: &[u8]) -> Result<Vec<u8>, Error> {
    let too_short = || Error::malformed(Format::Gif, "the file ends inside the header");
    let mut source = Source::new(Cursor::new(file)).map_err(|_| too_short())?;
    let (screen, mut blocks) = Blocks::of_file(&mut source).ok_or_else(too_short)?;
    let mut clean = part(file, &(0..screen.end)).to_vec();
    while let Some(block) = blocks.next(&mut source) {
        let all = part(file, &block.all);
        match block.kind {
            Kind::Picture(_) => clean.extend_from_slice(all),
            Kind::Extension(label) if block.is_whole && is_kept(label, all) => {
                clean.extend_from_slice(all);
            }
            Kind::Extension(_) => {}
            // What is no block ends the walk of every reader, as the end does.
            Kind::End => clean.push(END),
        }
    }
    Ok(clean)
}

/// Whether an extension may stay.
fn is_kept(label: u8, extension: &[u8]) -> bool {
    let name = || extension.get(3..14).unwrap_or_default();
    match label {
        // How to show the next picture, and text that is drawn.
        0xF9 | 0x01 => true,
        0xFE => !words::holds_position(&joined(extension)),
        // A packet is not cut into blocks, whatever the format says.
        0xFF if name() == PACKET => {
            !words::name_place(extension) && !words::name_place(&joined(extension))
        }
        0xFF => KEPT.contains(&name()),
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
