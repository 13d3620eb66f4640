//! Made files that tell the place in every way we know of, one format after the other.

use std::io::{Cursor, Write};

use pixels::{Limits, Metadata, Recipe, metadata, probe, without_location};

use super::blocks::{
    LAT, LON, block, bytes, contains, directory, exif, holds_position, long, rationals, text,
};
use crate::support::{file, look};

pub(crate) const PACKET: &[u8] =
    b"<x:xmpmeta><rdf:Description exif:GPSLatitude='48,51.4933N'/></x:xmpmeta>";
const PLAIN_PACKET: &[u8] = b"<x:xmpmeta><rdf:Description dc:title='Tower'/></x:xmpmeta>";

/// A segment of a JPEG.
pub(crate) fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    [&[0xFF, marker], ((body.len() + 2) as u16).to_be_bytes().as_slice(), body].concat()
}

/// A small JPEG with these segments at its start.
pub(crate) fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    let plain = file("orientation/synth_quad_1.jpg");
    // Without its own notes, which come first.
    let mut at = 2;
    while plain[at + 1] >= 0xE0 && plain[at + 1] <= 0xEF {
        at += 2 + usize::from(u16::from_be_bytes([plain[at + 2], plain[at + 3]]));
    }
    [&plain[..2], &segments.concat(), &plain[at..]].concat()
}

pub(crate) fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let body = [name, content].concat();
    let checksum = crc32fast::hash(&body).to_be_bytes();
    [&(content.len() as u32).to_be_bytes(), body.as_slice(), &checksum].concat()
}

/// A small PNG with these chunks behind its header.
pub(crate) fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    let plain = crate::support::Image::gradient(9, 7).png();
    [&plain[..33], &chunks.concat(), &plain[33..]].concat()
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

/// A profile as `ImageMagick` writes it.
fn profile(name: &str, block: &[u8]) -> Vec<u8> {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap();
    let digits = block.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    format!("\n{name}\n{:8}\n{}\n", block.len(), digits.collect::<String>()).into_bytes()
}

fn riff(name: &[u8], content: &[u8]) -> Vec<u8> {
    let padding = vec![0; content.len() % 2];
    [name, (content.len() as u32).to_le_bytes().as_slice(), content, &padding].concat()
}

/// An extended WebP with these chunks behind its pixels.
fn webp(flags: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
    let plain = file("formats/image-webp__color_index.webp");
    let facts = probe(Cursor::new(&plain), &Limits::default()).unwrap();
    let [w0, w1, w2, _] = (facts.width - 1).to_le_bytes();
    let [h0, h1, h2, _] = (facts.height - 1).to_le_bytes();
    let header = riff(b"VP8X", &[flags, 0, 0, 0, w0, w1, w2, h0, h1, h2]);
    let body = [b"WEBP", header.as_slice(), &plain[12..], &chunks.concat()].concat();
    riff(b"RIFF", &body)
}

