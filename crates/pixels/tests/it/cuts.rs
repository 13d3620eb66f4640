//! JPEGs of which a part was cut off: inside the headers, between two scans, and at a restart.

use std::{fs, io::Cursor, path::PathBuf};

use pixels::{Error, Facts, Limits, OutputFormat, Recipe, probe, render};

use crate::support::{Image, file, look, mean_distance, rendered, testdata};

const END: [u8; 2] = [0xFF, 0xD9];

fn facts(bytes: &[u8]) -> Result<Facts, Error> {
    probe(Cursor::new(bytes), &Limits::default())
}

/// Whether the picture is made, and said to be truncated.
fn made(bytes: &[u8]) -> Result<bool, Error> {
    Ok(render(bytes, &[Recipe::default()], &Limits::default())?.remove(0)?.is_truncated)
}

/// Where a marker stands, each time it does, behind the headers of the first scan.
fn markers(bytes: &[u8], is_wanted: impl Fn(u8) -> bool) -> Vec<usize> {
    let start = scans(bytes)[0];
    let pairs = bytes.windows(2).enumerate().skip(start);
    pairs.filter(|(_, pair)| pair[0] == 0xFF && is_wanted(pair[1])).map(|(at, _)| at).collect()
}

/// Where the scans begin; segments are stepped over, for there may be a thumbnail in one.
fn scans(bytes: &[u8]) -> Vec<usize> {
    let (mut found, mut at) = (Vec::new(), 2);
    while at + 4 <= bytes.len() && bytes[at + 1] != END[1] {
        let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        let is_scan = bytes[at + 1] == 0xDA;
        found.extend(is_scan.then_some(at));
        at += 2 + length;
        // Behind a scan's header come its codes.
        while is_scan && at + 1 < bytes.len() {
            let is_marker = bytes[at] == 0xFF && !matches!(bytes[at + 1], 0 | 0xD0..=0xD7 | 0xFF);
            if is_marker {
                break;
            }
            at += 1;
        }
    }
    found
}

#[test]
fn a_picture_that_ends_inside_the_header_of_its_first_scan_is_refused_at_once() {
    for name in [
        "formats/synth_rgb.jpg",
        "formats/synth_gray.jpg",
        "formats/synth_cmyk.jpg",
        "formats/synth_progressive.jpg",
        "formats/zune-image__non_interleaved_444_64x64.jpg",
        "cases/jpeg_arithmetic_whole.jpg",
    ] {
        let bytes = file(name);
        let scan = scans(&bytes)[0];
        let header = 2 + usize::from(u16::from_be_bytes([bytes[scan + 2], bytes[scan + 3]]));
        for there in 2..header {
            // What is left of a header may end in a byte that is none of it.
            let more: &[&[u8]] =
                if there + 4 >= header && there + 1 < header { &[&[], &[0]] } else { &[&[]] };
            for more in more {
                let cut = [&bytes[..scan + there], more].concat();
                let error = facts(&cut).expect_err(name);
                assert_eq!(error.code(), "malformed_image", "{name}, {there}");
                let inside = "ends inside the headers";
                assert!(error.to_string().contains(inside), "{name}, {there}: {error}");
            }
        }
        // With all of its headers and not one pixel.
        let error = facts(&bytes[..scan + header]).expect_err(name);
        assert_eq!(error.code(), "malformed_image", "{name}: {error}");
    }
}

#[test]
fn a_progressive_picture_without_its_last_passes_is_shown_and_told() {
    for name in [
        "formats/synth_progressive.jpg",
        "formats/image__cat.jpg",
        "formats/zune-image__weird_sampling_2.jpeg",
    ] {
        let bytes = file(name);
        assert!(!facts(&bytes).unwrap().is_truncated, "{name}");
        assert_eq!(made(&bytes), Ok(false), "{name}");
        let control = look(&bytes, &Recipe::default());
        for (count, scan) in scans(&bytes).into_iter().enumerate().skip(1) {
            // The codes of the next scan stand in front of it: it was cut somewhere there.
            let cut = [&bytes[..scan], &END].concat();
            assert!(facts(&cut).unwrap().is_truncated, "{name}, {count} scans");
            assert_eq!(made(&cut), Ok(true), "{name}, {count} scans");
            look(&cut, &Recipe::default());
        }
        let last = *scans(&bytes).last().unwrap();
        let cut = [&bytes[..last], &END].concat();
        assert!(mean_distance(&look(&cut, &Recipe::default()), &control) < 8.0, "{name}");
    }
}

#[test]
fn a_picture_without_the_scans_of_some_components_is_refused_at_once() {
    for sampling in ["420", "422", "440", "444"] {
        let name = format!("formats/zune-image__non_interleaved_{sampling}_64x64.jpg");
        let bytes = file(&name);
        assert!(!facts(&bytes).unwrap().is_truncated, "{name}");
        for (count, scan) in scans(&bytes).into_iter().enumerate().skip(1) {
            for end in [&END[..], &[]] {
                let error = facts(&[&bytes[..scan], end].concat()).expect_err(&name);
                let lacking = "components is missing";
                assert!(error.to_string().contains(lacking), "{name}, {count} scans: {error}");
            }
        }
    }
}

