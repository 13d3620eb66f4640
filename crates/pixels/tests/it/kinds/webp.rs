//! WebP: an animation of one frame is a still.

use pixels::{Format, OutputFormat, Recipe};

use super::{GREEN, facts, seen, shows_the_picture};
use crate::support::{distance, file, rendered};

#[test]
fn an_animation_of_one_frame_is_a_still() {
    for (name, tolerance) in [("webp_one_frame.webp", 2), ("webp_one_frame_lossy_alpha.webp", 28)] {
        shows_the_picture(name, (160, 120), tolerance);
        let (facts, _) = seen(name);
        assert_eq!((facts.format, facts.frames), (Format::WebP, 1), "{name}");
    }
}

#[test]
fn the_only_frame_lies_where_it_says() {
    let (facts, image) = seen("webp_one_frame_offset.webp");
    assert_eq!((facts.frames, facts.has_alpha), (1, true));
    assert_eq!((image.width, image.height), (160, 120));
    for (x, y) in [(24, 24), (72, 24), (32, 66), (128, 66), (96, 108)] {
        assert_eq!(image.at(x, y)[3], 0, "{x}, {y}");
    }
    assert!(distance(image.at(83, 54), GREEN) <= 2, "{:?}", image.at(83, 54));
}

#[test]
fn a_print_of_it_stays_webp_and_transparent() {
    let bytes = file("kinds/webp_one_frame_offset.webp");
    let recipe = Recipe { height: Some(60), format: OutputFormat::Source, ..Recipe::default() };
    let made = rendered(&bytes, &recipe);
    assert_eq!((made.format, made.frames), (Format::WebP, 1));
    assert!(facts(&made.bytes).has_alpha);
}
