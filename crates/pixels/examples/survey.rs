//! Probes and renders files, one line each: what the corpus is measured with.
//!
//! `survey FILE...` prints code, facts, milliseconds; exits 0 whatever the files are.
#![expect(clippy::print_stdout, reason = "a command line tool")]

use std::{env, fs, io::Cursor, time::Instant};

use pixels::{Animation, Fit, Limits, OutputFormat, Recipe, metadata, probe, render};

fn main() {
    for path in env::args().skip(1) {
        let Ok(bytes) = fs::read(&path) else { continue };
        let begun = Instant::now();
        let limits = Limits::default();
        let facts = match probe(Cursor::new(&bytes), &limits) {
            Ok(facts) => facts,
            Err(error) => {
                println!(
                    "{path}\tprobe:{}\t{}\t{error}",
                    error.code(),
                    begun.elapsed().as_millis()
                );
                continue;
            }
        };
        let recipes = recipes();
        let outcome = match render(&bytes, &recipes, &limits) {
            Ok(results) => results
                .iter()
                .map(|result| match result {
                    Ok(made) => format!(
                        "{}:{}x{}f{}b{}",
                        made.format,
                        made.width,
                        made.height,
                        made.frames,
                        made.bytes.len()
                    ),
                    Err(error) => format!("{}:{error}", error.code()),
                })
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => format!("{}\t{error}", error.code()),
        };
        println!(
            "{path}\t{} {}x{} f{} o{} a{} {}M\t{}\t{outcome}",
            facts.format,
            facts.width,
            facts.height,
            facts.frames,
            facts.orientation,
            facts.has_alpha,
            facts.decode_bytes >> 20,
            begun.elapsed().as_millis(),
        );
        println!("\t{:?}", metadata(Cursor::new(&bytes), &facts));
    }
}

/// The presets of the service.
fn recipes() -> Vec<Recipe> {
    let sized =
        |fit, width, height, format| Recipe { fit, width, height, format, ..Recipe::default() };
    vec![
        sized(Fit::Cover, Some(100), Some(100), OutputFormat::Jpeg),
        sized(Fit::Inside, Some(100), Some(100), OutputFormat::WebP),
        sized(Fit::Inside, None, Some(200), OutputFormat::Source),
        sized(Fit::Inside, None, Some(400), OutputFormat::Source),
        Recipe {
            exact: true,
            animation: Animation::Keep,
            byte_budget: Some(256 << 10),
            ..sized(Fit::Contain, Some(100), Some(100), OutputFormat::Gif)
        },
    ]
}