#[test]
fn a_cut_at_a_restart_is_a_cut_like_any_other() {
    let bytes = file("cases/jpeg_restarts.jpg");
    let control = look(&bytes, &Recipe::default());
    let restarts = markers(&bytes, |marker| (0xD0..=0xD7).contains(&marker));
    // One behind each of 48 MCUs but the last.
    assert_eq!(restarts.len(), 47);
    for restart in &restarts[44..] {
        for there in [-1, 0, 1, 2, 3] {
            let cut = &bytes[..restart.strict_add_signed(there)];
            assert!(facts(cut).unwrap().is_truncated, "{there} behind {restart}");
            assert_eq!(made(cut), Ok(true), "{there} behind {restart}");
            assert_eq!(made(&[cut, &END].concat()), Ok(true), "{there} behind {restart}");
            assert!(mean_distance(&look(cut, &Recipe::default()), &control) < 16.0);
        }
    }
    // Of an early one too little is there.
    made(&bytes[..restarts[2]]).expect_err("a tenth");
}

/// Files of every format that are rendered when they are whole, JPEG aside.
fn others() -> Vec<(PathBuf, Vec<u8>)> {
    let folders = ["formats", "animated", "kinds"].map(|folder| testdata().join(folder));
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    let files = paths.map(|path| (path.clone(), fs::read(path).unwrap()));
    let avif = Recipe { format: OutputFormat::Avif, ..Recipe::default() };
    let avif = rendered(&Image::gradient(200, 150).png(), &avif).bytes;
    let all = files.chain([(PathBuf::from("made.avif"), avif)]);
    let is_other =
        |(_, bytes): &(PathBuf, Vec<u8>)| !bytes.starts_with(&[0xFF, 0xD8]) && made(bytes).is_ok();
    all.filter(is_other).collect()
}

/// Whether only a decoder can tell: bitmaps whose codes end where they please, pictures in more
/// than one chunk, and pictures that end between two pieces.
fn is_hidden(error: &Error, bytes: &[u8]) -> bool {
    let chunks = bytes.windows(4).filter(|name| name == b"IDAT").count();
    match bytes {
        [b'B', b'M', ..] => matches!(bytes[30], 1 | 2 | 4),
        [0x89, b'P', ..] => chunks > 1,
        [b'G', b'I', b'F', ..] => {
            let ends = ["Unexpected End of File", "image truncated", "inside the picture"];
            ends.iter().any(|end| error.to_string().contains(end))
        }
        _ => false,
    }
}

#[test]
fn a_cut_file_of_another_format_is_refused_at_once_or_shown() {
    let mut wrong = Vec::new();
    for (path, bytes) in others() {
        let parts = (2..20).map(|part| bytes.len() * part / 20);
        for there in parts.chain(bytes.len() - 3..bytes.len()) {
            let cut = &bytes[..there];
            if let (Ok(_), Err(error)) = (facts(cut), made(cut))
                && !is_hidden(&error, &bytes)
            {
                wrong.push(format!("{} {there}/{}: {error}", path.display(), bytes.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_gif_that_ends_inside_its_first_picture_is_refused_at_once() {
    for (name, there) in [
        ("animated/synth_static_87a.gif", 60),
        ("animated/image-gif__interlaced.gif", 9_000),
        ("animated/synth_delays_mixed.gif", 80),
    ] {
        let bytes = file(name);
        let error = facts(&bytes[..there]).expect_err(name).to_string();
        assert!(error.contains("ends inside the picture"), "{name}: {error}");
        // What only closes the picture and the file may be missing.
        let open = &bytes[..bytes.len() - 1];
        assert_eq!(made(open), Ok(false), "{name}");
    }
}

#[test]
fn a_progressive_picture_is_worth_showing_once_its_first_pass_is_there() {
    let bytes = file("formats/image__cat.jpg");
    let scans = scans(&bytes);
    assert!(scans.len() > 2);
    let first = scans[1] - scans[0];
    // Most of the first pass, and the rest of the file as if it came all the same.
    let few = [&bytes[..scans[0] + first / 2], &END].concat();
    made(&few).expect_err("half of the first pass");
    for there in [scans[1] + 40, scans[2] - 20, bytes.len() - 100] {
        let cut = &bytes[..there];
        assert!(facts(cut).unwrap().is_truncated, "{there}");
        assert_eq!(made(cut), Ok(true), "{there}");
        assert_eq!(made(&[cut, &END].concat()), Ok(true), "{there} and an end");
    }
    let error = facts(&bytes[..scans[0] + first / 2]).expect_err("half of the first pass");
    assert!(error.to_string().contains("ends inside the picture"), "{error}");
}
