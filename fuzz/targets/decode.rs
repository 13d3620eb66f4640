//! Any bytes as a picture: what comes out has the size that was asked for, and nothing but pixels.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use minilab_fuzz::{check_error, check_facts, foreign_parts, limits, mend_sums};
use pixels::{Animation, Facts, Fit, Format, Limits, Metadata, OutputFormat, Recipe, Rendered};

/// One still and one that moves where the picture does; both of every upload.
fn recipes() -> [Recipe; 2] {
    [
        Recipe {
            fit: Fit::Cover,
            width: Some(100),
            height: Some(100),
            format: OutputFormat::Jpeg,
            animation: Animation::First,
            ..Recipe::default()
        },
        Recipe { height: Some(200), ..Recipe::default() },
    ]
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    mend_sums(&mut bytes);
    let facts = pixels::probe(Cursor::new(&bytes), &limits());
    if facts.as_ref().is_ok_and(|facts| facts.format == Format::Heic) {
        // Decoded by whatever libheif the system has: not ours to find fault with here.
        return;
    }
    let made = pixels::render(&bytes, &recipes(), &limits());
    match (facts, made) {
        (Ok(facts), Ok(made)) => {
            for (recipe, made) in recipes().iter().zip(made) {
                match made {
                    Ok(made) => check_variant(recipe, &facts, &made),
                    Err(error) => check_error(&error),
                }
            }
        }
        (Err(error), Ok(_)) => panic!("rendered, though the probe refused it: {error}"),
        (_, Err(error)) => check_error(&error),
    }
});

fn check_variant(recipe: &Recipe, source: &Facts, made: &Rendered) {
    let size = (made.width, made.height);
    assert_eq!(made.format, recipe.output_format(source), "of {source:?}");
    check_size(recipe, source, size);
    // Ours to read again without any limit but the size of its box.
    let limits = Limits { frames: u32::MAX, drawn_pixels: u64::MAX, ..Limits::default() };
    let facts = pixels::probe(Cursor::new(&made.bytes), &limits).expect("our own variant is sound");
    check_facts(&facts, &limits);
    assert_eq!((facts.format, (facts.width, facts.height)), (made.format, size));
    assert_eq!((facts.frames, facts.orientation), (made.frames, 1), "frames and orientation");
    assert!(made.frames <= source.frames, "{} frames of {}", made.frames, source.frames);
    assert_eq!(pixels::metadata(Cursor::new(&made.bytes), &facts), Metadata::default());
    assert_eq!(foreign_parts(made), Vec::<String>::new(), "in a {} file", made.format);
}

/// The sizes that the two recipes promise, counted in whole numbers.
fn check_size(recipe: &Recipe, source: &Facts, (width, height): (u32, u32)) {
    let (whole_width, whole_height) = source.upright();
    if recipe.fit == Fit::Cover {
        // Nothing is enlarged: a short side stays as short, and the other is cut.
        let wanted = (whole_width.min(100), whole_height.min(100));
        assert_eq!((width, height), wanted, "of {source:?}");
    } else {
        assert_eq!(height, whole_height.min(200), "of {source:?}");
        let exact = f64::from(whole_width) * f64::from(height) / f64::from(whole_height);
        let off = (f64::from(width) - exact.max(1.0)).abs();
        assert!(off <= 0.51, "{width} pixels wide instead of {exact}");
    }
}
