//! Broken files: whatever happens to the bytes, nothing panics and nothing tells the place.

use std::{fs, io::Cursor, path::PathBuf, sync::OnceLock};

use pixels::{Limits, metadata, probe, without_location};
use proptest::prelude::*;

use super::{blocks::exif, formats};
use crate::support::{no_stumble, testdata};

/// Small files of every format, and made ones full of notes.
fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let mut paths: Vec<PathBuf> =
            ["animated", "formats", "hostile/exif", "orientation", "photos"]
                .iter()
                .flat_map(|folder| fs::read_dir(testdata().join(folder)).unwrap())
                .map(|entry| entry.unwrap().path())
                .collect();
        paths.sort();
        let files = paths.into_iter().map(|path| fs::read(path).unwrap());
        let small = files.filter(|bytes| (1..12_000).contains(&bytes.len()));
        small.chain(formats::full_of_notes()).collect()
    })
}

/// Cleans a file; if that works, the place is gone and nothing more is to be done.
fn check(bytes: Vec<u8>) -> Result<(), TestCaseError> {
    let made = without_location(bytes);
    prop_assert!(no_stumble(&made), "{made:?}");
    let Ok(clean) = made else { return Ok(()) };
    if let Ok(facts) = probe(Cursor::new(&clean), &Limits::default()) {
        prop_assert_eq!(metadata(Cursor::new(&clean), &facts).gps, None);
    }
    // What the walk of a broken file may still do is end early, but not come to other results.
    prop_assert_eq!(without_location(clean.clone()), Ok(clean));
    Ok(())
}

#[test]
fn files_cut_off_anywhere_are_cleaned_or_refused() {
    for seed in seeds().iter().chain(&formats::full_of_notes()) {
        for length in (0..seed.len()).step_by(1 + seed.len() / 400) {
            check(seed[..length].to_vec()).unwrap_or_else(|error| panic!("at {length}: {error}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_files_are_cleaned_or_refused(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        early in any::<bool>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = seed.get(seeds()).clone();
        for (at, value) in changes {
            // Notes come first in most files.
            let at = at.index(if early { bytes.len().min(600) } else { bytes.len() });
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(bytes)?;
    }

    #[test]
    fn changed_directories_are_cleaned_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let mut block = exif(&[]);
        for (at, value) in changes {
            let at = at.index(block.len());
            block[at] = value;
        }
        check(formats::jpeg(&[formats::segment(0xE1, &[b"Exif\0\0", block.as_slice()].concat())]))?;
        check(block)?;
    }
}

#[test]
fn a_picture_whose_first_notes_lost_their_marker_stays_a_picture() {
    let mut bytes = fs::read(testdata().join("formats/image__cat.jpg")).unwrap();
    bytes[3] = 0xD0;
    check(bytes.clone()).unwrap();
    let clean = without_location(bytes).unwrap();
    assert!(probe(Cursor::new(&clean), &Limits::default()).is_ok());
}
