//! Byte budgets: fewer colours, less quality, fewer frames, and an honest refusal.

use pixels::{Error, Fit, Limits, OutputFormat, Recipe, render};

use crate::support::{Image, composed_gif, rendered};

/// Noise: nothing compresses it.
pub(crate) fn noise(seed: u32) -> Image {
    Image::new(100, 100, move |x, y| {
        let mut state = (x * 7_919 + y * 104_729 + seed * 1_299_709).wrapping_mul(2_654_435_761);
        state ^= state >> 13;
        state = state.wrapping_mul(2_246_822_519);
        let [red, green, blue, _] = (state ^ state >> 16).to_le_bytes();
        [red, green, blue, 255]
    })
}

/// An APNG of noise, 100 ms a frame.
fn noisy_animation(frames: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 100, 100);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(frames, 0).unwrap();
    encoder.set_frame_delay(100, 1_000).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for seed in 0..frames {
        writer.write_image_data(noise(seed).pixels.as_flattened()).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

fn within(budget: u64, format: OutputFormat) -> Recipe {
    Recipe { fit: Fit::Inside, format, byte_budget: Some(budget), ..Recipe::default() }
}

#[test]
fn a_budget_that_fits_changes_nothing() {
    let source = Image::gradient(64, 64).png();
    let free = Recipe { byte_budget: None, ..within(0, OutputFormat::Gif) };
    assert_eq!(rendered(&source, &free), rendered(&source, &within(1 << 20, OutputFormat::Gif)));
}

#[test]
fn stills_give_up_quality() {
    let source = noise(1).png();
    for format in [OutputFormat::Jpeg, OutputFormat::WebP, OutputFormat::Gif] {
        let free = rendered(&source, &Recipe { format, ..Recipe::default() });
        let budget = free.bytes.len() as u64 * 7 / 10;
        let made = rendered(&source, &within(budget, format));
        assert!(made.bytes.len() as u64 <= budget, "{format:?}");
    }
}

#[test]
fn animations_give_up_colours_then_frames_but_never_time() {
    let source = noisy_animation(40);
    let made = rendered(&source, &within(100 << 10, OutputFormat::Gif));
    assert!(made.bytes.len() <= 100 << 10);
    assert!(made.frames < 40 && made.frames >= 2, "{}", made.frames);
    let seen = composed_gif(&made.bytes);
    assert_eq!(seen.frames.len() as u32, made.frames);
    assert_eq!(seen.frames.iter().map(|frame| frame.milliseconds).sum::<u32>(), 4_000);
}

#[test]
fn what_cannot_fit_says_how_close_it_came() {
    let recipe = within(1_000, OutputFormat::Gif);
    let result = render(&noisy_animation(6), &[recipe], &Limits::default()).unwrap().remove(0);
    let Err(error @ Error::OverByteBudget { best, budget: 1_000, .. }) = result else {
        panic!("{result:?}")
    };
    assert!(best > 1_000 && best < 20_000, "{best}");
    assert_eq!(error.code(), "over_byte_budget");
    assert!(error.to_string().contains(&best.to_string()), "{error}");
}
