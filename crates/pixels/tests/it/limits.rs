//! Limits: each is enforced, in words a person understands.

use std::io::Cursor;

use pixels::{Error, Fit, Limits, OutputFormat, Over, Recipe, probe, render};

use crate::support::{Image, file};

/// Probes with limits and returns the refusal.
fn refusal(bytes: &[u8], limits: Limits) -> Error {
    probe(Cursor::new(bytes), &limits).expect_err("the picture is over a limit")
}

/// A file, limits that are just too tight, and which of them must be named.
type Case<'a> = (&'a [u8], Limits, fn(&Over) -> bool);

#[test]
fn each_limit_refuses() {
    let png = Image::gradient(40, 30).png();
    let gif = file("animated/synth_bounce_128_24f.gif");
    let usual = Limits::default();
    let cases: [Case<'_>; 6] = [
        (&png, Limits { bytes: 10, ..usual }, |over| matches!(over, Over::Bytes { .. })),
        (&png, Limits { side: 39, ..usual }, |over| matches!(over, Over::Side { .. })),
        (&png, Limits { pixels: 1_199, ..usual }, |over| matches!(over, Over::Pixels { .. })),
        (&gif, Limits { frames: 23, ..usual }, |over| matches!(over, Over::Frames { .. })),
        (&gif, Limits { drawn_pixels: 128 * 128 * 24 - 1, ..usual }, |over| {
            matches!(over, Over::DrawnPixels { .. })
        }),
        (&png, Limits { decode_bytes: 1_000, ..usual }, |over| {
            matches!(over, Over::DecodeBytes { .. })
        }),
    ];
    for (bytes, limits, is_expected) in cases {
        let error = refusal(bytes, limits);
        assert_eq!(error.code(), "over_limit");
        let Error::OverLimit { over } = &error else { panic!("{error}") };
        assert!(is_expected(over), "{error}");
        assert!(render(bytes, &[Recipe::default()], &limits).is_err());
    }
    let just = Limits { side: 40, pixels: 1_200, ..usual };
    assert!(probe(Cursor::new(&png), &just).is_ok());
}

#[test]
fn refusals_are_sentences() {
    let bomb = file("hostile/bombs/jpeg_65500x65500_truncated.jpg");
    let text = refusal(&bomb, Limits::default()).to_string();
    assert_eq!(text, "65500x65500 is 4291 megapixels; the limit is 100");
    for (path, sentence) in [
        ("hostile/polyglots/pdf_named.png", "not an image: starts like a PDF"),
        ("hostile/polyglots/html_named.jpg", "not an image: starts like an HTML page"),
        ("hostile/polyglots/empty.png", "not an image: an empty file"),
        ("hostile/polyglots/elf_header_named.png", "not an image: starts like a program"),
        ("hostile/polyglots/svg_named.png", "SVG (a drawing, not pixels) is not supported here"),
    ] {
        assert_eq!(refusal(&file(path), Limits::default()).to_string(), sentence, "{path}");
    }
}

#[test]
fn a_recipe_too_large_for_the_memory_fails_alone() {
    let huge = Recipe {
        fit: Fit::Stretch,
        width: Some(30_000),
        height: Some(30_000),
        enlarge: true,
        format: OutputFormat::Jpeg,
        ..Recipe::default()
    };
    let small = Recipe { width: Some(10), ..Recipe::default() };
    let png = Image::gradient(40, 30).png();
    let results = render(&png, &[huge, small], &Limits::default()).unwrap();
    assert_eq!(results[0].as_ref().unwrap_err().code(), "over_limit");
    assert!(results[1].is_ok());
}

#[test]
fn the_estimate_grows_with_the_picture_and_the_recipes() {
    let facts = |side| {
        let png = Image::gradient(side, side).png();
        probe(Cursor::new(png), &Limits::default()).unwrap()
    };
    assert!(facts(64).decode_bytes < facts(512).decode_bytes);
    let facts = facts(512);
    let of = |side| facts.render_bytes(&[Recipe { width: Some(side), ..Recipe::default() }]);
    assert!(of(50) < of(500) && of(500) <= facts.decode_bytes);
}

#[test]
fn errors_cross_a_pipe_unchanged() {
    let bomb = file("hostile/bombs/jpeg_65500x65500_truncated.jpg");
    let error = refusal(&bomb, Limits::default());
    let text = serde_json::to_string(&error).unwrap();
    assert_eq!(serde_json::from_str::<Error>(&text).unwrap(), error);
}
