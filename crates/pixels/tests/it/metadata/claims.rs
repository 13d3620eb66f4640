//! What is claimed of the camera stands in the file: nothing is invented, whatever the verdict.

use std::{fs, io::Cursor};

use pixels::{Limits, metadata, probe};

use super::sense;
use crate::corpus::{corpus, rows, told};

#[test]
fn where_the_manifest_says_nothing_nothing_is_invented() {
    let corpus = corpus();
    let (mut claims, mut silent, mut wrong) = (0, 0, Vec::new());
    for row in rows(&corpus) {
        let bytes = fs::read(corpus.join(&row.path)).unwrap();
        let Ok(facts) = probe(Cursor::new(&bytes), &Limits::default()) else { continue };
        let notes = metadata(Cursor::new(&bytes), &facts);
        sense::check(&notes);
        // Of a broken file less may be found than is there, but never something else.
        for (found, wanted) in told(&notes).iter().zip(&row.notes) {
            claims += usize::from(!found.is_empty());
            silent += usize::from(wanted.is_empty());
            if !found.is_empty() && found != wanted {
                wrong.push(format!("{}: {found:?}, not {wanted:?}", row.path));
            }
        }
        if notes.exposure.is_some() && row.notes.iter().all(String::is_empty) {
            wrong.push(format!("{}: {:?}", row.path, notes.exposure));
        }
    }
    println!("{claims} claims; the manifest is silent {silent} times");
    assert!(claims > 50 && silent > 1_000);
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}
