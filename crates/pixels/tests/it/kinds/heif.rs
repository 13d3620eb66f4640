//! HEIC and AVIF: the clean aperture, and what the library does not bear.

use std::io::Cursor;

use pixels::{Limits, Recipe, metadata, probe};

use super::{seen, shows_the_picture};
use crate::support::{distance, file, look};

#[test]
fn only_what_the_clean_aperture_leaves_is_shown() {
    shows_the_picture("avif_clap_odd.avif", (159, 119), 28);
    shows_the_picture("heic_clap_small.heic", (101, 77), 28);
    shows_the_picture("heic_clap_alpha.heic", (101, 77), 34);
    for (name, size) in [
        ("heic_even.heic", (100, 76)),
        ("heic_clap_odd.heic", (101, 75)),
        ("heic_clap_tiny.heic", (13, 9)),
    ] {
        let (facts, image) = seen(name);
        assert_eq!((facts.upright(), (image.width, image.height)), (size, size), "{name}");
    }
}

#[test]
fn alpha_is_cut_like_the_colours() {
    let (facts, image) = seen("heic_clap_alpha.heic");
    assert!(facts.has_alpha);
    assert!(image.pixels.iter().any(|pixel| pixel[3] > 250), "something is opaque");
}

/// Moves the aperture of a file of 160x120 to another place.
fn with_aperture(numbers: [i32; 8]) -> Vec<u8> {
    let mut bytes = file("kinds/avif_clap_odd.avif");
    let at = bytes.windows(4).position(|name| name == b"clap").unwrap() + 4;
    for (index, number) in numbers.into_iter().enumerate() {
        bytes[at + index * 4..at + index * 4 + 4].copy_from_slice(&number.to_be_bytes());
    }
    bytes
}

#[test]
fn an_aperture_inside_the_picture_cuts_all_sides() {
    let whole = look(&with_aperture([160, 1, 120, 1, 0, 1, 0, 1]), &Recipe::default());
    assert_eq!((whole.width, whole.height), (160, 120));
    // From the odd pixel 31, 21 on.
    let cut = look(&with_aperture([81, 1, 61, 1, -17, 2, -17, 2]), &Recipe::default());
    assert_eq!((cut.width, cut.height), (81, 61));
    for (x, y) in [(0, 0), (80, 0), (0, 60), (80, 60), (40, 30)] {
        let (found, wanted) = (cut.at(x, y), whole.at(x + 31, y + 21));
        assert!(distance(found, wanted) <= 2, "{x}, {y}: {found:?}, not {wanted:?}");
    }
}

#[test]
fn an_aperture_of_nonsense_cuts_nothing() {
    for numbers in
        [[0, 1, 119, 1, 0, 1, 0, 1], [200, 1, 119, 1, 0, 1, 0, 1], [9, 0, 9, 0, 0, 0, 0, 0]]
    {
        let image = look(&with_aperture(numbers), &Recipe::default());
        assert_eq!((image.width, image.height), (160, 120), "{numbers:?}");
    }
}

#[test]
fn notes_of_a_tone_map_do_not_hide_the_picture() {
    let bytes = file("kinds/heic_exif_of_tone_map.heic");
    let facts = probe(Cursor::new(&bytes), &Limits::default()).unwrap();
    let image = look(&bytes, &Recipe::default());
    assert_eq!((image.width, image.height), (96, 64));
    let notes = metadata(Cursor::new(&bytes), &facts);
    assert_eq!(notes.model.as_deref(), Some("abc"));
}

#[test]
fn a_film_behind_a_picture_is_none_of_it() {
    let film = [
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".as_slice(),
        b"\0\0\0\x10free\0\0\0\0\0\0\0\0",
        b"\0\0\0\x14moov\0\0\0\x0Ctrak\0\0\0\0",
        b"\0\0\0\x10mdat\x55\x55\x55\x55\x55\x55\x55\x55",
    ]
    .concat();
    for name in ["formats/synth_quad.heic", "kinds/heic_clap_odd.heic", "kinds/avif_clap_odd.avif"]
    {
        let bytes = file(name);
        let control = look(&bytes, &Recipe::default());
        for behind in [&film, &[&film[..], &film].concat(), &film[..40], &bytes[..]] {
            let both = [&bytes[..], behind].concat();
            let alone = probe(Cursor::new(&bytes), &Limits::default()).unwrap();
            let found = probe(Cursor::new(&both), &Limits::default()).unwrap();
            assert_eq!((found.width, found.frames), (alone.width, alone.frames), "{name}");
            assert!(look(&both, &Recipe::default()) == control, "{name}");
        }
    }
}
