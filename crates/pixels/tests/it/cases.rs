//! Files that were once read, drawn or cleaned wrongly, and what is right: whole but odd ones are
//! accepted, cut ones are told, and what cannot be decoded is refused before anybody waits for it.

use std::io::Cursor;

use pixels::{Error, Facts, Gps, Limits, Metadata, Recipe, metadata, probe, render};

use crate::{
    location::blocks::{block, contains, directory, holds_position, long, position, text},
    location::formats::{jpeg, segment},
    support::{Image, file, look, mean_distance, no_stumble},
};

fn case(name: &str) -> Vec<u8> {
    file(&format!("cases/{name}"))
}

fn facts(bytes: &[u8]) -> Result<Facts, Error> {
    let facts = probe(Cursor::new(bytes), &Limits::default());
    assert!(no_stumble(&facts), "{facts:?}");
    facts
}

fn notes(bytes: &[u8]) -> Metadata {
    metadata(Cursor::new(bytes), &facts(bytes).unwrap())
}

/// Whether the picture is made, and said to be truncated.
fn made(bytes: &[u8]) -> Result<bool, Error> {
    facts(bytes)?;
    let result = render(bytes, &[Recipe::default()], &Limits::default());
    assert!(no_stumble(&result), "{result:?}");
    Ok(result?.remove(0)?.is_truncated)
}

#[test]
fn a_whole_picture_is_accepted_however_odd_its_file_is() {
    for name in [
        "jpeg_control.jpg",
        "jpeg_sos_se0.jpg",
        "jpeg_sos_ss1.jpg",
        "jpeg_junk_whole.jpg",
        "jpeg_jfif3_whole.jpg",
        "jpeg_arithmetic_whole.jpg",
        "jpeg_no_eoi.jpg",
        "jpeg_thumb_no_eoi.jpg",
        "no_eoi_exif_thumbnail.jpg",
        "no_eoi_gray_thumb.jpg",
        "no_eoi_progressive_thumbnail.jpg",
        "no_eoi_film_with_place.jpg",
        "ifd_count_too_large.jpg",
        "tiff_whole.tif",
        "tiff_page_loop.tif",
    ] {
        assert_eq!(made(&case(name)), Ok(false), "{name}");
    }
}

#[test]
fn odd_files_show_the_very_picture() {
    let control = look(&case("jpeg_control.jpg"), &Recipe::default());
    for name in ["jpeg_sos_se0.jpg", "jpeg_sos_ss1.jpg", "jpeg_junk_whole.jpg", "jpeg_no_eoi.jpg"] {
        assert!(look(&case(name), &Recipe::default()) == control, "{name}");
    }
    let small = Recipe { height: Some(40), ..Recipe::default() };
    let control = look(&case("jpeg_control.jpg"), &small);
    assert!(look(&case("jpeg_sos_se0.jpg"), &small) == control, "by the decoder of thumbnails");
}

