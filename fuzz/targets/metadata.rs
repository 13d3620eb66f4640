//! Any bytes as a camera's notes: what is reported makes sense, and costs little.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use minilab_fuzz::{Counting, limits, mend_sums};
use pixels::{Exposure, Facts, Format, Metadata};

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    mend_sums(&mut bytes);
    let facts = pixels::probe(Cursor::new(&bytes), &limits()).unwrap_or_else(|_| claimed(&bytes));
    let mut reader = Counting::new(&bytes);
    let notes = pixels::metadata(&mut reader, &facts);
    reader.check();
    check(&notes);
    assert_eq!(
        pixels::metadata(Counting::new(&bytes), &facts),
        notes,
        "it says something else now"
    );
});

/// Facts that no probe would state: reading notes must not rely on a sound picture around them.
fn claimed(bytes: &[u8]) -> Facts {
    let format = Format::ALL[usize::from(bytes.last().copied().unwrap_or_default() % 8)];
    Facts {
        format,
        width: 1,
        height: 1,
        frames: 1,
        orientation: 1,
        has_alpha: false,
        decode_bytes: 0,
    }
}

fn check(notes: &Metadata) {
    for text in [&notes.make, &notes.model, &notes.lens].into_iter().flatten() {
        assert!((1..=1_000).contains(&text.chars().count()), "{} characters", text.len());
        assert!(text.trim() == text && !text.contains('\0'), "padding in {text:?}");
    }
    if let Some(taken) = &notes.taken_at {
        check_moment(taken);
    }
    if let Some(gps) = &notes.gps {
        assert!(
            (-90.0..=90.0).contains(&gps.lat) && (-180.0..=180.0).contains(&gps.lon),
            "{gps:?}"
        );
    }
    if let Some(exposure) = &notes.exposure {
        let Exposure { seconds, aperture, iso, focal_length } = *exposure;
        for value in [seconds, aperture, focal_length].into_iter().flatten() {
            assert!(value.is_finite() && value > 0.0, "{exposure:?}");
        }
        assert!(iso != Some(0) && *exposure != Exposure::default(), "{exposure:?}");
    }
}

/// `2008-05-30T15:56:01`, and perhaps `+02:00`.
fn check_moment(text: &str) {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let (moment, offset) = shape.split_at_checked(19).expect("nothing in it is longer than a byte");
    assert_eq!(moment, "0000-00-00T00:00:00", "{text:?}");
    assert!(matches!(offset, "" | "+00:00" | "-00:00"), "{text:?}");
    let number = |at: usize| text[at..at + 2].parse::<u8>().expect("digits, as the shape says");
    assert!((1..=12).contains(&number(5)) && (1..=31).contains(&number(8)), "{text:?}");
    assert!(number(11) < 24 && number(14) < 60 && number(17) < 60, "{text:?}");
}
