//! What stands in a file and belongs to no part of its picture.

use pixels::{Recipe, without_location};

use super::{
    blocks::{Entry, contains, directory, exif, holds_position, long},
    formats::{PACKET, chunk, full_box, gif, icon, jpeg, png, segment},
};
use crate::support::{file, look};

const FIGURES: &[u8] = b"+48.8577+002.2945/";

/// Whatever tells a place.
fn leftovers() -> Vec<(&'static str, Vec<u8>)> {
    let named = [b"Exif\0\0".as_slice(), &exif(&[])].concat();
    let film = [full_box(b"ftyp", b"mp42\0\0\0\0mp42"), full_box(b"\xA9xyz", FIGURES)].concat();
    vec![
        ("a film", film),
        ("a packet", PACKET.to_vec()),
        ("a JPEG", jpeg(&[segment(0xE1, &named)])),
        ("Exif", exif(&[])),
        ("a trailer of Samsung's", [b"\0\0\x01\x0A\x08\0\0\0", FIGURES, b"SEFHSEFT"].concat()),
    ]
}

fn tells(file: &[u8]) -> bool {
    holds_position(file) || contains(file, FIGURES) || contains(file, b"GPSLatitude")
}

/// Cleans a file with leftovers; they go, and it looks as without them.
fn check(plain: &[u8], file: &[u8], what: &str) -> Vec<u8> {
    assert!(tells(file), "{what}");
    let clean = without_location(file.to_vec()).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(!tells(&clean), "{what}");
    assert_eq!(look(&clean, &Recipe::default()), look(plain, &Recipe::default()), "{what}");
    assert_eq!(without_location(clean.clone()).as_ref(), Ok(&clean), "{what}");
    clean
}

/// A file with a hole: its bytes up to there, and the number there that tells where the rest is.
fn with_hole(plain: &[u8], at: usize, offset: usize, filling: &[u8]) -> Vec<u8> {
    let mut file = [&plain[..at], filling, &plain[at..]].concat();
    let was = u32::from_le_bytes(plain[offset..offset + 4].try_into().unwrap());
    file[offset..offset + 4].copy_from_slice(&(was + filling.len() as u32).to_le_bytes());
    file
}

/// The directory of a grey pixel, which lies at an offset.
fn page(at: u32, pixel: u32, more: &[Entry], next: u32) -> Vec<u8> {
    let mut entries = vec![
        long(256, 1),
        long(257, 1),
        (258, 3, 1, vec![8, 0]),
        (259, 3, 1, vec![1, 0]),
        (262, 3, 1, vec![1, 0]),
        long(273, pixel),
        long(278, 1),
        long(279, 1),
    ];
    entries.extend(more.iter().cloned());
    entries.sort_by_key(|entry| entry.0);
    directory(at, &entries, next)
}

/// A TIFF of one grey pixel, with something between its header and its directory.
fn tiff(gap: &[u8]) -> Vec<u8> {
    let at = 9 + gap.len() as u32;
    let header = [b"II\x2A\0".as_slice(), &at.to_le_bytes(), &[0x77]].concat();
    [&header, gap, &page(at, 8, &[], 0)].concat()
}

#[test]
fn what_follows_a_picture_is_cut_off() {
    let files = [
        ("a TIFF", tiff(&[])),
        ("a bitmap", file("formats/image__rgb24.bmp")),
        ("run lengths", file("formats/image__pal8rle.bmp")),
        ("an icon", file("formats/image__bmp-24bpp-mask.ico")),
        ("an icon of a PNG", without_location(icon()).unwrap()),
    ];
    for (name, plain) in files {
        assert_eq!(without_location(plain.clone()).unwrap(), plain, "{name}");
        for (what, leftover) in leftovers() {
            let what = format!("{name} and {what}");
            let clean = check(&plain, &[plain.as_slice(), &leftover].concat(), &what);
            assert!(plain.starts_with(&clean), "{what}");
            let apart = [plain.as_slice(), &[0; 30], &leftover].concat();
            check(&plain, &apart, &what);
        }
    }
}

#[test]
fn what_stands_between_parts_is_emptied() {
    let bitmap = file("formats/image__rgb24.bmp");
    let colours = file("formats/image__pal8rle.bmp");
    let icon = file("formats/image__bmp-24bpp-mask.ico");
    let pixels = u32::from_le_bytes(colours[10..14].try_into().unwrap()) as usize;
    assert_eq!(icon[4..6], [1, 0], "it has one picture");
    for (what, leftover) in leftovers() {
        for (name, plain, file) in [
            ("a TIFF", tiff(&[]), tiff(&leftover)),
            ("a bitmap", bitmap.clone(), with_hole(&bitmap, 54, 10, &leftover)),
            ("run lengths", colours.clone(), with_hole(&colours, pixels, 10, &leftover)),
            ("an icon", icon.clone(), with_hole(&icon, 22, 18, &leftover)),
        ] {
            let what = format!("{name} and {what}");
            assert_eq!(check(&plain, &file, &what).len(), file.len(), "{what}");
        }
    }
}

