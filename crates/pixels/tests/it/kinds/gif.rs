//! GIF: screens that are too small, frames of nothing, faults in later frames, no colours at all.

use pixels::{Facts, OutputFormat, Recipe};

use super::facts;
use crate::support::{Image, composed, file, look, rendered};

const RED: [u8; 4] = [255, 0, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const BLACK: [u8; 4] = [0, 0, 0, 255];
const WHITE: [u8; 4] = [255, 255, 255, 255];

/// The head of a file with a screen of this size; colour 0 is red, colour 1 is blue.
fn head(width: u8, height: u8) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend_from_slice(&[width, 0, height, 0, 0x80, 0, 0]);
    bytes.extend_from_slice(&[255, 0, 0, 0, 0, 255]);
    bytes
}

/// A frame of one colour at a place, packed by the gif crate.
fn frame(left: u8, top: u8, width: u8, height: u8, colour: u8) -> Vec<u8> {
    let pixels = vec![colour; usize::from(width) * usize::from(height)];
    let mut frame =
        gif::Frame::from_palette_pixels(width.into(), height.into(), pixels, [0; 6], None);
    frame.make_lzw_pre_encoded();
    let mut bytes = vec![0x21, 0xF9, 4, 0, 10, 0, 0, 0];
    bytes.extend_from_slice(&[0x2C, left, 0, top, 0, width, 0, height, 0, 0]);
    let (code_size, data) = frame.buffer.split_first().unwrap();
    bytes.push(*code_size);
    for piece in data.chunks(255) {
        bytes.push(piece.len() as u8);
        bytes.extend_from_slice(piece);
    }
    bytes.push(0);
    bytes
}

fn joined(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), vec![0x3B]].concat()
}

/// What is probed, and each frame as it is shown.
fn seen(bytes: &[u8]) -> (Facts, Vec<Image>) {
    let recipe = Recipe { format: OutputFormat::Png, ..Recipe::default() };
    let frames = composed(&rendered(bytes, &recipe).bytes).frames;
    (facts(bytes), frames.into_iter().map(|frame| frame.image).collect())
}

#[test]
fn a_first_frame_that_does_not_fit_enlarges_the_screen() {
    let bytes = joined(&[head(4, 4), frame(2, 1, 8, 6, 1), frame(0, 0, 4, 4, 0)]);
    let (facts, frames) = seen(&bytes);
    assert_eq!((facts.width, facts.height, facts.frames), (10, 7, 2));
    assert_eq!((frames[0].at(9, 6), frames[0].at(2, 1), frames[0].at(0, 0)[3]), (BLUE, BLUE, 0));
    assert_eq!((frames[1].at(0, 0), frames[1].at(9, 6)), (RED, BLUE));
}

#[test]
fn a_later_frame_that_does_not_fit_is_cut_off() {
    let bytes = joined(&[head(4, 4), frame(0, 0, 4, 4, 0), frame(2, 2, 9, 9, 1)]);
    let (facts, frames) = seen(&bytes);
    assert_eq!((facts.width, facts.height, facts.frames), (4, 4, 2));
    assert_eq!((frames[1].at(1, 1), frames[1].at(3, 3)), (RED, BLUE));
}

#[test]
fn frames_of_nothing_are_skipped() {
    for empty in [(0, 0), (0, 4), (4, 0)] {
        let mut nothing = frame(0, 0, 1, 1, 1);
        (nothing[13], nothing[15]) = empty;
        for parts in [
            [head(4, 4), frame(0, 0, 4, 4, 0), nothing.clone(), frame(0, 0, 2, 2, 1)],
            [head(4, 4), nothing.clone(), frame(0, 0, 4, 4, 0), frame(0, 0, 2, 2, 1)],
        ] {
            let (facts, frames) = seen(&joined(&parts));
            assert_eq!((facts.width, facts.height, facts.frames), (4, 4, 2), "{empty:?}");
            assert_eq!((frames[0].at(0, 0), frames[1].at(0, 0)), (RED, BLUE), "{empty:?}");
        }
    }
}

#[test]
fn a_broken_later_frame_leaves_what_was_before_it() {
    let mut broken = frame(0, 0, 4, 4, 1);
    // The size of its codes makes no sense.
    broken[18] = 99;
    let (_, frames) = seen(&joined(&[head(4, 4), frame(0, 0, 4, 4, 0), broken.clone()]));
    assert_eq!((frames.len(), frames[0].at(0, 0)), (1, RED));
    let three = [head(4, 4), frame(0, 0, 4, 4, 0), frame(0, 0, 4, 4, 1), broken];
    let (_, frames) = seen(&joined(&three));
    assert_eq!((frames.len(), frames[1].at(0, 0)), (2, BLUE));
}

#[test]
fn a_frame_without_colours_is_drawn_in_black_and_white() {
    let bytes = file("kinds/gif_no_palette.gif");
    let like = file("kinds/gif_palette.gif");
    let (plain, with_colours) = (look(&bytes, &Recipe::default()), look(&like, &Recipe::default()));
    let colours: Vec<[u8; 4]> = with_colours.pixels.clone();
    for (found, colour) in plain.pixels.iter().zip(&colours) {
        assert!([BLACK, WHITE].contains(found), "{found:?}");
        // The same pixels are alike in both.
        assert_eq!(*found == plain.pixels[0], *colour == colours[0]);
    }
    let (facts, frames) = seen(&file("kinds/gif_no_palette_later.gif"));
    assert_eq!((facts.frames, frames.len()), (2, 2));
    assert!(frames[1].pixels.iter().all(|pixel| [BLACK, WHITE].contains(pixel)));
}
