//! What notes may say at all, whatever the file was. Fuzz targets judge by this file, too.

use pixels::{Exposure, Metadata};

pub(crate) fn check(notes: &Metadata) {
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
        let is_negative_zero = |degrees: f64| degrees == 0.0 && degrees.is_sign_negative();
        assert!(!is_negative_zero(gps.lat) && !is_negative_zero(gps.lon), "{gps:?}");
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
