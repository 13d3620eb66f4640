//! Any bytes as a camera's notes: what is reported makes sense, and costs little; and where the
//! place was taken out, none is reported.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use minilab_fuzz::{Counting, check_notes, limits, mend_sums};
use pixels::{Facts, Format};

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    mend_sums(&mut bytes);
    let facts = pixels::probe(Cursor::new(&bytes), &limits()).unwrap_or_else(|_| claimed(&bytes));
    let mut reader = Counting::new(&bytes);
    let notes = pixels::metadata(&mut reader, &facts);
    reader.check();
    check_notes(&notes);
    assert_eq!(
        pixels::metadata(Counting::new(&bytes), &facts),
        notes,
        "it says something else now"
    );
    check_cleaned(bytes);
});

/// What is handed out without its place tells none to the reader.
fn check_cleaned(bytes: Vec<u8>) {
    let Ok(clean) = pixels::without_location(bytes) else { return };
    if let Ok(facts) = pixels::probe(Cursor::new(&clean), &limits()) {
        let notes = pixels::metadata(Cursor::new(&clean), &facts);
        assert_eq!(notes.gps, None, "the reader finds a place that the remover left");
    }
    assert_eq!(pixels::without_location(clean.clone()), Ok(clean), "not everything at once");
}

/// Facts that no probe would state: reading notes must not rely on a sound picture around them.
fn claimed(bytes: &[u8]) -> Facts {
    let any = usize::from(bytes.last().copied().unwrap_or_default());
    let format = Format::ALL[any % Format::ALL.len()];
    Facts {
        format,
        width: 1,
        height: 1,
        frames: 1,
        orientation: 1,
        has_alpha: false,
        is_truncated: false,
        decode_bytes: 0,
    }
}
