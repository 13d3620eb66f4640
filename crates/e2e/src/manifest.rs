//! The corpus of pictures, and what is expected of each: `MANIFEST.tsv`.

use std::path::{Path, PathBuf};

use crate::variable;

/// Files and expectations.
pub struct Corpus {
    pub folder: PathBuf,
    pub entries: Vec<Entry>,
}

/// One file.
#[derive(Clone, Debug)]
pub struct Entry {
    pub path: String,
    pub expected: Expected,
    /// After the orientation; nothing where nobody can say.
    pub upright: Option<(u64, u64)>,
    /// Whether the decoders that were asked disagree about it, or grumble.
    pub is_disputed: bool,
    /// Why that is expected, in the manifest's words.
    pub reason: String,
}

/// What a service has to do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Take it and make its prints.
    Accept,
    /// As `Accept`, or refuse the format as one that is not supported.
    Policy,
    /// Anything but a crash, a hang or too much memory.
    Either,
    /// Refuse it, or find out that it cannot be processed.
    Reject,
}

/// The corpus that `MINILAB_CORPUS` names, or else the small one in the repository.
pub fn corpus_folder() -> PathBuf {
    let folder = variable("MINILAB_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata"),
        PathBuf::from,
    );
    let manifest = folder.join("MANIFEST.tsv");
    let is_there = manifest.is_file();
    assert!(is_there, "no {}: set MINILAB_CORPUS", manifest.display());
    folder
}

impl Corpus {
    pub fn open() -> Self {
        let folder = corpus_folder();
        let manifest = folder.join("MANIFEST.tsv");
        let text = std::fs::read_to_string(manifest).expect("a manifest in UTF-8");
        let mut lines = text.lines();
        let columns = Columns::read(lines.next().expect("a manifest has a head"));
        let entries =
            lines.filter(|line| !line.is_empty()).map(|line| columns.entry(line)).collect();
        Self { folder, entries }
    }

    pub fn bytes(&self, entry: &Entry) -> Vec<u8> {
        let path = self.folder.join(&entry.path);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// Where each column is.
struct Columns {
    path: usize,
    width: usize,
    height: usize,
    orientation: usize,
    expected: usize,
    oracle: usize,
    notes: usize,
}

impl Columns {
    fn read(head: &str) -> Self {
        let find = |name: &str| {
            let found = head.split('\t').position(|column| column == name);
            found.unwrap_or_else(|| panic!("the manifest has no column {name}"))
        };
        Self {
            path: find("path"),
            width: find("width"),
            height: find("height"),
            orientation: find("orientation"),
            expected: find("expected"),
            oracle: find("oracle"),
            notes: find("notes"),
        }
    }

    fn entry(&self, line: &str) -> Entry {
        let cells = line.split('\t').collect::<Vec<_>>();
        let number = |column: usize| cells[column].parse::<u64>().ok();
        let (word, reason) =
            cells[self.expected].split_once(':').unwrap_or((cells[self.expected], ""));
        let expected = match word {
            "accept" => Expected::Accept,
            "policy" => Expected::Policy,
            "either" => Expected::Either,
            "reject" => Expected::Reject,
            other => panic!("{other:?} is expected of {}", cells[self.path]),
        };
        // Of AVIF the orientation is in the container, and only the notes tell of it.
        let turns = ["irot=90", "irot=270"];
        let is_sideways = number(self.orientation).is_some_and(|number| (5..=8).contains(&number))
            || turns.iter().any(|turn| cells[self.notes].contains(turn));
        let stored = number(self.width).zip(number(self.height));
        Entry {
            path: cells[self.path].to_owned(),
            expected,
            upright: stored.map(
                |(width, height)| {
                    if is_sideways { (height, width) } else { (width, height) }
                },
            ),
            is_disputed: cells[self.oracle]
                .split(' ')
                .any(|opinion| !opinion.ends_with("=ok") && !opinion.ends_with("=n/a")),
            reason: reason.trim().to_owned(),
        }
    }
}
