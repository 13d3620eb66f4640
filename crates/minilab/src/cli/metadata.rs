//! `minilab metadata`: what a header says and a camera wrote, from the shell, in this very process.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use pixels::{Facts, Format, Limits};
use serde::Serialize;

#[derive(Args)]
pub(super) struct Metadata {
    /// Pictures
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Look at each picture so many times, and print a last line with the median time it takes to
    /// open it and to read its header and its notes, and the median of bytes read of a picture.
    /// One thread, files in the system's cache; what is refused is left out
    #[arg(long, value_name = "N")]
    repeat: Option<usize>,
}

/// One line of the answer. Sides are those of the upright picture; null is what nobody wrote.
#[derive(Serialize)]
struct KnownFile<'a> {
    path: &'a str,
    format: Format,
    width: u32,
    height: u32,
    frames: u32,
    orientation: u8,
    #[serde(flatten)]
    notes: &'a pixels::Metadata,
}

/// The line of a file that is refused.
#[derive(Serialize)]
struct RefusedFile<'a> {
    path: &'a str,
    refused: &'a str,
}

/// What one look at a file found, and what it took.
struct Inspection {
    facts: Facts,
    notes: pixels::Metadata,
    time: Duration,
    read_bytes: u64,
}

pub(super) fn run(metadata: &Metadata) -> anyhow::Result<ExitCode> {
    let repeat = metadata.repeat.unwrap_or(1);
    if repeat == 0 {
        bail!("--repeat starts at 1");
    }
    let mut out = io::stdout().lock();
    let (mut times, mut read_bytes) = (Vec::new(), Vec::new());
    for file in &metadata.files {
        let looked = look_often(file, repeat);
        writeln!(out, "{}", line(file, &looked)?)?;
        if let Ok(look) = looked {
            times.push(look.time);
            read_bytes.push(look.read_bytes);
        }
    }
    let is_refused = times.len() < metadata.files.len();
    if metadata.repeat.is_some() && !times.is_empty() {
        let (time, bytes) = (median(times), median(read_bytes));
        writeln!(out, "{:.3} ms a picture, {bytes} bytes read", time.as_secs_f64() * 1000.0)?;
    }
    Ok(if is_refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is printed of a file.
fn line(file: &Path, looked: &anyhow::Result<Inspection>) -> serde_json::Result<String> {
    let path = &file.to_string_lossy();
    match looked {
        Ok(Inspection { facts, notes, .. }) => {
            let (width, height) = facts.upright();
            let Facts { format, frames, orientation, .. } = *facts;
            serde_json::to_string(&KnownFile {
                path,
                format,
                width,
                height,
                frames,
                orientation,
                notes,
            })
        }
        Err(error) => serde_json::to_string(&RefusedFile { path, refused: &format!("{error:#}") }),
    }
}

/// The look that took as long as half of them or longer.
fn look_often(file: &Path, repeat: usize) -> anyhow::Result<Inspection> {
    let mut looks = (0..repeat).map(|_| inspect_file(file)).collect::<anyhow::Result<Vec<_>>>()?;
    looks.sort_by_key(|look| look.time);
    Ok(looks.swap_remove(repeat / 2))
}

/// Looks at a file as an upload does, but for its size, which is the owner's affair here.
fn inspect_file(file: &Path) -> anyhow::Result<Inspection> {
    let limits = Limits { bytes: u64::MAX, ..Limits::default() };
    let start = Instant::now();
    let mut reader = Counting { file: File::open(file).context("opening it")?, read_bytes: 0 };
    let facts = pixels::probe(&mut reader, &limits)?;
    let notes = pixels::metadata(&mut reader, &facts);
    Ok(Inspection { facts, notes, time: start.elapsed(), read_bytes: reader.read_bytes })
}

/// A file that knows how much of it was read.
struct Counting {
    file: File,
    read_bytes: u64,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read_bytes += count as u64;
        Ok(count)
    }
}

impl Seek for Counting {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}
