//! Lays the small variants of many files out on sheets, for the eye.
//!
//! `contact_sheet OUTPUT_DIRECTORY FILE...` writes `sheet-01.png`, `sheet-02.png` and so on, 120
//! pictures each, and prints which file is where.
#![expect(clippy::print_stdout, reason = "a command line tool")]

use std::{
    env, fs,
    io::{self, BufWriter, Cursor},
    path::{Path, PathBuf},
};

use pixels::{Animation, Fit, Limits, OutputFormat, Recipe, render};

const CELL: usize = 100;
const COLUMNS: usize = 15;
const ROWS: usize = 8;

fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let Some(directory) = arguments.next() else {
        println!("contact_sheet OUTPUT_DIRECTORY FILE...");
        return Ok(());
    };
    fs::create_dir_all(&directory)?;
    let files: Vec<PathBuf> = arguments.collect();
    for (number, group) in files.chunks(COLUMNS * ROWS).enumerate() {
        let path = directory.join(format!("sheet-{:02}.png", number + 1));
        println!("{}", path.display());
        sheet(&path, group)?;
    }
    Ok(())
}

fn sheet(path: &Path, files: &[PathBuf]) -> io::Result<()> {
    let (width, height) = (COLUMNS * CELL, ROWS * CELL);
    // A checked ground shows what is transparent.
    let mut pixels: Vec<[u8; 3]> = (0..width * height)
        .map(|at| if (at % width / 10 + at / width / 10) % 2 == 0 { [200; 3] } else { [150; 3] })
        .collect();
    for (cell, file) in files.iter().enumerate() {
        let (column, row) = (cell % COLUMNS, cell / COLUMNS);
        match small(&fs::read(file)?) {
            Ok(picture) => paste(&mut pixels, &picture, column * CELL, row * CELL),
            Err(error) => println!("  row {row} column {column}: {}: {error}", file.display()),
        }
        println!("  row {row} column {column}: {}", file.display());
    }
    let file = BufWriter::new(fs::File::create(path)?);
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(pixels.as_flattened()).map_err(io::Error::other)
}

/// A decoded picture of at most a cell, as RGBA rows.
struct Small {
    width: usize,
    pixels: Vec<[u8; 4]>,
}

fn small(bytes: &[u8]) -> Result<Small, String> {
    let recipe = Recipe {
        fit: Fit::Inside,
        width: Some(CELL as u32 - 2),
        height: Some(CELL as u32 - 2),
        format: OutputFormat::Png,
        animation: Animation::First,
        ..Recipe::default()
    };
    let mut results =
        render(bytes, &[recipe], &Limits::default()).map_err(|error| error.to_string())?;
    let made = results.remove(0).map_err(|error| error.to_string())?;
    decode(&made.bytes).map_err(|error| error.to_string())
}

fn decode(bytes: &[u8]) -> Result<Small, png::DecodingError> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::ALPHA);
    let mut reader = decoder.read_info()?;
    let mut data = vec![0; reader.output_buffer_size().unwrap_or(0)];
    let info = reader.next_frame(&mut data)?;
    let pixels = data.as_chunks::<4>().0.to_vec();
    Ok(Small { width: info.width as usize, pixels })
}

fn paste(sheet: &mut [[u8; 3]], picture: &Small, left: usize, top: usize) {
    for (at, pixel) in picture.pixels.iter().enumerate() {
        let (x, y) = (left + at % picture.width, top + at / picture.width);
        let under = &mut sheet[y * COLUMNS * CELL + x];
        for (below, above) in under.iter_mut().zip(pixel) {
            let alpha = u32::from(pixel[3]);
            let sum = u32::from(*above) * alpha + u32::from(*below) * (255 - alpha);
            *below = (sum / 255) as u8;
        }
    }
}
