//! Finds what a variant must not hold: parts of the file that are not needed to show it.
//!
//! Nothing of the crate under test helps here. Fuzz targets judge by this file, too.

use pixels::{Format, Rendered};

/// The names of the parts of a file of ours that hold something else than pixels.
pub(crate) fn foreign_parts(made: &Rendered) -> Vec<String> {
    match made.format {
        Format::Jpeg => jpeg(&made.bytes),
        Format::Png => png(&made.bytes),
        Format::Gif => gif(&made.bytes),
        Format::WebP => webp(&made.bytes),
        Format::Avif => avif(&made.bytes, 0, made.bytes.len()),
        other => vec![format!("{other} is never written")],
    }
}

/// Markers of all scans; JFIF's is the one that may carry application data, but no thumbnail.
fn jpeg(bytes: &[u8]) -> Vec<String> {
    let mut foreign = Vec::new();
    let mut at = 2;
    while let Some(&[0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        let body = bytes.get(at + 4..).unwrap_or_default();
        let length = u16::from_be_bytes([high, low]);
        match marker {
            0xC0..=0xC4 | 0xDA | 0xDB | 0xDD => {}
            0xE0 if length == 16 && body.starts_with(b"JFIF\0") => {}
            _ => foreign.push(format!("marker {marker:02X}")),
        }
        at += 2 + usize::from(length);
        if marker == 0xDA {
            at += entropy_bytes(bytes.get(at..).unwrap_or_default());
        }
    }
    if bytes.get(at..) != Some(&[0xFF, 0xD9]) {
        foreign.push(format!("no end at byte {at} of {}", bytes.len()));
    }
    foreign
}

/// How many bytes there are up to the next marker that is no restart.
fn entropy_bytes(bytes: &[u8]) -> usize {
    let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7);
    bytes.windows(2).position(is_marker).unwrap_or(bytes.len())
}

fn png(bytes: &[u8]) -> Vec<String> {
    let known: &[&[u8; 4]] =
        &[b"IHDR", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"IDAT", b"fdAT", b"IEND"];
    let size = |head: &[u8]| u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize + 4;
    let named = |head: &[u8]| (size(head), [head[4], head[5], head[6], head[7]]);
    let mut foreign = chunks(bytes, 8, named, known);
    let ends = bytes.windows(8).filter(|window| window.starts_with(b"IEND\xAE\x42\x60\x82"));
    if ends.count() != 1 || !bytes.ends_with(b"IEND\xAE\x42\x60\x82") {
        foreign.push("bytes behind the end".to_owned());
    }
    foreign
}

fn riff_chunks(bytes: &[u8], at: usize, known: &[&[u8; 4]]) -> Vec<String> {
    let size = |head: &[u8]| u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let named =
        |head: &[u8]| (size(head).next_multiple_of(2), [head[0], head[1], head[2], head[3]]);
    chunks(bytes, at, named, known)
}

fn webp(bytes: &[u8]) -> Vec<String> {
    let known: &[&[u8; 4]] = &[b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"];
    let mut foreign = riff_chunks(bytes, 12, known);
    let claimed = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize;
    if claimed + 8 != bytes.len() {
        foreign.push(format!("a file of {claimed} bytes in one of {}", bytes.len() - 8));
    }
    // The flags of a profile, of Exif and of XMP.
    if bytes[12..].starts_with(b"VP8X") && bytes[20] & 0b0010_1100 != 0 {
        foreign.push(format!("flags {:08b}", bytes[20]));
    }
    for frame in webp_frames(bytes) {
        foreign.extend(riff_chunks(frame, 16, &[b"VP8 ", b"VP8L", b"ALPH"]));
    }
    foreign
}

/// The bodies of an animation's frames.
fn webp_frames(bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    let mut at = 12;
    while let Some(head) = bytes.get(at..at + 8) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if head.starts_with(b"ANMF") {
            frames.extend(bytes.get(at + 8..at + 8 + size));
        }
        at += 8 + size.next_multiple_of(2);
    }
    frames
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

/// Boxes of an AVIF: one item, which is the picture, perhaps another for its alpha.
fn avif(bytes: &[u8], mut at: usize, end: usize) -> Vec<String> {
    let mut foreign = Vec::new();
    while let Some(head) = bytes.get(at..at + 8) {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let body = &bytes[at + 8..];
        let inside = |from| avif(bytes, at + 8 + from, at + size);
        match &head[4..] {
            b"meta" => foreign.extend(inside(4)),
            b"iinf" => foreign.extend(inside(6)),
            b"iprp" | b"ipco" => foreign.extend(inside(0)),
            b"infe" if body[8..].starts_with(b"av01") => {}
            b"colr" if body.starts_with(b"nclx") => {}
            b"ftyp" | b"mdat" | b"hdlr" | b"pitm" | b"iloc" | b"iref" | b"ipma" | b"ispe"
            | b"pixi" | b"av1C" | b"auxC" => {}
            name => foreign.push(name.escape_ascii().to_string()),
        }
        at += size.max(8);
        if at >= end {
            break;
        }
    }
    if at != end {
        foreign.push(format!("boxes end at byte {at} of {end}"));
    }
    foreign
}
