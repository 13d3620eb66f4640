//! PNG: faults of animations, and transparent colours with bits too many.

use pixels::{OutputFormat, Recipe};

use super::{facts, seen, shows_the_picture};
use crate::support::{composed, file, look, rendered};

#[test]
fn a_fault_in_a_later_frame_leaves_the_static_picture() {
    for name in [
        "apng_gap_in_sequence.png",
        "apng_frame_outside.png",
        "apng_short_frame.png",
        "apng_bad_sum.png",
    ] {
        shows_the_picture(name, (160, 120), 2);
        let moving = Recipe { format: OutputFormat::Source, ..Recipe::default() };
        let made = rendered(&file(&format!("kinds/{name}")), &moving);
        assert_eq!(made.frames, 1, "{name}");
        assert_eq!(composed(&made.bytes).frames.len(), 1, "{name}");
    }
}

#[test]
fn what_the_chunks_alone_tell_to_be_broken_is_a_still() {
    for name in ["apng_gap_in_sequence.png", "apng_frame_outside.png", "apng_bad_sequence.png"] {
        assert_eq!(seen(name).0.frames, 1, "{name}");
    }
}

#[test]
fn the_only_frame_is_shown_not_the_picture_before_it() {
    for name in
        ["apng_single_frame.png", "apng_single_frame_hidden_default.png", "apng_bad_sequence.png"]
    {
        let (facts, image) = seen(name);
        assert_eq!(facts.frames, 1, "{name}");
        let found = image.at(image.width / 2, image.height / 2);
        assert!(found[1] > 120 && found[0] < 90 && found[2] < 90, "{name}: {found:?}");
    }
}

#[test]
fn bits_above_the_depth_make_no_difference_to_a_transparent_colour() {
    for depth in [1, 2, 4] {
        let clean = seen(&format!("png_trns_gray{depth}_clean.png")).1;
        let high = seen(&format!("png_trns_gray{depth}_high_bits.png")).1;
        assert_eq!(clean, high, "{depth} bits");
        let (left, right) = (clean.at(0, 0), clean.at(clean.width - 1, 0));
        assert_eq!((left[3], right[3]), (255, 0), "{depth} bits");
    }
}

#[test]
fn a_control_with_a_wrong_sum_leaves_the_static_picture() {
    for name in [b"acTL", b"fcTL"] {
        let mut bytes = file("animated/synth_apng_10f.png");
        let still = look(&bytes, &Recipe::default());
        let at = bytes.windows(4).position(|window| window == name).unwrap();
        let length = u32::from_be_bytes(*bytes[at - 4..].first_chunk().unwrap()) as usize;
        bytes[at + 4 + length] ^= 1;
        assert_eq!(facts(&bytes).frames, 1);
        assert_eq!(look(&bytes, &Recipe::default()), still);
    }
}

#[test]
fn a_control_that_counts_too_much_leaves_the_static_picture() {
    for hidden in ["animated/synth_apng_10f.png", "animated/synth_apng_hidden_default.png"] {
        let bytes = file(hidden);
        let at = bytes.windows(4).position(|window| window == b"acTL").unwrap();
        for (frames, plays) in [(1 << 31, 0), (u32::MAX, 0), (10, 1 << 31), (0, 0)] {
            let mut bytes = bytes.clone();
            bytes[at + 4..at + 8].copy_from_slice(&u32::to_be_bytes(frames));
            bytes[at + 8..at + 12].copy_from_slice(&u32::to_be_bytes(plays));
            let sum = crc32fast::hash(&bytes[at..at + 12]);
            bytes[at + 12..at + 16].copy_from_slice(&sum.to_be_bytes());
            assert_eq!(facts(&bytes).frames, 1, "{frames} frames, {plays} plays");
            let moving = Recipe { format: OutputFormat::Source, ..Recipe::default() };
            assert_eq!(rendered(&bytes, &moving).frames, 1, "{frames} frames, {plays} plays");
        }
    }
}
