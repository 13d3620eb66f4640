//! JPEG, in place: segments keep their lengths, so every offset in the file stays right.

use std::ops::Range;

use super::{Work, bytes, cannot, iptc, tiff, words};
use crate::{
    Error,
    container::jpeg::{Extent, Pixels, SCAN, Segment, extent},
};

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

/// What notes have in them and pixels do not: so many given bytes in a row come about by chance
/// once in many billions of pictures.
const NOTES: [&[u8]; 3] = [b"<x:xmpmeta", b"http://ns.adobe.com/", b"MotionPhoto_Data"];
/// What is noted about a segment, in bytes.
const SEGMENT_WORK: usize = 40;

/// Cleans a file; cuts off what follows the picture, but for other JPEGs.
pub(super) fn file(mut bytes: Vec<u8>, work: &mut Work) -> Result<Vec<u8>, Error> {
    let kept = clean(&mut bytes, work)?;
    let unknown = || cannot("pixels of which nobody can tell where they end");
    bytes.truncate(kept.ok_or_else(unknown)?);
    Ok(bytes)
}

/// Cleans a JPEG inside a block that keeps its length. What is no JPEG stays as it is.
pub(super) fn clean_part(part: &mut [u8], work: &mut Work) -> Result<(), Error> {
    if part.starts_with(&[0xFF, 0xD8, 0xFF]) {
        let kept = work.inside(|work| clean(part, work))?;
        part[kept.unwrap_or(0)..].fill(0);
    }
    Ok(())
}

/// Cleans a JPEG and those behind it; returns how many bytes may stay, if anybody can tell.
///
/// Cameras append second views, gain maps and previews, each with notes of its own; and films,
/// whose notes are not ours to read.
fn clean(bytes: &mut [u8], work: &mut Work) -> Result<Option<usize>, Error> {
    let Some((mut end, mut is_ended)) = picture(bytes, work)? else { return Ok(None) };
    loop {
        let padding = bytes[end..].iter().take_while(|byte| matches!(byte, 0 | 0xFF)).count();
        // The first byte of a JPEG looks like padding.
        let next = end + padding;
        if next == bytes.len() {
            // Half an end marker is all that may follow a picture without one.
            return Ok(Some(if is_ended || padding <= 1 { next } else { end }));
        }
        let next = next.saturating_sub(1).max(end);
        if !bytes[next..].starts_with(&[0xFF, 0xD8, 0xFF]) {
            return Ok(Some(end));
        }
        match picture(&mut bytes[next..], work)? {
            Some((length, true)) => (end, is_ended) = (next + length, true),
            _ => return Ok(Some(end)),
        }
    }
}

/// Cleans one picture; returns where it ends, and whether an end marker says so. Nothing when
/// nobody can tell.
///
/// What lies between its segments and its pixels is emptied: no decoder reads it, and nobody
/// knows what others read there.
fn picture(bytes: &mut [u8], work: &mut Work) -> Result<Option<(usize, bool)>, Error> {
    let walked = extent(bytes, work.left() as u64);
    let walked = walked.ok_or_else(|| cannot("more passes than can be looked at"))?;
    let Extent { mut end, mut is_ended, segments, gaps, blocks, pixels } = walked;
    if pixels == Pixels::Unknown && !is_ended {
        return Ok(None);
    }
    work.spend(blocks as usize)?;
    work.spend(end.saturating_add(segments.len().saturating_mul(SEGMENT_WORK)))?;
    let mut long_packets = Vec::new();
    for gap in gaps {
        // Without a marker behind the first one nobody takes the file for a JPEG: fill bytes belong to one.
        let empty = if gap.start == 2 { 0xFF } else { 0 };
        bytes[gap].fill(empty);
    }
    let mut scan_start = None;
    for Segment { marker, start, body } in segments {
        let (start, body) = (start as usize, body.start as usize..body.end as usize);
        if let Some(from) = scan_start.take()
            && let Some(film) = film(&bytes[from..start])
        {
            (end, is_ended) = (from + film, false);
            break;
        }
        if marker == SCAN {
            scan_start = Some(body.end);
        }
        if marker == 0xE1 && bytes[body.clone()].starts_with(LONG_PACKET) {
            long_packets.push(body);
        } else {
            clean_segment(marker, &mut bytes[body], work)?;
        }
    }
    clean_long_packets(bytes, long_packets);
    if let Some(from) = scan_start
        && let Some(film) = film(&bytes[from..end])
    {
        (end, is_ended) = (from + film, false);
    }
    Ok(Some((end, is_ended)))
}

/// Where something that is no pixels begins among them. A picture that is cut may be followed by
/// a film, and every decoder takes the film's first bytes for pixels.
fn film(pixels: &[u8]) -> Option<usize> {
    // Behind the length of the box that every film begins with: a few dozen bytes.
    let begins = |at: &usize| *at >= 4 && pixels[at - 4..at - 1] == [0; 3];
    let film = memchr::memmem::find_iter(pixels, b"ftyp").find(begins).map(|at| at - 4);
    let notes = NOTES.iter().filter_map(|name| memchr::memmem::find(pixels, name));
    notes.chain(film).min()
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