pub(crate) fn gif(extensions: &[u8]) -> Vec<u8> {
    let start = b"GIF89a\x01\0\x01\0\x80\0\0\xff\0\0\0\0\0";
    [start, extensions, b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"].concat()
}

/// A grey pixel in a TIFF, with more entries and a position.
fn tiff(more: &[super::blocks::Entry]) -> Vec<u8> {
    let mut entries = vec![
        long(256, 1),
        long(257, 1),
        (258, 3, 1, vec![8, 0]),
        (259, 3, 1, vec![1, 0]),
        (262, 3, 1, vec![1, 0]),
        long(273, 8),
        long(278, 1),
        long(279, 1),
    ];
    entries.extend(more.iter().cloned());
    // The pixel is the first byte of the directory: anything will do.
    exif(&entries)
}

/// One file of each format, with all the notes there are.
pub(crate) fn full_of_notes() -> Vec<Vec<u8>> {
    let block = exif(&[]);
    let named = [b"Exif\0\0".as_slice(), &block].concat();
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0", PACKET].concat();
    let application = [b"\x21\xFF\x0BXMP DataXMP", packet_blocks(PACKET).as_slice()].concat();
    vec![
        jpeg(&[segment(0xE1, &named), segment(0xE1, &xmp), segment(0xED, &photoshop())]),
        png(&[chunk(b"eXIf", &block), chunk(b"iTXt", &international(PACKET)), raw_profile(&named)]),
        webp(0x0C, &[riff(b"EXIF", &block), riff(b"XMP ", PACKET)]),
        gif(&application),
        tiff(&[bytes(700, PACKET), bytes(33723, &records())]),
        avif(),
        icon(),
    ]
}

fn packet_blocks(content: &[u8]) -> Vec<u8> {
    [&[content.len() as u8], content, &[0]].concat()
}

fn international(packet: &[u8]) -> Vec<u8> {
    [b"XML:com.adobe.xmp\0\0\0\0\0", packet].concat()
}

fn raw_profile(block: &[u8]) -> Vec<u8> {
    let text = packed(&profile("exif", block));
    chunk(b"zTXt", &[b"Raw profile type exif\0\0", text.as_slice()].concat())
}

fn records() -> Vec<u8> {
    [b"\x1C\x02\x05\0\x05Tower", b"\x1C\x02\x5A\0\x05Paris".as_slice(), b"\x1C\x02\x50\0\x02Me"]
        .concat()
}

fn photoshop() -> Vec<u8> {
    let records = records();
    let size = (records.len() as u32).to_be_bytes();
    let mut body = [b"Photoshop 3.0\08BIM\x04\x04\0\0", size.as_slice(), &records].concat();
    body.resize(body.len() + records.len() % 2, 0);
    body.extend(b"8BIM\x04\x25\0\0\0\0\0\x02ok");
    body
}

pub(crate) fn icon() -> Vec<u8> {
    let picture = png(&[chunk(b"eXIf", &exif(&[]))]);
    let size = (picture.len() as u32).to_le_bytes();
    let header = b"\0\0\x01\0\x01\0\x09\x07\0\0\x01\0\x20\0";
    [header, size.as_slice(), &22_u32.to_le_bytes(), &picture].concat()
}

/// An AVIF of nothing but notes.
fn avif() -> Vec<u8> {
    full_box(b"ftyp", b"avif\0\0\0\0avif").into_iter().chain(meta_with_notes()).collect()
}

pub(crate) fn full_box(name: &[u8], content: &[u8]) -> Vec<u8> {
    [((content.len() + 8) as u32).to_be_bytes().as_slice(), name, content].concat()
}

/// Exif (split in two parts) and XMP, in `idat`.
fn meta_with_notes() -> Vec<u8> {
    let exif = [&[0; 4], exif(&[]).as_slice()].concat();
    let data = [exif.as_slice(), PACKET].concat();
    let word = |number: usize| (number as u16).to_be_bytes();
    let entry =
        |id: u8, rest: &[u8]| full_box(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], rest].concat());
    let entries = [entry(1, b"Exif\0"), entry(2, b"mime\0application/rdf+xml\0")].concat();
    let list = full_box(b"iinf", &[&[0, 0, 0, 0, 0, 2], entries.as_slice()].concat());
    // Offsets and lengths of four bytes, of data in `idat`.
    let part = |from: usize, to: usize| {
        [(from as u32).to_be_bytes(), ((to - from) as u32).to_be_bytes()].concat()
    };
    let item = |id: usize, parts: &[Vec<u8>]| {
        [&word(id)[..], &word(1), &word(0), &word(parts.len()), &parts.concat()].concat()
    };
    let items =
        [item(1, &[part(0, 50), part(50, exif.len())]), item(2, &[part(exif.len(), data.len())])];
    let table = [&[1, 0, 0, 0, 0x44, 0, 0, 2], items.concat().as_slice()].concat();
    let handler = full_box(b"hdlr", b"\0\0\0\0\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let udta = full_box(b"udta", b"+48.8577+002.295/");
    let boxes = [handler, list, full_box(b"iloc", &table), full_box(b"idat", &data), udta].concat();
    full_box(b"meta", &[&[0; 4], boxes.as_slice()].concat())
}

/// Cleans a file and looks at what is left.
fn cleaned(file: &[u8]) -> Vec<u8> {
    let clean = without_location(file.to_vec()).unwrap();
    assert!(!holds_position(&clean) && !contains(&clean, b"GPS") && !contains(&clean, b"Paris"));
    clean
}

fn notes(file: &[u8]) -> Metadata {
    let facts = probe(Cursor::new(file), &Limits::default()).unwrap();
    metadata(Cursor::new(file), &facts)
}

