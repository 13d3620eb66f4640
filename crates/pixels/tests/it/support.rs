//! Makes pictures, renders them and looks at the results.

use std::{fs, io::Cursor, path::PathBuf};

use pixels::{Error, Limits, OutputFormat, Recipe, Rendered, render};

/// The files that are checked in.
pub(crate) fn testdata() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata"))
}

/// One of the files that are checked in.
pub(crate) fn file(path: &str) -> Vec<u8> {
    fs::read(testdata().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A panic inside the guard is still a bug of ours.
pub(crate) fn no_stumble<T>(result: &Result<T, Error>) -> bool {
    !result.as_ref().is_err_and(|error| error.to_string().contains("stumbled"))
}

/// Straight RGBA in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<[u8; 4]>,
}

impl Image {
    /// Draws a picture pixel by pixel.
    pub(crate) fn new(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 4]) -> Self {
        let at = |index: u32| colour(index % width, index / width);
        Self { width, height, pixels: (0..width * height).map(at).collect() }
    }

    /// A picture in which every pixel differs a little from its neighbours.
    pub(crate) fn gradient(width: u32, height: u32) -> Self {
        Self::new(width, height, |x, y| {
            let part = |at: u32, all: u32| (at * 255 / all.max(1)) as u8;
            [part(x, width), part(y, height), part(x + y, width + height), 255]
        })
    }

    pub(crate) fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels[(y * self.width + x) as usize]
    }

    /// The picture as a PNG file.
    pub(crate) fn png(&self) -> Vec<u8> {
        let info = header((self.width, self.height), png::BitDepth::Eight, png::ColorType::Rgba);
        write_png(info, self.pixels.as_flattened())
    }
}

/// The header of a PNG file.
pub(crate) fn header(
    size: (u32, u32),
    depth: png::BitDepth,
    colour: png::ColorType,
) -> png::Info<'static> {
    let mut info = png::Info::with_size(size.0, size.1);
    info.bit_depth = depth;
    info.color_type = colour;
    info
}

/// A PNG file from a header and samples.
pub(crate) fn write_png(info: png::Info<'_>, samples: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = png::Encoder::with_info(&mut bytes, info).unwrap().write_header().unwrap();
    writer.write_image_data(samples).unwrap();
    writer.finish().unwrap();
    bytes
}

/// Renders one recipe with the usual limits.
pub(crate) fn rendered(bytes: &[u8], recipe: &Recipe) -> Rendered {
    let mut results = render(bytes, std::slice::from_ref(recipe), &Limits::default()).unwrap();
    results.remove(0).unwrap()
}

/// Renders to PNG and reads it: what the picture looks like.
pub(crate) fn look(bytes: &[u8], recipe: &Recipe) -> Image {
    let recipe = Recipe { format: OutputFormat::Png, ..recipe.clone() };
    let mut frames = composed(&rendered(bytes, &recipe).bytes).frames;
    frames.remove(0).image
}

/// One composed frame and how long it is shown, in milliseconds.
pub(crate) struct Shown {
    pub(crate) image: Image,
    pub(crate) milliseconds: u32,
}

/// An animation as a viewer shows it. `plays` 0 is for ever.
pub(crate) struct Composed {
    pub(crate) plays: u32,
    pub(crate) frames: Vec<Shown>,
}

/// Reads a PNG or an APNG of ours: every frame replaces a part of the one before.
pub(crate) fn composed(bytes: &[u8]) -> Composed {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let (width, height) = (reader.info().width, reader.info().height);
    let control = reader.info().animation_control;
    let mut canvas = Image::new(width, height, |_, _| [0; 4]);
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let mut frames = Vec::new();
    for _ in 0..control.map_or(1, |control| control.num_frames) {
        let info = reader.next_frame(&mut buffer).unwrap();
        let frame = reader.info().frame_control;
        let (left, top) = frame.map_or((0, 0), |frame| (frame.x_offset, frame.y_offset));
        let pixels = buffer[..info.buffer_size()].as_chunks::<4>().0;
        for (index, pixel) in pixels.iter().enumerate() {
            let (x, y) = (left + index as u32 % info.width, top + index as u32 / info.width);
            canvas.pixels[(y * width + x) as usize] = *pixel;
        }
        let milliseconds = frame.map_or(0, |frame| {
            u32::from(frame.delay_num) * 1_000 / u32::from(frame.delay_den.max(1))
        });
        frames.push(Shown { image: canvas.clone(), milliseconds });
    }
    Composed { plays: control.map_or(1, |control| control.num_plays), frames }
}

/// Reads a GIF and composes its frames the plain way. `plays` 0 is for ever.
pub(crate) fn composed_gif(bytes: &[u8]) -> Composed {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(Cursor::new(bytes)).unwrap();
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    let mut canvas = Image::new(width, height, |_, _| [0; 4]);
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let before = canvas.clone();
        let area = || {
            let (left, top) = (u32::from(frame.left), u32::from(frame.top));
            (0..u32::from(frame.height)).flat_map(move |y| {
                (0..u32::from(frame.width)).map(move |x| ((top + y) * width + left + x) as usize)
            })
        };
        for (at, pixel) in area().zip(frame.buffer.as_chunks::<4>().0) {
            if pixel[3] > 0 {
                canvas.pixels[at] = *pixel;
            }
        }
        let milliseconds = u32::from(frame.delay) * 10;
        frames.push(Shown { image: canvas.clone(), milliseconds });
        match frame.dispose {
            gif::DisposalMethod::Background => area().for_each(|at| canvas.pixels[at] = [0; 4]),
            gif::DisposalMethod::Previous => canvas = before,
            _ => {}
        }
    }
    let plays = match decoder.repeat() {
        gif::Repeat::Infinite => 0,
        gif::Repeat::Finite(repeats) => u32::from(repeats) + 1,
    };
    Composed { plays, frames }
}

/// The largest difference of a sample.
pub(crate) fn distance(a: [u8; 4], b: [u8; 4]) -> u8 {
    (0..4).map(|channel| a[channel].abs_diff(b[channel])).max().unwrap_or(0)
}

/// The mean difference of a sample over two pictures of one size.
pub(crate) fn mean_distance(a: &Image, b: &Image) -> f64 {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let sum: u64 = a
        .pixels
        .as_flattened()
        .iter()
        .zip(b.pixels.as_flattened())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / (a.pixels.len() * 4) as f64
}
