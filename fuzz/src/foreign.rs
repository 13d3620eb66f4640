//! Finds what a variant must not hold: parts of the file that are not needed to show it.

use pixels::{Format, Rendered};

/// The names of the parts of a file of ours that hold something else than pixels.
pub fn foreign_parts(made: &Rendered) -> Vec<String> {
    match made.format {
        Format::Jpeg => jpeg(&made.bytes),
        Format::Png => png(&made.bytes),
        Format::Gif => gif(&made.bytes),
        Format::WebP => webp(&made.bytes),
        other => vec![format!("{other} is not written by the recipes here")],
    }
}

/// Markers up to the first scan; JFIF's is the one that may carry application data.
fn jpeg(bytes: &[u8]) -> Vec<String> {
    let mut foreign = Vec::new();
    let mut at = 2;
    while let Some(&[0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        let body = bytes.get(at + 4..).unwrap_or_default();
        match marker {
            0xDA => return foreign,
            0xC0..=0xC4 | 0xDB | 0xDD => {}
            0xE0 if body.starts_with(b"JFIF\0") => {}
            _ => foreign.push(format!("marker {marker:02X}")),
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    foreign.push(format!("no scan before byte {at}"));
    foreign
}

fn png(bytes: &[u8]) -> Vec<String> {
    let known: &[&[u8; 4]] =
        &[b"IHDR", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"IDAT", b"fdAT", b"IEND"];
    let size = |head: &[u8]| u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize + 4;
    chunks(bytes, 8, |head| (size(head), [head[4], head[5], head[6], head[7]]), known)
}

fn webp(bytes: &[u8]) -> Vec<String> {
    let known: &[&[u8; 4]] = &[b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"];
    let size = |head: &[u8]| u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let named =
        |head: &[u8]| (size(head).next_multiple_of(2), [head[0], head[1], head[2], head[3]]);
    chunks(bytes, 12, named, known)
}

/// Walks chunks of an eight-byte head each, to the very end of the file.
fn chunks(
    bytes: &[u8],
    mut at: usize,
    read: impl Fn(&[u8]) -> (usize, [u8; 4]),
    known: &[&[u8; 4]],
) -> Vec<String> {
    let mut foreign = Vec::new();
    while let Some(head) = bytes.get(at..at + 8) {
        let (size, name) = read(head);
        if !known.contains(&&name) {
            foreign.push(name.escape_ascii().to_string());
        }
        at += 8 + size;
    }
    if at != bytes.len() {
        foreign.push(format!("chunks end at byte {at} of {}", bytes.len()));
    }
    foreign
}

/// Blocks of a GIF: pictures, their controls, and the one extension that says how often it plays.
fn gif(bytes: &[u8]) -> Vec<String> {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 6 << (flags & 7) };
    let mut foreign = Vec::new();
    let mut at = 13 + table(bytes[10]);
    loop {
        match bytes.get(at..).unwrap_or_default() {
            [0x3B] => return foreign,
            [0x2C, ..] if bytes.len() > at + 11 => at += 11 + table(bytes[at + 9]),
            [0x21, 0xF9, ..] => at += 2,
            [0x21, 0xFF, 11, rest @ ..] if rest.starts_with(b"NETSCAPE2.0") => at += 2,
            [0x21, label, ..] => {
                foreign.push(format!("extension {label:02X}"));
                at += 2;
            }
            _ => {
                foreign.push(format!("no block at byte {at} of {}", bytes.len()));
                return foreign;
            }
        }
        while let Some(size) = bytes.get(at).filter(|size| **size > 0) {
            at += 1 + usize::from(*size);
        }
        at += 1;
    }
}
