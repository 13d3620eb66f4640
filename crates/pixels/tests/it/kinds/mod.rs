//! Kinds of files that were once shown wrongly or not at all, and what is right.

mod bmp;
mod gif;
mod heif;
mod png;
mod quality;
mod webp;

use std::io::Cursor;

use pixels::{Facts, Limits, Recipe, probe};

use crate::support::{Image, distance, file, look};

const WHITE: [u8; 4] = [255, 255, 255, 255];
const RED: [u8; 4] = [220, 40, 40, 255];
const BLUE: [u8; 4] = [40, 70, 220, 255];
const YELLOW: [u8; 4] = [240, 200, 40, 255];
const GREEN: [u8; 4] = [40, 180, 60, 255];

/// Where the picture of most of these files has which colour, in parts of its sides.
const POINTS: [(f64, f64, [u8; 4]); 6] = [
    (0.15, 0.2, WHITE),
    (0.45, 0.2, RED),
    (0.25, 0.65, BLUE),
    (0.75, 0.65, YELLOW),
    (0.2, 0.55, BLUE),
    (0.8, 0.55, YELLOW),
];

fn facts(bytes: &[u8]) -> Facts {
    probe(Cursor::new(bytes), &Limits::default()).unwrap()
}

/// A file of this kind, as probed and as shown at its own size.
fn seen(name: &str) -> (Facts, Image) {
    let bytes = file(&format!("kinds/{name}"));
    (facts(&bytes), look(&bytes, &Recipe::default()))
}

/// The picture of most of these files is there, at this size.
fn shows_the_picture(name: &str, size: (u32, u32), tolerance: u8) {
    let (facts, image) = seen(name);
    assert_eq!(facts.upright(), size, "{name}");
    assert_eq!((image.width, image.height), size, "{name}");
    for (x, y, wanted) in POINTS {
        let at = (f64::from(size.0) * x, f64::from(size.1) * y);
        let found = image.at(at.0 as u32, at.1 as u32);
        assert!(distance(found, wanted) <= tolerance, "{name} at {x}, {y}: {found:?}");
    }
}
