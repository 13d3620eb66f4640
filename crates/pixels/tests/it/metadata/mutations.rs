//! Broken notes: whatever happens to their bytes, what is read makes sense or is absent.

use std::{fs, io::Cursor, path::PathBuf, sync::OnceLock};

use pixels::{Limits, metadata, probe};
use proptest::prelude::*;

use super::sense;
use crate::support::{no_stumble, testdata};

/// Files with notes, sound and broken; their pixels are cut off where there are many.
fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let mut paths: Vec<PathBuf> = ["photos", "orientation", "hostile/exif"]
            .iter()
            .flat_map(|folder| fs::read_dir(testdata().join(folder)).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        let files = paths.into_iter().map(|path| fs::read(path).unwrap());
        files.filter(|bytes| bytes.len() < 40_000).collect()
    })
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let facts = probe(Cursor::new(bytes), &Limits::default());
    prop_assert!(no_stumble(&facts), "{facts:?}");
    if let Ok(facts) = facts {
        let notes = metadata(Cursor::new(bytes), &facts);
        sense::check(&notes);
        prop_assert_eq!(metadata(Cursor::new(bytes), &facts), notes);
    }
    Ok(())
}

#[test]
fn files_cut_off_anywhere_make_sense_as_far_as_they_go() {
    for seed in seeds() {
        for length in (0..seed.len().min(4_000)).step_by(7) {
            check(&seed[..length]).unwrap_or_else(|error| panic!("at {length}: {error}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_notes_make_sense_or_are_absent(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(0), Just(255)]),
            1..12,
        ),
        early in any::<bool>(),
    ) {
        let mut bytes = seed.get(seeds()).clone();
        for (at, value) in changes {
            // Notes come first in most files.
            let at = at.index(bytes.len().min(if early { 300 } else { 4_000 }));
            bytes[at] = value;
        }
        check(&bytes)?;
    }
}
