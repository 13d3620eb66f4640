//! The files that are written: readable by others, and the same every time.

use std::io::Cursor;

use pixels::{Animation, Fit, Format, Limits, OutputFormat, Recipe, probe, render};

use crate::support::{Image, file, look, mean_distance, rendered};

const FORMATS: [OutputFormat; 5] = [
    OutputFormat::Jpeg,
    OutputFormat::Png,
    OutputFormat::Gif,
    OutputFormat::WebP,
    OutputFormat::Avif,
];

fn small(format: OutputFormat) -> Recipe {
    Recipe { fit: Fit::Inside, width: Some(96), format, quality: 90, ..Recipe::default() }
}

#[test]
fn the_same_bytes_come_out_twice() {
    for path in ["photos/metadata-extractor-images__Issue_508.jpg", "animated/synth_apng_10f.png"] {
        let bytes = file(path);
        for format in FORMATS {
            let (once, again) =
                (rendered(&bytes, &small(format)), rendered(&bytes, &small(format)));
            assert!(once == again, "{path} as {format:?}");
        }
    }
}

#[test]
fn every_format_is_read_back_as_what_it_claims() {
    let source = Image::gradient(300, 200);
    for format in FORMATS {
        let made = rendered(&source.png(), &small(format));
        let facts = probe(Cursor::new(&made.bytes), &Limits::default()).unwrap();
        assert_eq!((facts.format, facts.width, facts.height), (made.format, 96, 64));
        assert_eq!((made.width, made.height, made.frames), (96, 64, 1));
        let seen = look(&made.bytes, &Recipe::default());
        let wanted = look(&source.png(), &small(OutputFormat::Png));
        let error = mean_distance(&seen, &wanted);
        assert!(error < 3.0, "{format:?}: {error}");
    }
}

#[test]
fn other_decoders_see_the_same_picture() {
    let source = Image::gradient(300, 200).png();
    let wanted = look(&source, &small(OutputFormat::Png));
    let jpeg = rendered(&source, &small(OutputFormat::Jpeg));
    let mut decoder =
        zune_jpeg::JpegDecoder::new(zune_jpeg::zune_core::bytestream::ZCursor::new(&jpeg.bytes));
    let rgb = decoder.decode().unwrap();
    let pixels = rgb.as_chunks::<3>().0.iter().map(|[r, g, b]| [*r, *g, *b, 255]).collect();
    assert!(mean_distance(&Image { width: 96, height: 64, pixels }, &wanted) < 3.0);
    let webp = rendered(&source, &small(OutputFormat::WebP));
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(&webp.bytes)).unwrap();
    assert_eq!(decoder.dimensions(), (96, 64));
    let mut rgb = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut rgb).unwrap();
    let pixels = rgb.as_chunks::<3>().0.iter().map(|[r, g, b]| [*r, *g, *b, 255]).collect();
    assert!(mean_distance(&Image { width: 96, height: 64, pixels }, &wanted) < 3.0);
}

#[test]
fn one_decode_serves_many_recipes_in_their_order() {
    let recipes: Vec<Recipe> = [30, 90, 60]
        .into_iter()
        .map(|width| Recipe { width: Some(width), ..Recipe::default() })
        .chain([Recipe { animation: Animation::First, width: Some(20), ..Recipe::default() }])
        .collect();
    let bytes = file("animated/synth_local_palettes.gif");
    let results = render(&bytes, &recipes, &Limits::default()).unwrap();
    let sizes: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|made| (made.width, made.frames)).unwrap())
        .collect();
    assert_eq!(sizes, [(30, 10), (48, 10), (48, 10), (20, 1)]);
}

#[test]
fn source_keeps_what_the_web_shows_and_turns_the_rest() {
    for (path, format) in [
        ("formats/image__rgb24.bmp", Format::Jpeg),
        ("formats/image__smile.ico", Format::Png),
        ("orientation/synth_quad_1.webp", Format::WebP),
        ("formats/synth_rgb.jpg", Format::Jpeg),
        ("animated/synth_static_87a.gif", Format::Gif),
        ("formats/image__l1.tiff", Format::Jpeg),
    ] {
        assert_eq!(rendered(&file(path), &Recipe::default()).format, format, "{path}");
    }
}