/// The camera stays, the place goes, and the picture looks as before.
fn check(file: &[u8]) -> Vec<u8> {
    let clean = cleaned(file);
    let (before, after) = (notes(file), notes(&clean));
    assert!(before.gps.is_some() && before.make.as_deref() == Some("Minilab"), "{before:?}");
    assert_eq!(after, Metadata { gps: None, ..before });
    assert_eq!(look(&clean, &Recipe::default()), look(file, &Recipe::default()));
    clean
}

#[test]
fn the_place_goes_from_every_kind_of_note() {
    for file in full_of_notes() {
        let clean = cleaned(&file);
        assert_ne!(clean, file);
        assert_eq!(without_location(clean.clone()).unwrap(), clean);
    }
}

#[test]
fn a_jpeg_keeps_its_length_and_every_other_note() {
    let exif = [b"Exif\0\0".as_slice(), &exif(&[])].concat();
    let segments = [
        segment(0xE1, &exif),
        segment(0xED, &photoshop()),
        segment(0xE6, b"GoPro\0GPS5"),
        segment(0xFE, b"a city by night"),
        segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", PLAIN_PACKET].concat()),
    ];
    let file = jpeg(&segments);
    let clean = check(&file);
    assert_eq!(clean.len(), file.len());
    assert!(contains(&clean, b"a city by night") && contains(&clean, PLAIN_PACKET));
    assert!(contains(&clean, b"Tower\x1C\x02\x50\0\x02Me\0") && contains(&clean, b"\x02ok"));
}

#[test]
fn a_packet_cut_in_pieces_is_read_as_one() {
    let piece = |offset: u8, text: &[u8]| {
        let head = [[b'A'; 32].as_slice(), &[0, 0, 0, 40, 0, 0, 0, offset]].concat();
        segment(0xE1, &[b"http://ns.adobe.com/xmp/extension/\0", head.as_slice(), text].concat())
    };
    let pieces = [piece(9, b"Latitude='48,51N'/>"), piece(0, b"<exif:GPS")];
    assert!(!contains(&cleaned(&jpeg(&pieces)), b"48,51N"));
    let plain = jpeg(&[piece(9, b"Spectrum='48,51N'/>"), piece(0, b"<some:Map")]);
    assert_eq!(cleaned(&plain), plain);
}

#[test]
fn a_png_tells_no_place_in_any_of_its_texts() {
    let named = [b"Exif\0\0".as_slice(), &exif(&[])].concat();
    let clean = check(&png(&[raw_profile(&named)]));
    let clean_plain = check(&png(&[
        chunk(b"eXIf", &exif(&[])),
        chunk(b"tEXt", b"exif:GPSLatitude\x0048/1"),
        chunk(b"tEXt", b"Location\0Paris"),
        chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\x01\0\0\0", packed(PACKET).as_slice()].concat()),
        chunk(b"tEXt", b"Title\0a city by night"),
        chunk(b"caBX", b"stds.exif Paris"),
    ]));
    assert!(contains(&clean_plain, b"a city by night"));
    assert!(!contains(&clean_plain, b"iTXt") && contains(&clean, b"zTXt"));
}

#[test]
fn a_webp_without_its_packet_says_so() {
    let clean = check(&webp(0x0C, &[riff(b"EXIF", &exif(&[])), riff(b"XMP ", PACKET)]));
    assert_eq!(clean[20], 0x08);
    assert_eq!(u32::from_le_bytes(clean[4..8].try_into().unwrap()) as usize + 8, clean.len());
}

#[test]
fn a_gif_keeps_its_loop_and_loses_its_packet() {
    let forever = b"\x21\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0";
    let remark = b"\x21\xFE\x06hello!\0";
    let packet = [b"\x21\xFF\x0BXMP DataXMP", packet_blocks(PACKET).as_slice()].concat();
    let clean = cleaned(&gif(&[forever, packet.as_slice(), remark].concat()));
    assert_eq!(clean, gif(&[forever.as_slice(), remark].concat()));
}

#[test]
fn a_tiff_loses_its_place_on_the_map_too() {
    let map = (33922, 12, 6, vec![7; 48]);
    let file = tiff(&[bytes(700, PACKET), bytes(33723, &records()), map]);
    let clean = cleaned(&file);
    assert_eq!(clean.len(), file.len());
    assert!(!contains(&clean, &[7; 48]) && contains(&clean, b"Tower"));
    assert_eq!(notes(&clean), Metadata { gps: None, ..notes(&file) });
}

