//! JPEG, in place: segments keep their lengths, so every offset in the file stays right.

use std::ops::Range;

use super::{Work, bytes, iptc, tiff, words};
use crate::Error;

const PACKET: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// A piece of a packet too long for one segment: a digest, the whole length, this piece's offset.
const LONG_PACKET: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const LONG_PACKET_DIGEST: usize = 32;
/// What a picture needs, and what can hold no place: JFIF, colour profiles, where the pictures
/// behind this one lie, how gain maps are applied, and how Adobe wrote it.
const KEPT: [(u8, &[u8]); 7] = [
    (0xE0, b"JFIF\0"),
    (0xE0, b"AVI1"),
    (0xE2, b"ICC_PROFILE\0"),
    (0xE2, b"MPF\0"),
    (0xE2, b"urn:iso:std:iso:ts:21496:-1\0"),
    (0xEC, b"Ducky"),
    (0xEE, b"Adobe"),
];

/// Cleans a file; cuts off what follows the picture, but for other JPEGs.
pub(super) fn file(mut bytes: Vec<u8>, work: &mut Work) -> Result<Vec<u8>, Error> {
    let kept = clean(&mut bytes, work)?;
    bytes.truncate(kept);
    Ok(bytes)
}

/// Cleans a JPEG inside a block that keeps its length. What is no JPEG stays as it is.
pub(super) fn clean_part(part: &mut [u8], work: &mut Work) -> Result<(), Error> {
    if part.starts_with(&[0xFF, 0xD8, 0xFF]) {
        let kept = work.inside(|work| clean(part, work))?;
        part[kept..].fill(0);
    }
    Ok(())
}

/// Cleans a JPEG and those behind it; returns how many bytes may stay.
///
/// Cameras append second views, gain maps and previews, each with notes of its own; and films,
/// whose notes are not ours to read.
fn clean(bytes: &mut [u8], work: &mut Work) -> Result<usize, Error> {
    let Some(mut end) = picture(bytes, work)? else { return Ok(bytes.len()) };
    loop {
        let padding = bytes[end..].iter().take_while(|byte| matches!(byte, 0 | 0xFF)).count();
        // The first byte of a JPEG looks like padding.
        let next = end + padding;
        if next == bytes.len() {
            return Ok(next);
        }
        let next = next.saturating_sub(1).max(end);
        if !bytes[next..].starts_with(&[0xFF, 0xD8, 0xFF]) {
            return Ok(end);
        }
        match picture(&mut bytes[next..], work)? {
            Some(length) => end = next + length,
            None => return Ok(end),
        }
    }
}

/// Cleans one picture; returns where it ends, if it does.
fn picture(bytes: &mut [u8], work: &mut Work) -> Result<Option<usize>, Error> {
    let mut at = 2;
    let mut long_packets = Vec::new();
    let mut end = None;
    while let Some((marker, start)) = next_marker(bytes, at) {
        work.spend(start - at)?;
        at = start;
        match marker {
            0x01 | 0xD0..=0xD8 => continue,
            0xD9 => {
                end = Some(start);
                break;
            }
            _ => {}
        }
        let Some(length) = bytes::be16(bytes, start) else { break };
        let segment = bytes::clipped(bytes, start, usize::from(length).max(2));
        at = segment.end;
        work.spend(segment.len())?;
        let body = segment.start + 2..segment.end;
        if marker == 0xE1 && bytes[body.clone()].starts_with(LONG_PACKET) {
            long_packets.push(body);
        } else {
            clean_segment(marker, &mut bytes[body], work)?;
        }
    }
    clean_long_packets(bytes, long_packets);
    Ok(end)
}

/// Finds the next marker and what follows it, over fill bytes, pixels and garbage as decoders do.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr::memchr(0xFF, bytes.get(at..)?)? + 1;
        let marker = *bytes.get(at)?;
        if !matches!(marker, 0 | 0xFF) {
            return Some((marker, at + 1));
        }
    }
}

fn clean_segment(marker: u8, body: &mut [u8], work: &mut Work) -> Result<(), Error> {
    match marker {
        0xFE if words::holds_position(body) => body.fill(b' '),
        0xE0..=0xEF => clean_notes(marker, body, work)?,
        _ => {}
    }
    Ok(())
}

/// Cleans the segment of an application; empties those that are not known.
fn clean_notes(marker: u8, body: &mut [u8], work: &mut Work) -> Result<(), Error> {
    if body.starts_with(b"Exif\0")
        && let Some(block) = body.get_mut(6..)
    {
        return tiff::clean_block(block, work);
    }
    if body.starts_with(PACKET) {
        words::clean_packet(&mut body[PACKET.len()..]);
    } else if body.starts_with(iptc::PHOTOSHOP) {
        iptc::clean_resources(&mut body[iptc::PHOTOSHOP.len()..], work)?;
    } else if !KEPT.iter().any(|(kept, name)| *kept == marker && body.starts_with(name)) {
        body.fill(0);
    }
    Ok(())
}

/// Empties long packets that name a place. A name may be cut in two, so the pieces are read as
/// one, in their own order.
fn clean_long_packets(bytes: &mut [u8], mut pieces: Vec<Range<usize>>) {
    let digest = |piece: &Range<usize>| {
        let start = piece.start + LONG_PACKET.len();
        bytes::clipped(bytes, start, LONG_PACKET_DIGEST + 8)
    };
    // Digest, length, offset: sorting by them puts together what belongs together.
    pieces.sort_by(|a, b| bytes[digest(a)].cmp(&bytes[digest(b)]));
    let mut text = Vec::new();
    for piece in &pieces {
        text.extend_from_slice(&bytes[digest(piece).end.min(piece.end)..piece.end]);
    }
    if words::name_place(&text) {
        for piece in pieces {
            bytes[piece].fill(0);
        }
    }
}