#[test]
fn what_follows_a_picture_changes_nothing() {
    let whole = case("jpeg_control.jpg");
    let control = look(&whole, &Recipe::default());
    let film = [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".as_slice(), &[0x55; 3_000]].concat();
    let endless = &whole[..whole.len() - 2];
    for (what, file) in [
        ("a film", [&whole, film.as_slice()].concat()),
        ("a picture", [&whole[..], &whole].concat()),
        ("half a marker", [endless, &[0xFF]].concat()),
        ("a film, without an end", [endless, &film].concat()),
        ("a film with an end of its own", [endless, &film, &[0xFF, 0xD9]].concat()),
        ("a picture, without an end", [endless, &whole].concat()),
        ("zeros", [endless, &[0; 500]].concat()),
    ] {
        assert_eq!(made(&file), Ok(false), "{what}");
        assert!(look(&file, &Recipe::default()) == control, "{what}");
    }
}

#[test]
fn a_picture_of_which_much_is_missing_is_refused() {
    for name in [
        "jpeg_cut.jpg",
        "jpeg_junk_then_cut.jpg",
        "jpeg_junk_then_cut_eoi.jpg",
        "jpeg_jfif3_then_cut.jpg",
        "jpeg_arithmetic_cut.jpg",
        "jpeg_thumb_cut.jpg",
    ] {
        let error = made(&case(name)).expect_err(name);
        assert!(error.to_string().contains("ends inside the picture"), "{name}: {error}");
    }
    // Without an end marker a look at the pixels tells, before anything is decoded.
    for name in ["jpeg_cut.jpg", "jpeg_junk_then_cut.jpg", "jpeg_thumb_cut.jpg"] {
        facts(&case(name)).expect_err(name);
    }
}

#[test]
fn a_picture_of_which_a_little_is_missing_is_shown_and_told() {
    let whole = case("jpeg_control.jpg");
    let control = look(&whole, &Recipe::default());
    let cut = &whole[..whole.len() - 40];
    assert!(facts(cut).unwrap().is_truncated);
    assert_eq!(made(cut), Ok(true));
    assert!(mean_distance(&look(cut, &Recipe::default()), &control) < 8.0);
    // With an end marker only decoding tells.
    let ended = [cut, &[0xFF, 0xD9]].concat();
    assert!(!facts(&ended).unwrap().is_truncated);
    assert_eq!(made(&ended), Ok(true));
    // A progressive one is as whole as its last pass; and of what is cut nothing is silent.
    let progressive = case("no_eoi_progressive_thumbnail.jpg");
    for missing in [4, 40, 400, 2_000] {
        let cut = &progressive[..progressive.len() - missing];
        assert_ne!(made(cut), Ok(false), "{missing}");
        assert_ne!(made(&[cut, &[0xFF, 0xD9]].concat()), Ok(false), "{missing}");
    }
}

#[test]
fn directories_that_announce_too_much_tell_what_they_have() {
    for (name, orientation) in
        [("ifd_count_too_large.jpg", 6), ("ifd_count.png", 6), ("exif_cut.jpg", 8)]
    {
        assert_eq!(facts(&case(name)).unwrap().orientation, orientation, "{name}");
    }
    assert_eq!(notes(&case("ifd_count_too_large.jpg")).make.as_deref(), Some("ACME Corp"));
    let place = notes(&case("gps_count.jpg")).gps.unwrap();
    assert!((place.lat - 48.858_278).abs() < 1e-6 && (place.lon - 2.2945).abs() < 1e-6);
}

#[test]
fn damaged_entries_do_not_end_a_directory() {
    let damaged = (1, 0, 1, 206_u32.to_le_bytes().to_vec());
    for count in [1, 3] {
        let camera = [
            vec![long(0x8827, 100)],
            vec![damaged.clone(); count],
            vec![text(0x9003, "2010:05:15 17:12:05")],
        ];
        let taken = with_camera(&camera.concat()).taken_at;
        assert_eq!(taken.as_deref(), Some("2010-05-15T17:12:05"), "{count}");
        // In the directory of the place: it is read, and taken out to its last number.
        let mut place = position();
        place.splice(2..2, vec![(0, 0, 7, vec![1; 4]); count]);
        let made = block(&[], &place);
        let file = jpeg(&[segment(0xE1, &[b"Exif\0\0", made.as_slice()].concat())]);
        assert!(notes(&file).gps.is_some(), "{count}");
        let clean = pixels::without_location(file).unwrap();
        assert!(!holds_position(&clean), "{count}");
    }
}

#[test]
fn a_failure_behind_a_harmless_fault_is_seen() {
    let mut bytes = case("no_eoi_progressive_thumbnail.jpg");
    bytes.extend([0xFF, 0xD9]);
    // A byte between two segments is harmless.
    let behind_first = 4 + usize::from(u16::from_be_bytes([bytes[4], bytes[5]]));
    bytes.insert(behind_first, 0);
    assert_eq!(made(&bytes), Ok(false));
    // The last scan says that it begins behind its end.
    let scan = bytes.windows(2).rposition(|marker| marker == [0xFF, 0xDA]).unwrap();
    let band = scan + 5 + 2 * usize::from(bytes[scan + 4]);
    bytes[band..band + 2].copy_from_slice(&[63, 1]);
    made(&bytes).expect_err("a scan of nothing");
}

#[test]
fn a_directory_is_found_by_a_pointer_of_any_integer() {
    for kind in ["long", "slong", "ifd"] {
        let Gps { lat, lon } = notes(&case(&format!("jpeg_gps_pointer_{kind}.jpg"))).gps.unwrap();
        assert!((lat - 59.436_667).abs() < 1e-6 && (lon - 24.745).abs() < 1e-6, "{kind}");
    }
    // As a short one, which cameras of 1998 wrote.
    let made = block(&[], &position());
    let pointer = made.windows(4).position(|entry| entry == b"\x25\x88\x04\0").unwrap();
    let mut short = made;
    short[pointer + 2] = 3;
    let file = jpeg(&[segment(0xE1, &[b"Exif\0\0", short.as_slice()].concat())]);
    assert!(notes(&file).gps.is_some());
    assert_eq!(notes(&pixels::without_location(file).unwrap()).gps, None);
}

/// A JPEG whose camera directory has these entries.
fn with_camera(entries: &[crate::location::blocks::Entry]) -> Metadata {
    let header = [b"II\x2A\0".as_slice(), &8_u32.to_le_bytes()].concat();
    let first = |at| directory(8, &[(0x10F, 2, 6, b"Mller\0".to_vec()), long(0x8769, at)], 0);
    let at = 8 + first(0).len() as u32;
    let mut block = [header, first(at), directory(at, entries, 0)].concat();
    // The ü of Latin-1.
    let letter = block.windows(5).position(|name| name == b"Mller").unwrap() + 1;
    block[letter] = 0xFC;
    notes(&jpeg(&[segment(0xE1, &[b"Exif\0\0", block.as_slice()].concat())]))
}

#[test]
fn dates_speeds_and_names_are_read_as_cameras_write_them() {
    let short = |tag, value: u16| (tag, 3, 1, value.to_le_bytes().to_vec());
    let taken = |entries: &[_]| with_camera(entries).taken_at;
    assert_eq!(
        taken(&[text(0x9004, "2008-05-30T15:56:01"), text(0x9012, "+02:00")]).as_deref(),
        Some("2008-05-30T15:56:01+02:00"),
    );
    assert_eq!(
        taken(&[text(0x9003, "2008/05/30 15:56:01 "), text(0x9004, "2009:01:01 00:00:00")]),
        Some("2008-05-30T15:56:01".to_owned()),
    );
    assert_eq!(
        taken(&[text(0x9003, "0000:00:00 00:00:00"), text(0x9004, "2009:01:01 00:00:00")]),
        Some("2009-01-01T00:00:00".to_owned()),
    );
    let speed = |entries: &[_]| with_camera(entries).exposure.and_then(|exposure| exposure.iso);
    assert_eq!(speed(&[short(0x8827, 65_535), long(0x8832, 102_400)]), Some(102_400));
    assert_eq!(speed(&[short(0x8827, 65_535), long(0x8833, 204_800)]), Some(204_800));
    assert_eq!(speed(&[short(0x8827, 400), long(0x8832, 102_400)]), Some(400));
    assert_eq!(with_camera(&[]).make.as_deref(), Some("Müler"));
}

/// A grey TIFF of 8x8 pixels with more entries; those of a tag that is there already win.
fn tiff(more: &[crate::location::blocks::Entry], below: Option<&[u8]>) -> Vec<u8> {
    let mut entries = vec![
        long(256, 8),
        long(257, 8),
        (258, 3, 1, vec![8, 0]),
        (259, 3, 1, vec![1, 0]),
        (262, 3, 1, vec![1, 0]),
        long(273, 0),
        long(278, 8),
        long(279, 64),
    ];
    for entry in more {
        entries.retain(|old| old.0 != entry.0);
        entries.push(entry.clone());
    }
    entries.sort_by_key(|entry| entry.0);
    let size = directory(8, &entries, 0).len() as u32;
    for entry in &mut entries {
        if entry.0 == 273 {
            entry.3 = (8 + size).to_le_bytes().to_vec();
        }
        if entry.0 == 330 {
            entry.3 = (8 + size + 64).to_le_bytes().to_vec();
        }
    }
    let header = [b"II\x2A\0".as_slice(), &8_u32.to_le_bytes()].concat();
    let pixels: Vec<u8> = (0..64).map(|at| at * 4 + 1).collect();
    [&header, &directory(8, &entries, 0), &pixels, below.unwrap_or_default()].concat()
}

#[test]
fn a_raw_file_of_a_camera_is_refused_as_one() {
    let sensor = |more: &[_]| directory(0, &[&[long(256, 200), long(257, 150)], more].concat(), 0);
    let colours = |colours: u16| (262, 3, 1, colours.to_le_bytes().to_vec());
    let packed = |packed: u16| (259, 3, 1, packed.to_le_bytes().to_vec());
    let preview = [long(254, 1), long(330, 0)];
    let mut canon = tiff(&[], None);
    canon.splice(8..8, *b"CR\x02\0\0\0\0\0");
    for (what, file) in [
        ("DNG", tiff(&[(0xC612, 1, 4, vec![1, 4, 0, 0])], None)),
        ("colours of a sensor", tiff(&[colours(32_803)], None)),
        ("NEF", tiff(&preview, Some(&sensor(&[colours(32_803)])))),
        ("ARW", tiff(&preview, Some(&sensor(&[packed(32_767)])))),
        ("PEF", tiff(&[packed(65_535)], None)),
        ("a larger picture below", tiff(&preview, Some(&sensor(&[long(254, 0)])))),
        ("CR2", canon),
        ("ORF", [b"IIRO\x08\0\0\0".as_slice(), &tiff(&[], None)[8..]].concat()),
        ("RW2", [b"IIU\0\x08\0\0\0".as_slice(), &tiff(&[], None)[8..]].concat()),
        ("IIQ", [b"II\x2A\0\x14\0\0\0IIII\x01waR".as_slice(), &[0; 40]].concat()),
    ] {
        let error = facts(&file).expect_err(what);
        assert!(error.to_string().contains("camera raw"), "{what}: {error}");
        assert_eq!(error.code(), "unsupported_format", "{what}");
    }
    // Smaller pictures below a whole one are no raw file.
    let pyramid = tiff(&[long(330, 0)], Some(&directory(0, &[long(254, 1), long(256, 4)], 0)));
    assert_eq!(made(&pyramid), Ok(false));
}

#[test]
fn a_tiff_that_cannot_be_decoded_is_refused_by_its_header() {
    let short = |tag, value: u16| (tag, 3, 1, value.to_le_bytes().to_vec());
    let bits_that_differ = (258, 1, 3, vec![8, 8, 16]);
    for (what, entries) in [
        ("fax", vec![short(259, 3)]),
        ("fax", vec![short(259, 2)]),
        ("old style", vec![short(259, 6)]),
        ("compression 34712", vec![short(259, 34_712)]),
        ("colour space 8", vec![short(262, 8)]),
        ("subsampled", vec![short(262, 6), short(277, 3)]),
        ("12 bits", vec![short(258, 12)]),
        ("signed", vec![short(339, 2)]),
        ("RGB colours of 1 sample a pixel", vec![short(262, 2)]),
        ("RGB colours of 2 samples", vec![short(262, 2), short(277, 2)]),
        ("RGB colours of 5 samples", vec![short(262, 2), short(277, 5)]),
        ("RGB colours of 1 bit", vec![short(262, 2), short(277, 3), short(258, 1)]),
        ("RGB colours of 4 bits", vec![short(262, 2), short(277, 3), short(258, 4)]),
        ("CMYK colours of 3 samples", vec![short(262, 5), short(277, 3)]),
        ("grey of 3 samples", vec![short(277, 3)]),
        ("grey of 8 samples", vec![short(277, 8)]),
        ("from white to black of 2 samples", vec![short(262, 0), short(277, 2)]),
        ("a palette of 2 samples", vec![short(262, 3), short(277, 2)]),
        ("differ in kind", vec![short(262, 2), short(277, 3), bits_that_differ]),
        ("floating-point predictor", vec![short(317, 3)]),
        ("predictor for samples smaller", vec![short(317, 2), short(258, 1)]),
        ("predictor 9", vec![short(317, 9)]),
        ("undefined kind", vec![short(339, 4)]),
        ("floating-point samples of 8 bits", vec![short(339, 3)]),
        ("more than black and white", vec![short(259, 4), short(262, 2), short(277, 3)]),
        ("more than black and white", vec![short(259, 4)]),
        ("JPEG compression of 16 bits", vec![short(259, 7), short(258, 16)]),
    ] {
        let error = facts(&tiff(&entries, None)).expect_err(what);
        assert_eq!(error.code(), "unsupported_format", "{what}");
        let sentence = error.to_string();
        assert!(sentence.contains(what), "{what}: {error}");
        assert!(sentence.starts_with("TIFF with"), "{what}: {error}");
        assert_eq!(sentence.matches("support").count(), 1, "{what}: {error}");
    }
    let rowless = facts(&tiff(&[long(278, 0)], None)).expect_err("strips without rows");
    assert!(rowless.to_string().contains("no rows"), "{rowless}");
    assert_eq!(facts(&case("tiff_fax3.tif")).expect_err("fax").code(), "unsupported_format");
}

#[test]
fn a_tiff_that_is_not_refused_by_its_header_is_decoded() {
    let short = |tag, value: u16| (tag, 3, 1, value.to_le_bytes().to_vec());
    let (mut read, mut refused) = (0, 0);
    for (colours, samples, extra) in [0, 1, 2, 3, 5, 6].into_iter().flat_map(|colours| {
        (1..=6).flat_map(move |samples| [(colours, samples, false), (colours, samples, true)])
    }) {
        for (bits, format, predictor) in [1, 2, 4, 8, 16, 32, 64].into_iter().flat_map(|bits| {
            (1..=6).flat_map(move |format| (1..=3).map(move |predictor| (bits, format, predictor)))
        }) {
            let mut entries = vec![
                short(262, colours),
                short(277, samples),
                short(258, bits),
                short(339, format),
                short(317, predictor),
                (530, 3, 2, vec![1, 0, 1, 0]),
                (279, 4, 1, (64 * 8 * 6_u32).to_le_bytes().to_vec()),
            ];
            if extra {
                entries.push(short(338, 2));
            }
            // Pixels enough for the largest of them.
            let file = [tiff(&entries, None), vec![0x3F; 64 * 8 * 6]].concat();
            let what = format!("{colours} {samples} {extra} {bits} {format} {predictor}");
            match facts(&file) {
                Ok(_) => {
                    made(&file).unwrap_or_else(|error| panic!("{what}: {error}"));
                    read += 1;
                }
                Err(error) => {
                    assert_eq!(error.code(), "unsupported_format", "{what}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 100 && refused > 1_000, "{read} are read, {refused} are refused");
}

#[test]
fn a_tiff_with_its_bits_the_other_way_is_read() {
    let plain = tiff(&[], None);
    let mut turned = tiff(&[(266, 3, 1, vec![2, 0])], None);
    let pixels = turned.len() - 64;
    for byte in &mut turned[pixels..] {
        *byte = byte.reverse_bits();
    }
    let look = |bytes: &[u8]| -> Image { look(bytes, &Recipe::default()) };
    assert!(look(&turned) == look(&plain));
    // A directory that announces more entries than fit: the pixels stand in front of it.
    let mut announced = plain.clone();
    announced[8] = 200;
    assert!(look(&announced) == look(&plain));
}

#[test]
fn nothing_of_a_film_behind_a_picture_is_handed_out() {
    let clean = pixels::without_location(case("no_eoi_film_with_place.jpg")).unwrap();
    for words in [b"ftyp".as_slice(), b"48.8577", b"moov"] {
        assert!(!contains(&clean, words), "{}", words.escape_ascii());
    }
    assert_eq!(made(&clean), Ok(false));
}
