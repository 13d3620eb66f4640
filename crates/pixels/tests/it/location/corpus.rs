//! Every file of the corpus.

use std::{fs, io::Cursor};

use pixels::{Error, Limits, Metadata, OutputFormat, Recipe, metadata, probe, without_location};

use super::blocks::{contains, latitudes};
use crate::{
    corpus::{Row, corpus, rows},
    support::no_stumble,
};

/// What a picture looks like, losslessly, every frame of it; or that it cannot be seen.
fn seen(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let recipe = Recipe { format: OutputFormat::Png, ..Recipe::default() };
    Ok(pixels::render(bytes, &[recipe], &Limits::default())?.remove(0)?.bytes)
}

fn notes(bytes: &[u8]) -> Metadata {
    let facts = probe(Cursor::new(bytes), &Limits::default()).unwrap();
    metadata(Cursor::new(bytes), &facts)
}

/// What is wrong with a cleaned file; empty when nothing is.
fn complaints(row: &Row, bytes: &[u8]) -> Vec<String> {
    let made = without_location(bytes.to_vec());
    let mut wrong = Vec::new();
    if !no_stumble(&made) {
        wrong.push("stumbled".to_owned());
    }
    if made.as_deref() == Ok(bytes) {
        return wrong;
    }
    let before = seen(bytes);
    let clean = match (made, row.expected.as_str(), &before) {
        (Ok(clean), ..) => clean,
        (Err(error), "accept", _) | (Err(error), _, Ok(_)) => {
            wrong.push(format!("refused: {error}"));
            return wrong;
        }
        (Err(_), ..) => return wrong,
    };
    if without_location(clean.clone()).as_ref() != Ok(&clean) {
        wrong.push("doing it twice is not doing it once".to_owned());
    }
    if before.is_ok() {
        if seen(&clean) != before {
            wrong.push("looks different".to_owned());
        }
        wrong.extend(other_notes(bytes, &clean));
    }
    wrong
}

/// What was lost or stayed that should not have.
fn other_notes(bytes: &[u8], clean: &[u8]) -> Vec<String> {
    let limits = Limits::default();
    let facts = [bytes, clean].map(|bytes| probe(Cursor::new(bytes), &limits).unwrap());
    let mut wrong = Vec::new();
    if facts[0] != facts[1] {
        wrong.push(format!("facts {:?}, not {:?}", facts[1], facts[0]));
    }
    let (before, after) = (notes(bytes), notes(clean));
    if after != (Metadata { gps: None, ..before.clone() }) {
        wrong.push(format!("notes {after:?}, not {before:?}"));
    }
    for (degrees, raw) in latitudes(bytes) {
        if degrees > 0.0 && degrees <= 90.0 && contains(clean, &raw) {
            wrong.push(format!("still holds {degrees} as numbers"));
        }
    }
    wrong
}

#[test]
fn every_file_keeps_its_pixels_and_its_notes_but_for_the_place() {
    let corpus = corpus();
    let (mut wrong, mut with_place, mut same, mut changed) = (Vec::new(), 0, 0, 0);
    for row in rows(&corpus) {
        let bytes = fs::read(corpus.join(&row.path)).unwrap();
        let has_place = !row.notes[4].is_empty();
        wrong.extend(complaints(&row, &bytes).iter().map(|what| format!("{}: {what}", row.path)));
        with_place += u32::from(has_place);
        if let Ok(clean) = without_location(bytes.clone()) {
            same += u32::from(clean == bytes);
            changed += u32::from(clean != bytes);
            if has_place && clean == bytes {
                wrong.push(format!("{}: has a place and is not changed", row.path));
            }
        } else if has_place && row.expected == "accept" {
            wrong.push(format!("{}: has a place and is refused", row.path));
        }
    }
    println!("{with_place} files with a place; {changed} changed, {same} the same");
    assert!(with_place > 5 && changed > with_place / 2 && same > changed);
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}
