//! Somebody else's reader, who knows more formats than anybody: it finds no place either.

use std::{fs, path::Path, process::Command};

use pixels::without_location;

use super::{blocks::exif, formats};
use crate::corpus::{corpus, rows};

/// What exiftool calls a position, wherever it is.
const TAGS: [&str; 5] =
    ["-GPSLatitude", "-GPSLongitude", "-GPSPosition", "-GPSCoordinates", "-LocationInformation"];

/// The files of a folder in which it finds a place, films and trailers included.
fn told(folder: &Path) -> Vec<serde_json::Value> {
    let mut command = Command::new("exiftool");
    // Embedded things too; twice the same tag, too.
    command.args(["-j", "-n", "-a", "-ee3", "-G1", "-q", "-q"]).args(TAGS).arg(folder);
    let answer = command.output().expect("exiftool is installed: scripts/setup.sh test");
    let files: Vec<serde_json::Value> = serde_json::from_slice(&answer.stdout).unwrap();
    files.into_iter().filter(|file| file.as_object().unwrap().len() > 1).collect()
}

#[test]
fn after_cleaning_exiftool_finds_no_place_in_any_file() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("without_location");
    let (before, after) = (folder.join("before"), folder.join("after"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&before).unwrap();
    fs::create_dir_all(&after).unwrap();
    let corpus = corpus();
    let mut cleaned = 0;
    let mut keep = |name: String, bytes: Vec<u8>| {
        let Ok(clean) = without_location(bytes.clone()) else { return };
        if clean != bytes {
            fs::write(before.join(&name), bytes).unwrap();
        }
        fs::write(after.join(name), clean).unwrap();
        cleaned += 1;
    };
    for row in rows(&corpus) {
        keep(row.path.replace('/', "__"), fs::read(corpus.join(&row.path)).unwrap());
    }
    for entry in fs::read_dir(crate::support::testdata().join("cases")).unwrap() {
        let path = entry.unwrap().path();
        keep(format!("cases__{}", path.file_name().unwrap().display()), fs::read(path).unwrap());
    }
    let notes = [b"Exif\0\0".as_slice(), &exif(&[])].concat();
    for (index, made) in formats::full_of_notes().into_iter().enumerate() {
        keep(format!("made__{index}"), made);
    }
    keep("made__jpeg".to_owned(), formats::jpeg(&[formats::segment(0xE1, &notes)]));
    let (with, without) = (told(&before), told(&after));
    println!("{cleaned} files cleaned; {} told a place before", with.len());
    assert!(with.len() > 5, "it finds places: {with:?}");
    assert!(without.is_empty(), "{} places are left: {without:#?}", without.len());
    fs::remove_dir_all(&folder).unwrap();
}
