//! Where a picture was taken: exact at the edges of the earth, and nothing when something is amiss.

use std::io::Cursor;

use pixels::{Gps, Limits, metadata, probe};

use super::sense;
use crate::location::{
    blocks::{Entry, block, rationals, text},
    formats::{jpeg, segment},
};

/// A latitude or a longitude as degrees, minutes and seconds, over a hundred.
fn degrees(tag: u16, parts: [u32; 3]) -> Entry {
    let [degrees, minutes, seconds] = parts;
    (tag, 5, 3, rationals([degrees, 1, minutes, 1, seconds, 100]))
}

/// What is read of a picture with these entries about its place.
fn place(entries: &[Entry]) -> Option<Gps> {
    let notes = [b"Exif\0\0", block(&[], entries).as_slice()].concat();
    let file = jpeg(&[segment(0xE1, &notes)]);
    let facts = probe(Cursor::new(&file), &Limits::default()).unwrap();
    let notes = metadata(Cursor::new(&file), &facts);
    assert_eq!(notes.make.as_deref(), Some("Minilab"));
    sense::check(&notes);
    notes.gps
}

fn at(north: &str, lat: [u32; 3], east: &str, lon: [u32; 3]) -> Option<(f64, f64)> {
    let entries = [text(1, north), degrees(2, lat), text(3, east), degrees(4, lon)];
    place(&entries).map(|gps| (gps.lat, gps.lon))
}

#[test]
fn both_hemispheres_and_the_edges_of_the_earth_are_exact() {
    let (zero, half) = ([0, 0, 0], [33, 30, 0]);
    let far = [179, 59, 5_990];
    let almost = 179.0 + 59.0 / 60.0 + 59.9 / 3_600.0;
    for (north, lat, east, lon, wanted) in [
        // A place like any other, and without a sign whichever way it is told.
        ("N", zero, "E", zero, (0.0, 0.0)),
        ("S", zero, "W", zero, (0.0, 0.0)),
        ("N", half, "E", half, (33.5, 33.5)),
        ("N", half, "W", half, (33.5, -33.5)),
        ("S", half, "E", half, (-33.5, 33.5)),
        ("S", half, "W", half, (-33.5, -33.5)),
        ("s", half, "w", half, (-33.5, -33.5)),
        ("N", [90, 0, 0], "E", [180, 0, 0], (90.0, 180.0)),
        ("S", [90, 0, 0], "W", [180, 0, 0], (-90.0, -180.0)),
        ("S", [16, 30, 0], "E", far, (-16.5, almost)),
        ("S", [16, 30, 0], "W", far, (-16.5, -almost)),
    ] {
        assert_eq!(at(north, lat, east, lon), Some(wanted), "{north} {lat:?} {east} {lon:?}");
    }
}

#[test]
fn a_place_beyond_the_earth_is_none() {
    let half = [33, 30, 0];
    for (north, lat, east, lon) in [
        ("N", [90, 0, 1], "E", half),
        ("S", [91, 0, 0], "E", half),
        ("N", half, "E", [180, 0, 1]),
        ("N", half, "W", [4_294_967_295, 0, 0]),
        ("X", half, "E", half),
        ("N", half, "N", half),
        ("", half, "E", half),
    ] {
        assert_eq!(at(north, lat, east, lon), None, "{north} {lat:?} {east} {lon:?}");
    }
}

#[test]
fn a_place_that_lacks_a_part_is_none() {
    let whole = [text(1, "N"), degrees(2, [1, 2, 3]), text(3, "E"), degrees(4, [1, 2, 3])];
    assert!(place(&whole).is_some());
    for missing in 0..whole.len() {
        let mut entries = whole.to_vec();
        entries.remove(missing);
        assert_eq!(place(&entries), None, "without entry {missing}");
    }
    for (part, numbers) in [
        ("degrees", [1, 0, 2, 1, 3, 1]),
        ("minutes", [1, 1, 2, 0, 3, 1]),
        ("seconds", [1, 1, 2, 1, 0, 0]),
    ] {
        let mut entries = whole.to_vec();
        entries[1].3 = rationals(numbers);
        assert_eq!(place(&entries), None, "{part} over nothing");
    }
    // The right bytes under the name of another kind of number.
    for kind in [1, 2, 3, 4, 7, 12] {
        let mut entries = whole.to_vec();
        entries[1].1 = kind;
        assert_eq!(place(&entries), None, "kind {kind}");
    }
}