#[test]
fn numbers_that_other_notes_share_stay() {
    // The position's numbers lie inside the artist's name.
    let artist = [rationals(LAT), rationals(LON)].concat();
    let file = jpeg(&[segment(0xE1, &[b"Exif\0\0".as_slice(), &shared(&artist)].concat())]);
    let clean = without_location(file.clone()).unwrap();
    assert!(contains(&clean, &artist));
    assert_eq!(notes(&clean), Metadata { gps: None, ..notes(&file) });
}

/// A block whose GPS directory points into another note.
fn shared(artist: &[u8]) -> Vec<u8> {
    let place = |at: u32| {
        let pointer = |tag, from: u32| (tag, 5, 3, vec![from as u8; 24]);
        vec![text(1, "N"), pointer(2, at), text(3, "E"), pointer(4, at + 24)]
    };
    let made = block(&[(0x13B, 2, artist.len() as u32, artist.to_vec())], &place(0));
    let at = made.windows(artist.len()).position(|window| window == artist).unwrap() as u32;
    let table = made.len() - directory(0, &place(0), 0).len();
    let mut made = made;
    made[table + 2 + 12 + 8..][..4].copy_from_slice(&at.to_le_bytes());
    made[table + 2 + 36 + 8..][..4].copy_from_slice(&(at + 24).to_le_bytes());
    made
}

#[test]
fn directories_in_a_circle_end() {
    let header = [b"II\x2A\0".as_slice(), &8_u32.to_le_bytes()].concat();
    let circle = [header, directory(8, &[long(0x8769, 8), long(0x8825, 8)], 8)].concat();
    let file = jpeg(&[segment(0xE1, &[b"Exif\0\0".as_slice(), &circle].concat())]);
    let clean = without_location(file.clone()).unwrap();
    assert_eq!(clean.len(), file.len());
    assert_eq!(notes(&clean), Metadata::default());
}

#[test]
fn places_in_maker_notes_go() {
    let city = (0x6D, 7, 8, b"Paris\0\0\0".to_vec());
    let quality = (0x01, 3, 1, vec![2, 0]);
    let made = |at: u32| {
        let note = directory(at, &[quality.clone(), city.clone()], 0);
        exif(&[bytes(0x927C, &[b"Panasonic\0\0\0", note.as_slice()].concat())])
    };
    let at = made(0).windows(12).position(|window| window == b"Panasonic\0\0\0").unwrap() + 12;
    let clean =
        check(&jpeg(&[segment(0xE1, &[b"Exif\0\0".as_slice(), &made(at as u32)].concat())]));
    assert!(contains(&clean, b"Panasonic\0\0\0\x02\0\x01\0\x03"));
}

#[test]
fn notes_that_overlap_are_refused() {
    let mut file = avif();
    let table = memchr::memmem::find(&file, b"iloc").unwrap();
    // The second part of the Exif item begins inside the first.
    let second = table + 4 + 8 + 8 + 8;
    assert_eq!(file[second..second + 4], 50_u32.to_be_bytes());
    file[second + 3] = 10;
    let error = without_location(file).unwrap_err();
    assert!(error.to_string().contains("overlap"), "{error}");
}

#[test]
fn a_track_of_notes_is_refused() {
    let handler = full_box(b"hdlr", b"\0\0\0\0\0\0\0\0meta\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let movie = full_box(b"moov", &full_box(b"trak", &full_box(b"mdia", &handler)));
    let error = without_location([avif(), movie].concat()).unwrap_err();
    assert!(error.to_string().contains("a track"), "{error}");
}

#[test]
fn texts_that_unpack_to_too_much_go_or_are_refused() {
    let bomb = [b"Comment\0\0", packed(&vec![b' '; 5 << 20]).as_slice()].concat();
    let one = cleaned(&png(&[chunk(b"zTXt", &bomb)]));
    assert_eq!(one, png(&[]));
    let many = vec![chunk(b"zTXt", &bomb); 20];
    assert!(without_location(png(&many)).is_err());
}

#[test]
fn what_is_no_picture_is_refused() {
    for bytes in [&b""[..], b"%PDF-1.7", b"8BPS"] {
        assert!(without_location(bytes.to_vec()).is_err());
    }
    let bitmap = file("formats/image__Core_1_Bit.bmp");
    assert_eq!(without_location(bitmap.clone()).unwrap(), bitmap);
}
