//! What is served tells nothing but the picture: every part of every variant is accounted for.

use std::{fs, io::Cursor};

use pixels::{
    Animation, Fit, Limits, Metadata, OutputFormat, Recipe, Rendered, metadata, probe, render,
    without_location,
};

use crate::{
    corpus::{corpus, rows},
    foreign::foreign_parts,
    support::{file, rendered},
};

const FORMATS: [OutputFormat; 5] = [
    OutputFormat::Jpeg,
    OutputFormat::Png,
    OutputFormat::Gif,
    OutputFormat::WebP,
    OutputFormat::Avif,
];

/// Like the presets of a new lab.
fn presets() -> Vec<Recipe> {
    let inside = |side, format| Recipe {
        width: Some(side),
        height: Some(side),
        format,
        ..Recipe::default()
    };
    let first = Animation::First;
    vec![
        Recipe { fit: Fit::Cover, animation: first, ..inside(100, OutputFormat::Jpeg) },
        Recipe { animation: first, ..inside(100, OutputFormat::WebP) },
        Recipe { width: None, ..inside(200, OutputFormat::Source) },
        Recipe { fit: Fit::Contain, exact: true, ..inside(100, OutputFormat::Gif) },
        inside(2_048, OutputFormat::Source),
    ]
}

/// Words that no pixels hold, but pictures of the corpus do beside them.
const WORDS: [&[u8]; 6] =
    [b"POLYGLOT", b"Exif\0", b"http:", b"ICC_PROFILE", b"GARBAGE", b"<x:xmpmeta"];

/// What is wrong with a variant; empty when nothing is.
fn complaints(made: &Rendered) -> Vec<String> {
    let mut wrong = foreign_parts(made);
    let is_in = |word: &[u8]| made.bytes.windows(word.len()).any(|window| window == word);
    let words = WORDS.iter().filter(|word| is_in(word));
    wrong.extend(words.map(|word| format!("the word {}", word.escape_ascii())));
    let facts = probe(Cursor::new(&made.bytes), &Limits::default()).unwrap();
    if (facts.orientation, facts.frames) != (1, made.frames) {
        wrong.push(format!("{facts:?}"));
    }
    let notes = metadata(Cursor::new(&made.bytes), &facts);
    if notes != Metadata::default() {
        wrong.push(format!("{notes:?}"));
    }
    if without_location(made.bytes.clone()).as_ref() != Ok(&made.bytes) {
        wrong.push("a place that can be taken out".to_owned());
    }
    wrong
}

/// Renders all files below a folder of the corpus; at least so many must be pictures.
fn check(folder: &str, at_least: usize) {
    let corpus = corpus();
    let recipes = presets();
    let (mut pictures, mut wrong) = (0, Vec::new());
    for row in rows(&corpus).iter().filter(|row| row.path.starts_with(folder)) {
        let bytes = fs::read(corpus.join(&row.path)).unwrap();
        let Ok(prints) = render(&bytes, &recipes, &Limits::default()) else { continue };
        pictures += 1;
        for print in prints.into_iter().flatten() {
            let found = complaints(&print);
            wrong
                .extend(found.iter().map(|what| format!("{}: {}: {what}", row.path, print.format)));
        }
    }
    assert!(pictures >= at_least, "only {pictures} pictures in {folder}");
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nothing_of_a_photo_gets_through_but_the_picture() {
    check("photos/", 17);
}

#[test]
fn nothing_of_a_turned_picture_gets_through_but_the_picture() {
    check("orientation/", 29);
}

#[test]
fn nothing_of_a_polyglot_gets_through_but_the_picture() {
    check("hostile/polyglots/", 5);
}

#[test]
fn nothing_of_broken_notes_gets_through_but_the_picture() {
    check("hostile/exif/", 30);
}

#[test]
fn no_format_takes_anything_along() {
    let sources = [
        "photos/metadata-extractor-images__Issue_508.jpg",
        "photos/metadata-extractor-images__HTC_Desire.webp",
        "orientation/synth_quad_6.png",
        "animated/synth_apng_10f.png",
        "hostile/polyglots/jpeg_html_comment.jpg",
        "hostile/polyglots/gifar.gif",
        "formats/synth_trailing_garbage.png",
    ];
    for path in sources {
        for format in FORMATS {
            let recipe = Recipe { width: Some(96), format, ..Recipe::default() };
            let made = rendered(&file(path), &recipe);
            assert_eq!(complaints(&made), Vec::<String>::new(), "{path} as {format:?}");
        }
    }
}

/// The judge itself: a variant with one thing too many is not clean.
#[test]
fn what_does_not_belong_there_is_found() {
    let with = |mut made: Rendered, at: usize, more: &[u8]| {
        made.bytes.splice(at..at, more.iter().copied());
        foreign_parts(&made)
    };
    for format in FORMATS {
        let recipe = Recipe { width: Some(32), format, ..Recipe::default() };
        let made = rendered(&file("animated/synth_apng_10f.png"), &recipe);
        assert_eq!(foreign_parts(&made), Vec::<String>::new(), "{format:?}");
        for more in [&b"\0"[..], b"PK\x03\x04 and so on", b"\xFF\xD9", b"\0\0\0\x08Exif"] {
            let end = made.bytes.len();
            assert!(!with(made.clone(), end, more).is_empty(), "{format:?} with {more:?}");
        }
        match format {
            OutputFormat::Jpeg => assert_eq!(with(made, 2, b"\xFF\xFE\0\x04no"), ["marker FE"]),
            OutputFormat::Png => assert_eq!(with(made, 33, b"\0\0\0\x02tEXtno\0\0\0\0"), ["tEXt"]),
            _ => {}
        }
    }
}
