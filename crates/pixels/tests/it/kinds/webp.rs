//! WebP: an animation of one frame is a still, and one with a fault ends in front of it.

use std::io::Cursor;

use pixels::{Format, Limits, OutputFormat, Recipe, probe};

use super::{GREEN, facts, seen, shows_the_picture};
use crate::support::{composed, distance, file, rendered};

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

/// Where the chunk of a frame's picture stands, behind that of its alpha.
fn picture(bytes: &[u8], at: usize) -> usize {
    if &bytes[at..at + 4] != b"ALPH" {
        return at;
    }
    let length = u32::from_le_bytes(*bytes[at + 4..].first_chunk().unwrap()) as usize;
    at + 8 + length.next_multiple_of(2)
}

/// Where the frames of an animation stand, and how long they are without what fills up.
fn frames(bytes: &[u8]) -> Vec<(usize, usize)> {
    let names = bytes.windows(4).enumerate().filter(|(_, name)| name == b"ANMF");
    let length =
        |at: usize| u32::from_le_bytes(*bytes[at + 4..].first_chunk().unwrap()) as usize + 8;
    names.map(|(at, _)| (at, length(at))).collect()
}

#[test]
fn a_fault_in_a_later_frame_leaves_those_before_it() {
    for name in ["animated/synth_webp_lossless_6f.webp", "animated/synth_webp_lossy_6f.webp"] {
        let bytes = file(name);
        let places = frames(&bytes);
        assert_eq!(places.len(), 6, "{name}");
        let whole = composed(&rendered(&bytes, &moving(OutputFormat::Png)).bytes);
        for (broken, &(at, length)) in places.iter().enumerate().skip(1) {
            let picture = picture(&bytes, at + 24);
            for (what, file) in [
                ("cut in front of it", bytes[..at].to_vec()),
                ("cut in its head", bytes[..at + 12].to_vec()),
                ("cut in its picture", bytes[..at + length / 2 + 12].to_vec()),
                ("cut in its last byte", bytes[..at + length - 1].to_vec()),
                ("outside the canvas", with(&bytes, at + 10, 0x7F)),
                ("not a picture", with(&bytes, picture, b'?')),
                ("no signature", without(&bytes, picture + 8..at + length)),
                ("longer than the file", with(&bytes, at + 7, 0x7F)),
            ] {
                let found = facts(&file);
                assert_eq!(found.frames as usize, broken, "{name}, {broken}: {what}");
                let made = rendered(&file, &moving(OutputFormat::Png));
                assert_eq!(made.frames as usize, broken, "{name}, {broken}: {what}");
                let seen = composed(&made.bytes);
                for (seen, whole) in seen.frames.iter().zip(&whole.frames) {
                    assert!(seen.image == whole.image, "{name}, {broken}: {what}");
                }
            }
        }
        let (first, length) = places[0];
        for file in [&bytes[..first + length / 2], &with(&bytes, first + 10, 0x7F)] {
            let error = probe(Cursor::new(file), &Limits::default()).expect_err(name);
            assert!(error.to_string().contains("first frame is broken"), "{name}: {error}");
        }
    }
}

fn moving(format: OutputFormat) -> Recipe {
    Recipe { format, ..Recipe::default() }
}

fn with(bytes: &[u8], at: usize, byte: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] = byte;
    bytes
}

fn without(bytes: &[u8], cleared: std::ops::Range<usize>) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[cleared].fill(0);
    bytes
}
