//! Looking at a file costs little, whatever it is: time, memory, and bytes that are read.

use std::{
    fs,
    io::{Cursor, Read, Result, Seek, SeekFrom},
    time::{Duration, Instant},
};

use pixels::{Error, Facts, Format, Limits, Metadata, metadata, probe};

use crate::{
    allocations::peak_bytes,
    corpus::{corpus, rows},
    support::no_stumble,
};

/// For each step: reading the header, and reading the notes.
const TIME_MAX: Duration = Duration::from_millis(50);
const PEAK_BYTES_MAX: u64 = 16 << 20;
/// Read for both steps together, 16 KiB at a time, of a photo whose notes stand in one place.
const HEADER_BYTES_MAX: u64 = 128 << 10;
/// Other processes may have the machine for a while, but not each time.
const TRIES: usize = 3;

/// Counts the bytes that are read of a file.
struct Counting<'a>(Cursor<&'a [u8]>, &'a mut u64);

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.0.read(buffer)?;
        *self.1 += count as u64;
        Ok(count)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.0.seek(to)
    }
}

/// What a step took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    time: Duration,
    peak_bytes: u64,
    read_bytes: u64,
}

impl Cost {
    /// The words of somebody who paid too much.
    pub(super) fn complaint(&self) -> Option<String> {
        let is_fair = self.time <= TIME_MAX && self.peak_bytes <= PEAK_BYTES_MAX;
        (!is_fair).then(|| format!("{self:?}"))
    }
}

/// The result of a step, and the least that it took in a few tries.
fn measured<T>(bytes: &[u8], step: impl Fn(Counting<'_>) -> T) -> (T, Cost) {
    let once = || {
        let mut read_bytes = 0;
        let reader = Counting(Cursor::new(bytes), &mut read_bytes);
        let start = Instant::now();
        let (result, peak_bytes) = peak_bytes(|| step(reader));
        (result, Cost { time: start.elapsed(), peak_bytes, read_bytes })
    };
    let mut best = once();
    for _ in 1..TRIES {
        if best.1.time > TIME_MAX {
            best = [best, once()].into_iter().min_by_key(|(_, cost)| cost.time).unwrap();
        }
    }
    best
}

pub(super) fn probed(bytes: &[u8]) -> (std::result::Result<Facts, Error>, Cost) {
    measured(bytes, |reader| probe(reader, &Limits::default()))
}

pub(super) fn noted(bytes: &[u8], facts: &Facts) -> (Metadata, Cost) {
    measured(bytes, |reader| metadata(reader, facts))
}

/// What nothing but a caller claims of a file that was refused.
fn claimed(format: Format) -> Facts {
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

#[test]
fn no_file_of_the_corpus_takes_more_than_50_ms_or_16_mib() {
    let corpus = corpus();
    let mut wrong = Vec::new();
    let (mut slowest, mut largest) = (Duration::ZERO, 0);
    for row in rows(&corpus) {
        let bytes = fs::read(corpus.join(&row.path)).unwrap();
        let (facts, cost) = probed(&bytes);
        assert!(no_stumble(&facts), "{}: {facts:?}", row.path);
        // Notes must not rely on a sound picture around them, nor on it being what it claims.
        let all = || Format::ALL.map(claimed).to_vec();
        let notes = facts.map_or_else(|_| all(), |facts| vec![facts]);
        let costs = notes.iter().map(|facts| noted(&bytes, facts).1);
        for cost in costs.chain([cost]) {
            wrong.extend(cost.complaint().map(|what| format!("{}: {what}", row.path)));
            slowest = slowest.max(cost.time);
            largest = largest.max(cost.peak_bytes);
        }
    }
    println!("at most {slowest:?} and {largest} bytes");
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

/// Pictures that are sent in several passes: how many must be counted, all over the file.
fn is_progressive(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"\xFF\xC2\0\x11\x08").is_some()
}

#[test]
fn photos_are_read_by_their_headers_alone() {
    let corpus = corpus();
    let (mut wrong, mut most, mut read) = (Vec::new(), 0, Vec::new());
    for row in rows(&corpus).iter().filter(|row| row.path.starts_with("photos/")) {
        let bytes = fs::read(corpus.join(&row.path)).unwrap();
        let (Ok(facts), probing) = probed(&bytes) else { continue };
        let sum = probing.read_bytes + noted(&bytes, &facts).1.read_bytes;
        // Notes of a PNG may stand behind its pixels: all heads of chunks are looked at, twice.
        // Of a JPEG that does not end with its end marker, the marker is looked for.
        let lacks_end = facts.format == Format::Jpeg && !bytes.ends_with(&[0xFF, 0xD9]);
        let is_all_over = facts.format == Format::Png || is_progressive(&bytes) || lacks_end;
        if is_all_over {
            let fair = 2 * bytes.len() as u64 + HEADER_BYTES_MAX;
            wrong.extend((sum > fair).then(|| format!("{}: {sum} bytes", row.path)));
            continue;
        }
        wrong.extend((sum > HEADER_BYTES_MAX).then(|| format!("{}: {sum} bytes", row.path)));
        most = most.max(sum);
        read.push(sum);
    }
    read.sort_unstable();
    println!(
        "{} photos, half of them by {} bytes, all by {most}",
        read.len(),
        read[read.len() / 2]
    );
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}
