//! JPEGs of which a part was cut off: inside the headers, between two scans, and at a restart.

use std::io::Cursor;

use pixels::{Error, Facts, Limits, Recipe, probe, render};

use crate::support::{file, look, mean_distance};

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
