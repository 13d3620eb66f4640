//! What is not scaled down keeps its colours.

use pixels::{Format, OutputFormat, Recipe};

use crate::{
    budget::noise,
    support::{Image, file, look, mean_distance, rendered},
};

fn inside(height: u32, format: OutputFormat) -> Recipe {
    Recipe { height: Some(height), format, ..Recipe::default() }
}

/// How far a print is from its source, a channel.
fn lost(bytes: &[u8], recipe: &Recipe) -> f64 {
    let print = rendered(bytes, recipe).bytes;
    mean_distance(&look(bytes, &Recipe::default()), &look(&print, &Recipe::default()))
}

#[test]
fn a_small_lossless_picture_stays_lossless() {
    let webp = file("kinds/quality_lossless_16x16.webp");
    assert!(lost(&webp, &inside(200, OutputFormat::Source)) < 0.1);
    let checks =
        Image::new(
            16,
            16,
            |x, y| {
                if (x + y) % 2 == 0 { [255, 0, 0, 255] } else { [0, 0, 255, 255] }
            },
        );
    assert!(lost(&checks.png(), &inside(100, OutputFormat::WebP)) < 0.1);
    assert!(lost(&checks.png(), &inside(100, OutputFormat::Jpeg)) < 10.0);
}

#[test]
fn a_jpeg_with_all_its_chroma_keeps_it() {
    let jpeg = file("kinds/quality_444_not_scaled.jpg");
    assert!(lost(&jpeg, &inside(200, OutputFormat::Source)) < 25.0);
}

#[test]
fn what_does_not_fit_its_budget_without_loss_is_made_with_loss() {
    let noise = noise(1).png();
    let recipe = inside(100, OutputFormat::WebP);
    assert!(lost(&noise, &recipe) < 0.1);
    let whole = rendered(&noise, &recipe).bytes.len() as u64;
    let budget = Recipe { byte_budget: Some(whole / 2), ..recipe };
    let made = rendered(&noise, &budget);
    assert_eq!(made.format, Format::WebP);
    assert!(made.bytes.len() as u64 <= whole / 2);
}
