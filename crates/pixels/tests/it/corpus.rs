//! Every file of a corpus against its manifest: facts, camera notes, and whether it renders.
//!
//! The corpus is the checked-in one, or the directory that `MINILAB_CORPUS` names.

use std::{
    env, fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use pixels::{
    Animation, Facts, Fit, Format, Limits, Metadata, OutputFormat, Recipe, metadata, probe, render,
};

use crate::support::testdata;

/// One row of the manifest.
pub(crate) struct Row {
    pub(crate) path: String,
    format: String,
    size: Option<(u32, u32)>,
    frames: u32,
    orientation: Option<u8>,
    /// Make, model, lens, date, latitude, longitude.
    pub(crate) notes: [String; 6],
    pub(crate) expected: String,
}

pub(crate) fn corpus() -> PathBuf {
    env::var_os("MINILAB_CORPUS").map_or_else(testdata, PathBuf::from)
}

pub(crate) fn rows(corpus: &Path) -> Vec<Row> {
    let table = fs::read_to_string(corpus.join("MANIFEST.tsv")).expect("the corpus has a manifest");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let size = cells[4].parse().ok().zip(cells[5].parse().ok());
        let mut notes = [8, 9, 10, 11, 12, 13].map(|at| unescaped(cells[at]).trim().to_owned());
        for (_, note, value) in MORE_NOTES.iter().filter(|(path, ..)| *path == cells[0]) {
            (*value).clone_into(&mut notes[*note]);
        }
        Row {
            path: cells[0].to_owned(),
            format: cells[3].replace("apng", "png"),
            size,
            frames: cells[6].parse().unwrap(),
            orientation: cells[7].parse().ok(),
            notes,
            expected: cells[14].split(':').next().unwrap_or_default().to_owned(),
        }
    };
    table.lines().skip(1).map(row).collect()
}

/// Notes that are read on purpose and that the manifest leaves empty, by their number.
const MORE_NOTES: [(&str, usize, &str); 4] = [
    // Digitised then; when it was taken it does not say.
    ("photos/metadata-extractor-images__FujiFilm_SP-2500.jpg", 3, "2003:09:10 20:59:18"),
    ("formats/libavif__colors_hdr_p3.avif", 3, "2023:12:05 14:39:21"),
    // With dashes and a T.
    ("hostile/exif/date_iso.jpg", 3, "2023:02:03 04:05:06"),
    // An entry that is there, of a directory that announces more than fit.
    ("hostile/exif/entry_count_65535_truncated.jpg", 1, "CAM"),
];

/// The manifest writes control characters as `\xNN`.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\x");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.extend(code.map(char::from));
        plain.push_str(part.get(2..).unwrap_or_default());
    }
    plain
}

fn recipes() -> [Recipe; 2] {
    let small = Recipe { width: Some(100), height: Some(100), ..Recipe::default() };
    [
        Recipe { fit: Fit::Cover, format: OutputFormat::Jpeg, ..small.clone() },
        Recipe { animation: Animation::First, format: OutputFormat::WebP, ..small },
    ]
}

/// What is wrong with our view of one file; empty when nothing is.
fn complaints(row: &Row, bytes: &[u8]) -> Vec<String> {
    let limits = Limits::default();
    let facts = probe(Cursor::new(bytes), &limits);
    let made = facts.clone().and_then(|_| {
        let results = render(bytes, &recipes(), &limits)?;
        results.into_iter().collect::<Result<Vec<_>, _>>()
    });
    let mut wrong = Vec::new();
    match (row.expected.as_str(), &made) {
        ("accept", Err(error)) => wrong.push(format!("refused: {error}")),
        ("reject", Ok(_)) => wrong.push("rendered, but must be refused".to_owned()),
        _ => {}
    }
    if let (Ok(facts), Ok(_), "accept" | "policy") = (facts, made, row.expected.as_str()) {
        wrong.extend(wrong_facts(row, &facts));
        wrong.extend(wrong_notes(row, &facts, bytes));
    }
    wrong
}

fn wrong_facts(row: &Row, facts: &Facts) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |name: &str, found: String, wanted: String| {
        if found != wanted {
            wrong.push(format!("{name} {found}, not {wanted}"));
        }
    };
    compare("format", facts.format.to_string(), row.format.clone());
    if let Some((width, height)) = row.size {
        compare("size", format!("{}x{}", facts.width, facts.height), format!("{width}x{height}"));
    }
    compare("frames", facts.frames.to_string(), row.frames.to_string());
    // AVIF and HEIC turn by their own boxes; the manifest tells the Exif tag, which does not count there.
    if !matches!(facts.format, Format::Avif | Format::Heic) {
        compare(
            "orientation",
            facts.orientation.to_string(),
            row.orientation.unwrap_or(1).to_string(),
        );
    }
    wrong
}

/// The six notes that the manifest knows, in its words; empty when there is none.
pub(crate) fn told(notes: &Metadata) -> [String; 6] {
    let date = notes.taken_at.as_ref().map(|date| date[..19].replace('T', " ").replace('-', ":"));
    let degrees = |value: Option<f64>| value.map(|value| format!("{value:.6}"));
    [
        notes.make.clone(),
        notes.model.clone(),
        notes.lens.clone(),
        date,
        degrees(notes.gps.map(|gps| gps.lat)),
        degrees(notes.gps.map(|gps| gps.lon)),
    ]
    .map(Option::unwrap_or_default)
}

fn wrong_notes(row: &Row, facts: &Facts, bytes: &[u8]) -> Vec<String> {
    let names = ["make", "model", "lens", "date", "latitude", "longitude"];
    let found = told(&metadata(Cursor::new(bytes), facts));
    let pairs = names.into_iter().zip(found).zip(&row.notes);
    pairs
        .filter(|((_, found), wanted)| found != *wanted)
        .map(|((name, found), wanted)| format!("{name} {found:?}, not {wanted:?}"))
        .collect()
}

#[test]
fn every_file_is_what_its_manifest_says() {
    let corpus = corpus();
    let rows = rows(&corpus);
    assert!(rows.len() > 300, "the corpus has only {} files", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let bytes = fs::read(corpus.join(&row.path)).expect("every file of the manifest is there");
        for complaint in complaints(row, &bytes) {
            wrong.push(format!("{}: {complaint}", row.path));
        }
    }
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}
