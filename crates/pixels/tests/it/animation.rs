//! Animations: composition, timing and plays survive, whatever the formats.

use std::{collections::BTreeMap, fs, io::Cursor};

use pixels::{Animation, Fit, Limits, OutputFormat, Recipe, probe};

use crate::support::{
    Composed, Image, composed, composed_gif, distance, file, look, mean_distance, rendered,
    testdata,
};

fn to(format: OutputFormat) -> Recipe {
    Recipe { format, ..Recipe::default() }
}

/// What the fixtures say of one animation.
struct Told {
    path: String,
    /// 0 is for ever.
    plays: u32,
    milliseconds: Vec<u32>,
}

/// The made GIFs and APNGs.
fn told(prefix: &str) -> Vec<Told> {
    let table = fs::read_to_string(testdata().join("ANIMATION.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| row[0].starts_with(prefix))
        .map(|row| Told {
            path: row[0].to_owned(),
            plays: plays(row[1], row[5]),
            milliseconds: row[6].split(',').map(|text| text.parse().unwrap()).collect(),
        })
        .collect()
}

/// GIF counts repeats after the first play, and plays once without the block.
fn plays(format: &str, raw: &str) -> u32 {
    match (format, raw) {
        ("gif", "") => 1,
        (_, "0") => 0,
        ("gif", raw) => raw.parse::<u32>().unwrap() + 1,
        (_, raw) => raw.parse().unwrap(),
    }
}

fn delays(composed: &Composed) -> Vec<u32> {
    composed.frames.iter().map(|frame| frame.milliseconds).collect()
}

#[test]
fn every_disposal_composes_as_the_fixtures_say() {
    type Frames = BTreeMap<String, Vec<serde_json::Value>>;
    let told: Frames = serde_json::from_slice(&file("animated/SYNTH_FRAMES.json")).unwrap();
    assert!(told.len() >= 10);
    for (name, frames) in told {
        let bytes = file(&format!("animated/{name}"));
        for (format, read) in [
            (OutputFormat::Png, composed as fn(&[u8]) -> Composed),
            (OutputFormat::Gif, composed_gif as fn(&[u8]) -> Composed),
        ] {
            let seen = read(&rendered(&bytes, &to(format)).bytes);
            assert_eq!(seen.frames.len(), frames.len(), "{name} as {format:?}");
            for (index, (seen, told)) in seen.frames.iter().zip(&frames).enumerate() {
                for probe in told["probes"].as_array().unwrap() {
                    let number = |at: usize| u32::try_from(probe[at].as_u64().unwrap()).unwrap();
                    let found = seen.image.at(number(0), number(1));
                    let wanted = [2, 3, 4, 5].map(|at| number(at) as u8);
                    assert_eq!(found, wanted, "{name} as {format:?}, frame {index}: {probe}");
                }
            }
        }
    }
}

#[test]
fn delays_and_plays_survive_in_gif_and_apng() {
    for told in told("animated/synth_").into_iter().filter(|told| told.path.ends_with("gif")) {
        let bytes = file(&told.path);
        let gif = composed_gif(&rendered(&bytes, &to(OutputFormat::Source)).bytes);
        assert_eq!(
            (gif.plays, delays(&gif)),
            (told.plays, told.milliseconds.clone()),
            "{}",
            told.path
        );
        let apng = composed(&rendered(&bytes, &to(OutputFormat::Png)).bytes);
        assert_eq!((apng.plays, delays(&apng)), (told.plays, told.milliseconds), "{}", told.path);
    }
    for told in told("animated/synth_").into_iter().filter(|told| told.path.ends_with("png")) {
        let apng = composed(&rendered(&file(&told.path), &to(OutputFormat::Source)).bytes);
        assert_eq!((apng.plays, delays(&apng)), (told.plays, told.milliseconds), "{}", told.path);
    }
}

#[test]
fn webp_keeps_the_whole_duration_and_the_plays() {
    for told in told("animated/synth_") {
        let whole: u32 = told.milliseconds.iter().sum();
        let made = rendered(&file(&told.path), &to(OutputFormat::WebP));
        let decoder = image_webp::WebPDecoder::new(Cursor::new(&made.bytes)).unwrap();
        if !decoder.is_animated() {
            // A single frame has no duration.
            assert_eq!(made.frames, 1, "{}", told.path);
            continue;
        }
        let plays = match decoder.loop_count() {
            image_webp::LoopCount::Forever => 0,
            image_webp::LoopCount::Times(times) => u32::from(times.get()),
        };
        assert_eq!(u64::from(whole), decoder.loop_duration(), "{}", told.path);
        assert_eq!(plays, told.plays, "{}", told.path);
        assert_eq!(made.frames, decoder.num_frames(), "{}", told.path);
    }
}

#[test]
fn webp_animations_are_read_with_their_delays() {
    for name in ["lossless", "lossy"] {
        let bytes = file(&format!("animated/synth_webp_{name}_6f.webp"));
        let apng = composed(&rendered(&bytes, &to(OutputFormat::Png)).bytes);
        assert_eq!((apng.plays, delays(&apng)), (2, vec![50, 60, 70, 80, 90, 100]), "{name}");
        let gif = composed_gif(&rendered(&bytes, &to(OutputFormat::Gif)).bytes);
        assert_eq!((gif.plays, delays(&gif)), (2, vec![50, 60, 70, 80, 90, 100]), "{name}");
    }
}

#[test]
fn the_emoji_preset_keeps_frames_timing_and_transparency() {
    let emoji = Recipe {
        fit: Fit::Contain,
        width: Some(100),
        height: Some(100),
        exact: true,
        format: OutputFormat::Gif,
        byte_budget: Some(256 << 10),
        ..Recipe::default()
    };
    let bytes = file("animated/synth_bounce_128_24f.gif");
    let made = rendered(&bytes, &emoji);
    assert_eq!((made.width, made.height, made.frames), (100, 100, 24));
    let seen = composed_gif(&made.bytes);
    assert_eq!(delays(&seen), vec![40; 24]);
    // The ball moves over nothing: every corner stays empty, and something is always there.
    for frame in &seen.frames {
        assert_eq!(frame.image.at(0, 0)[3], 0);
        assert!(frame.image.pixels.iter().any(|pixel| pixel[3] == 255));
    }
    let padded = composed_gif(&rendered(&file("animated/synth_interlaced.gif"), &emoji).bytes);
    assert_eq!(padded.frames[0].image.at(50, 2)[3], 0);
}

#[test]
fn first_takes_the_first_frame_and_other_formats_do_too() {
    let bytes = file("animated/synth_local_palettes.gif");
    let first = Recipe { animation: Animation::First, ..Recipe::default() };
    assert_eq!(rendered(&bytes, &first).frames, 1);
    assert_eq!(rendered(&bytes, &to(OutputFormat::Jpeg)).frames, 1);
    let all = composed(&rendered(&bytes, &to(OutputFormat::Png)).bytes);
    let one = look(&bytes, &first);
    assert_eq!(all.frames[0].image, one);
}

#[test]
fn a_hidden_default_picture_is_not_a_frame() {
    let bytes = file("animated/synth_apng_hidden_default.png");
    assert_eq!(probe(Cursor::new(&bytes), &Limits::default()).unwrap().frames, 6);
    let made = rendered(&bytes, &to(OutputFormat::Source));
    assert_eq!(made.frames, 6);
}

#[test]
fn many_colours_in_a_gif_stay_close_to_the_source() {
    let source = Image::gradient(160, 120);
    let made = rendered(&source.png(), &to(OutputFormat::Gif));
    let seen = composed_gif(&made.bytes);
    let error = mean_distance(&seen.frames[0].image, &source);
    assert!(error < 4.0, "{error}");
}

#[test]
fn frames_are_resized_like_stills() {
    let bytes = file("animated/synth_disposal_0123.gif");
    let half = Recipe { fit: Fit::Inside, width: Some(32), ..to(OutputFormat::Png) };
    let small = composed(&rendered(&bytes, &half).bytes);
    let large = composed(&rendered(&bytes, &to(OutputFormat::Png)).bytes);
    for (index, (small, large)) in small.frames.iter().zip(&large.frames).enumerate() {
        let resized = look(&large.image.png(), &half);
        let worst =
            small.image.pixels.iter().zip(&resized.pixels).map(|(a, b)| distance(*a, *b)).max();
        assert_eq!(worst, Some(0), "frame {index}");
    }
}