#[test]
fn boxes_that_nothing_refers_to_are_emptied() {
    for name in [
        "kinds/avif_clap_odd.avif",
        "kinds/heic_even.heic",
        "formats/synth_quad.heic",
        "animated/libavif__colors-animated-8bpc.avif",
    ] {
        let Some(plain) = found(name) else { continue };
        let plain = without_location(plain).unwrap();
        for (what, leftover) in leftovers() {
            for kind in [b"free", b"skip", b"mdat", b"wide"] {
                let file = [plain.as_slice(), &full_box(kind, &leftover)].concat();
                let what = format!("{name} and {what} in {}", kind.escape_ascii());
                let clean = check(&plain, &file, &what);
                assert!(clean.starts_with(&plain) && clean.len() == file.len(), "{what}");
            }
        }
    }
}

/// A file of the repository, or of the corpus.
fn found(name: &str) -> Option<Vec<u8>> {
    let folders = [crate::support::testdata(), crate::corpus::corpus()];
    folders.iter().find_map(|folder| std::fs::read(folder.join(name)).ok())
}

#[test]
fn data_that_no_item_refers_to_is_emptied() {
    let plain = without_location(file("kinds/heic_even.heic")).unwrap();
    let data = memchr::memmem::rfind(&plain, b"mdat").unwrap() - 4;
    let size = u32::from_be_bytes(plain[data..data + 4].try_into().unwrap());
    assert_eq!(data + size as usize, plain.len(), "it is the last box");
    for (what, leftover) in leftovers() {
        let mut file = [plain.as_slice(), &leftover].concat();
        let longer = size + leftover.len() as u32;
        file[data..data + 4].copy_from_slice(&longer.to_be_bytes());
        let clean = check(&plain, &file, what);
        assert_eq!(clean.len(), file.len(), "{what}");
    }
}

#[test]
fn an_end_of_a_png_holds_nothing() {
    let plain = png(&[]);
    for (what, leftover) in leftovers() {
        let file = [&plain[..plain.len() - 12], &chunk(b"IEND", &leftover)].concat();
        assert_eq!(check(&plain, &file, what), plain, "{what}");
    }
}

#[test]
fn all_that_a_tiff_refers_to_stays() {
    // A page below the page, one behind it, tables of an old JPEG and notes of a maker.
    let tables = [[0x51; 64].as_slice(), &[1, 2], &[0; 14], &[0x52; 3]].concat();
    let notes = (0x927C, 7, 9, b"maker's!\0".to_vec());
    let made = |at: [u32; 4]| {
        let [below, behind, pixels, start] = at;
        let more = [long(330, below), notes.clone()];
        let old = [long(519, start), long(520, start + 64)];
        let first = page(8, pixels, &more, behind);
        let (second, third) = (page(below, pixels + 1, &[], 0), page(behind, pixels + 2, &old, 0));
        let header = [b"II\x2A\0".as_slice(), &8_u32.to_le_bytes()].concat();
        let parts = [header, first, second, third, b"\x11\x22\x33".to_vec(), tables.clone()];
        let mut ends = Vec::new();
        parts.iter().fold(0, |end, part| {
            ends.push(end + part.len() as u32);
            end + part.len() as u32
        });
        (parts.concat(), [ends[1], ends[2], ends[3], ends[4]])
    };
    let (whole, _) = made(made([0; 4]).1);
    assert_eq!(without_location(whole.clone()).unwrap(), whole);
    let film = full_box(b"\xA9xyz", FIGURES);
    assert_eq!(without_location([whole.clone(), film].concat()).unwrap(), whole);
}

#[test]
fn pixels_of_unknown_length_are_not_handed_out_with_what_may_be_anything() {
    let mut tiff = tiff(&[]);
    let lengths = memchr::memmem::find(&tiff, &279_u16.to_le_bytes()).unwrap();
    tiff[lengths..lengths + 2].copy_from_slice(&280_u16.to_le_bytes());
    let error = without_location([tiff, FIGURES.to_vec()].concat()).unwrap_err();
    assert!(error.to_string().contains("where they end"), "{error}");
}

#[test]
fn remarks_lose_positions_in_figures() {
    let remark = [b"taken at ".as_slice(), FIGURES].concat();
    let comment = [b"\x21\xFE", [remark.len() as u8].as_slice(), &remark, &[0]].concat();
    for (what, plain, file) in [
        ("a JPEG", jpeg(&[]), jpeg(&[segment(0xFE, &remark)])),
        ("a GIF", gif(&[]), gif(&comment)),
        ("a PNG", png(&[]), png(&[chunk(b"tEXt", &[b"Comment\0", remark.as_slice()].concat())])),
    ] {
        check(&plain, &file, what);
    }
}
