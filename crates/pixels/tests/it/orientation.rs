//! The eight orientations, in every format that can say them.

use pixels::{Fit, Limits, Recipe, probe};
use std::io::Cursor;

use crate::support::{distance, file, look};

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const YELLOW: [u8; 4] = [255, 255, 0, 255];

/// Whether the quadrants of the made pictures stand where they belong.
fn check(path: &str, recipe: &Recipe, size: (u32, u32)) {
    let seen = look(&file(path), recipe);
    assert_eq!((seen.width, seen.height), size, "{path}");
    let (x, y) = (seen.width / 4, seen.height / 4);
    for (at, colour) in
        [((x, y), RED), ((3 * x, y), GREEN), ((x, 3 * y), BLUE), ((3 * x, 3 * y), YELLOW)]
    {
        let found = seen.at(at.0, at.1);
        assert!(near(found, colour), "{path} at {at:?}: {found:?} is not {colour:?}");
    }
}

/// The colours of the fixtures are not quite pure.
fn near(found: [u8; 4], colour: [u8; 4]) -> bool {
    distance(found, colour) < 90
}

#[test]
fn all_orientations_come_out_upright_in_every_format() {
    let small = Recipe { fit: Fit::Inside, width: Some(48), ..Recipe::default() };
    for extension in ["jpg", "png", "webp"] {
        for orientation in 1..=8 {
            let path = format!("orientation/synth_quad_{orientation}.{extension}");
            let facts = probe(Cursor::new(file(&path)), &Limits::default()).unwrap();
            assert_eq!(facts.orientation, orientation, "{path}");
            assert_eq!(facts.upright(), (96, 64), "{path}");
            check(&path, &Recipe::default(), (96, 64));
            check(&path, &small, (48, 32));
        }
    }
}

#[test]
fn all_orientations_equal_the_first_pixel_by_pixel() {
    for (extension, tolerance) in [("png", 0), ("webp", 0), ("jpg", 12)] {
        let first =
            look(&file(&format!("orientation/synth_quad_1.{extension}")), &Recipe::default());
        for orientation in 2..=8 {
            let path = format!("orientation/synth_quad_{orientation}.{extension}");
            let seen = look(&file(&path), &Recipe::default());
            let worst = first.pixels.iter().zip(&seen.pixels).map(|(a, b)| distance(*a, *b)).max();
            assert!(worst <= Some(tolerance), "{path}: {worst:?}");
        }
    }
}

#[test]
fn a_crop_is_taken_from_the_upright_picture() {
    let square = Recipe { fit: Fit::Cover, width: Some(32), height: Some(32), ..Recipe::default() };
    for orientation in 1..=8 {
        check(&format!("orientation/synth_quad_{orientation}.png"), &square, (32, 32));
    }
}

#[test]
fn nonsense_counts_as_upright() {
    for name in ["invalid_zero", "invalid_nine", "invalid_max", "ifd1_conflict"] {
        let path = format!("orientation/synth_{name}.jpg");
        let facts = probe(Cursor::new(file(&path)), &Limits::default()).unwrap();
        assert_eq!(facts.orientation, 1, "{path}");
    }
    let long = file("orientation/synth_type_long_6.jpg");
    assert_eq!(probe(Cursor::new(long), &Limits::default()).unwrap().orientation, 6);
}
