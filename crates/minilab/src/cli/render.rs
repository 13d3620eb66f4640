//! `minilab render`: the pixel pipeline from the shell, in this very process.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use pixels::{Limits, OutputFormat, Rendered};

use super::say;
use crate::tiers::{Preset, from_word, seed};

#[derive(Args)]
pub(super) struct Render {
    /// Pictures
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Presets, separated by commas
    #[arg(long, value_delimiter = ',', required = true, value_name = "NAMES")]
    preset: Vec<String>,
    /// Directory for the prints, made if need be
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Another format than the presets': jpeg, png, gif, webp or avif
    #[arg(long, value_name = "FMT")]
    format: Option<String>,
    /// Render each picture so many times and print the median
    #[arg(long, default_value_t = 1, value_name = "N")]
    repeat: usize,
    /// Pictures rendered side by side
    #[arg(long, default_value_t = 1, value_name = "N")]
    threads: usize,
}

pub(super) fn run(render: &Render) -> anyhow::Result<ExitCode> {
    if render.repeat == 0 || render.threads == 0 {
        bail!("--repeat and --threads start at 1");
    }
    let presets = chosen_presets(render)?;
    std::fs::create_dir_all(&render.out)
        .with_context(|| format!("making {}", render.out.display()))?;
    let next = AtomicUsize::new(0);
    let failures = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..render.threads.min(render.files.len()) {
            scope.spawn(|| {
                while let Some(file) = render.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if !report(file, render_file(render, &presets, file)) {
                        failures.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let failed = failures.into_inner() > 0;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn chosen_presets(render: &Render) -> anyhow::Result<Vec<Preset>> {
    let known = seed::presets();
    let format = match &render.format {
        None => None,
        Some(word) => {
            let format = from_word::<OutputFormat>(word);
            Some(format.with_context(|| format!("{word:?} is not jpeg, png, gif, webp or avif"))?)
        }
    };
    let choose = |name: &String| {
        let preset = known.iter().find(|preset| preset.name == *name);
        let Some(mut preset) = preset.cloned() else {
            let names = known.iter().map(|preset| preset.name.as_str()).collect::<Vec<_>>();
            bail!("there is no preset {name:?}; there are {}", names.join(", "));
        };
        preset.recipe.format = format.unwrap_or(preset.recipe.format);
        Ok(preset)
    };
    render.preset.iter().map(choose).collect()
}

/// Prints one line; true when the file could be rendered.
fn report(file: &Path, outcome: anyhow::Result<String>) -> bool {
    let is_ok = outcome.is_ok();
    let line = outcome.unwrap_or_else(|error| format!("failed: {error:#}"));
    // Who stops reading has seen enough.
    say::result(format_args!("{}: {line}", file.display())).is_ok() && is_ok
}

fn render_file(render: &Render, presets: &[Preset], file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).context("reading it")?;
    let limits = Limits { bytes: bytes.len() as u64, ..Limits::default() };
    let recipes = presets.iter().map(|preset| preset.recipe.clone()).collect::<Vec<_>>();
    let mut times = Vec::with_capacity(render.repeat);
    let mut variants = Vec::new();
    for _ in 0..render.repeat {
        let started = Instant::now();
        variants = pixels::render(&bytes, &recipes, &limits)?;
        times.push(started.elapsed());
    }
    let mut words = Vec::new();
    for (preset, variant) in presets.iter().zip(variants) {
        let variant = variant.with_context(|| preset.name.clone())?;
        let Rendered { width, height, ref bytes, format, .. } = variant;
        words.push(format!("{} {width}x{height} {} B", preset.name, bytes.len()));
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{stem}.{}.{}", preset.name, format.extension());
        std::fs::write(render.out.join(&name), bytes).with_context(|| format!("writing {name}"))?;
    }
    if render.repeat > 1 {
        words.push(format!("{:.1} ms", median(times).as_secs_f64() * 1000.0));
    }
    Ok(words.join(", "))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
