//! Files made to cost much: little that is to be read again and again.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};

use super::cost::{noted, probed};
use crate::support::{Image, file};

fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    // Its sum is nobody's concern who only reads headers.
    [&(content.len() as u32).to_be_bytes(), name, content, &[0; 4]].concat()
}

/// A PNG with these chunks behind its header.
fn png(chunks: &[u8]) -> Vec<u8> {
    let plain = Image::gradient(9, 7).png();
    [&plain[..33], chunks, &plain[33..]].concat()
}

/// A packed text as `ImageMagick` keeps notes in.
fn packed_notes(text: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    packer.write_all(text).unwrap();
    let packed = packer.finish().unwrap();
    chunk(b"zTXt", &[b"Raw profile type exif\0\0", packed.as_slice()].concat())
}

fn box_of(name: &[u8], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), name, content].concat()
}

/// An AVIF whose picture is item 1 of 8x8 pixels and whose notes are item 9.
fn avif(associations: &[u8], locations: &[u8]) -> Vec<u8> {
    let size = box_of(b"ispe", &[0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8]);
    let properties = [box_of(b"ipco", &size), box_of(b"ipma", associations)].concat();
    let item = box_of(b"infe", b"\x02\0\0\0\0\x09\0\0Exif\0");
    let inside = [
        vec![0; 4],
        box_of(b"pitm", &[0, 0, 0, 0, 0, 1]),
        box_of(b"iinf", &[&[0, 0, 0, 0, 0, 1], item.as_slice()].concat()),
        box_of(b"iloc", locations),
        box_of(b"iprp", &properties),
    ];
    [box_of(b"ftyp", b"avif\0\0\0\0avifmif1"), box_of(b"meta", &inside.concat())].concat()
}

/// Reading the header and the notes are each quick and small.
fn check(bytes: &[u8]) {
    let (facts, cost) = probed(bytes);
    assert_eq!(cost.complaint(), None, "the header");
    let (_, cost) = noted(bytes, &facts.unwrap());
    assert_eq!(cost.complaint(), None, "the notes");
}

const ONE_PROPERTY: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1];

#[test]
fn packed_notes_take_no_more_memory_than_plain_ones() {
    check(&png(&packed_notes(&[b"\nexif\n  2000000\n".as_slice(), &vec![b'4'; 4 << 20]].concat())));
}

#[test]
fn notes_that_are_none_are_unpacked_once() {
    check(&png(&packed_notes(&vec![b'4'; 4 << 20]).repeat(100)));
}

#[test]
fn texts_that_are_no_notes_are_not_read() {
    let text = chunk(b"zTXt", &[b"Comment\0\0".as_slice(), &vec![7; 1_000_000]].concat());
    check(&png(&text.repeat(40)));
}

#[test]
fn extents_of_nothing_are_not_counted_one_by_one() {
    // Version 2; every number of an extent has 0 bytes; 65,535 items of 65,535 extents each.
    let mut locations = vec![2, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];
    for item in 0..65_535_u32 {
        locations.extend((item + 100).to_be_bytes());
        locations.extend([0, 0, 0, 0, 0xFF, 0xFF]);
    }
    check(&avif(ONE_PROPERTY, &locations));
}

#[test]
fn properties_of_one_item_are_told_once() {
    let mut associations = vec![0, 0, 0, 0, 0, 0, 0xFF, 0xFF];
    for _ in 0..65_535 {
        associations.extend([0, 1, 255]);
        associations.extend([1; 255]);
    }
    check(&avif(&associations, &[0; 8]));
}

#[test]
fn garbage_in_a_photo_is_passed_over_quickly() {
    let plain = file("orientation/synth_quad_1.jpg");
    for byte in [0, 0xFF] {
        let garbage = vec![byte; 10 << 20];
        check(&[&plain[..2], &[0xFF], &garbage, &plain[2..]].concat());
    }
}

#[test]
fn many_tiny_chunks_are_passed_over_quickly() {
    check(&png(&chunk(b"tEXt", b"").repeat(900_000)));
}
