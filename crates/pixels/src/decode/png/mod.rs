//! PNG and APNG, by the png crate: row by row, or frame by frame.

mod about;

use std::io::Cursor;

use png::{
    BitDepth, BlendOp, ColorType, DecodingError, DisposeOp, FrameControl, Reader, Transformations,
};

use self::about::About;
use crate::{
    Error, Facts, Format,
    colour::Profile,
    frame::{AnimationHeader, Decoded, Delay, FirstFrame, Frame, FrameSink},
    picture::{Layout, Raster},
    reduce::Reducer,
    scale::{box_factor, divided},
};

type PngReader<'a> = Reader<Cursor<&'a [u8]>>;

/// Straight RGBA, or grey with alpha.
const RGBA: Transformations =
    Transformations::EXPAND.union(Transformations::STRIP_16).union(Transformations::ALPHA);

/// Bytes that the png crate may take for rows and for chunks such as a colour profile.
const LIMIT_BYTES: usize = 12 << 20;

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let about = About::of(bytes)?;
    if about.animation.frames() == 1 && about.animation.is_static_hidden() {
        // The picture beside the only frame is for viewers that know no animation.
        let mut first = FirstFrame::new(facts);
        animation(bytes, facts, &mut first)?;
        return first.decoded();
    }
    let bytes = about.still(bytes);
    let factor = box_factor(facts, detail);
    let mut reader = open(&bytes, Transformations::EXPAND)?;
    let profile = profile(&reader);
    let raster = rows(&mut reader, factor)?;
    Ok(Decoded { raster, profile, scale: divided(factor) })
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::Png, error)
}

fn open(bytes: &[u8], transformations: Transformations) -> Result<PngReader<'_>, Error> {
    match open_with(bytes, transformations, true) {
        // A profile that is larger than any real one is not worth the picture.
        Err(DecodingError::LimitsExceeded) => open_with(bytes, transformations, false),
        other => other,
    }
    .map_err(broken)
}

fn open_with(
    bytes: &[u8],
    transformations: Transformations,
    with_profile: bool,
) -> Result<PngReader<'_>, DecodingError> {
    let limits = png::Limits { bytes: LIMIT_BYTES };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(!with_profile);
    decoder.set_transformations(transformations);
    decoder.read_info()
}

/// Reads the picture through boxes of `factor`.
fn rows(reader: &mut PngReader<'_>, factor: u32) -> Result<Raster, Error> {
    let (colour, depth) = reader.output_color_type();
    let layout = layout(colour)?;
    let wide = depth == BitDepth::Sixteen;
    let (width, height) = (reader.info().width, reader.info().height);
    let mut reducer = Reducer::new(width, height, layout, factor);
    let mut push = |row: &[u8]| {
        if wide { reducer.push(&narrow(row)) } else { reducer.push(row) }
    };
    if reader.info().interlaced {
        let bytes = reader.output_buffer_size().ok_or_else(|| broken("it is too large"))?;
        let mut data = vec![0; bytes];
        let info = reader.next_frame(&mut data).map_err(broken)?;
        data.chunks_exact(info.line_size).for_each(push);
    } else {
        for _ in 0..height {
            let row = reader.next_row().map_err(broken)?;
            push(row.ok_or_else(|| broken("it ends inside the picture"))?.data());
        }
    }
    Ok(reducer.finish())
}

fn layout(colour: ColorType) -> Result<Layout, Error> {
    match colour {
        ColorType::Grayscale => Ok(Layout::Gray),
        ColorType::GrayscaleAlpha => Ok(Layout::GrayAlpha),
        ColorType::Rgb => Ok(Layout::Rgb),
        ColorType::Rgba => Ok(Layout::Rgba),
        ColorType::Indexed => Err(broken("it has no palette")),
    }
}

/// 16-bit big-endian samples to the nearest 8-bit ones.
fn narrow(row: &[u8]) -> Vec<u8> {
    let nearest = |sample: u32| ((sample * 255 + 32_895) >> 16) as u8;
    row.chunks_exact(2)
        .map(|sample| nearest(u32::from(u16::from_be_bytes([sample[0], sample[1]]))))
        .collect()
}

/// The strongest statement about colours wins: code points, profile, sRGB, then gamma.
fn profile(reader: &PngReader<'_>) -> Profile {
    let info = reader.info();
    if let Some(points) = info.coding_independent_code_points {
        return Profile::from_code_points(
            u16::from(points.color_primaries),
            u16::from(points.transfer_function),
        );
    }
    if let Some(icc) = &info.icc_profile {
        return Profile::Icc(icc.to_vec());
    }
    match info.gama_chunk {
        Some(gamma) if info.srgb.is_none() => Profile::Gamma {
            exponent: gamma.into_value(),
            chromaticities: info.chrm_chunk.map(|chrm| {
                let (white, red, green, blue) = (chrm.white, chrm.red, chrm.green, chrm.blue);
                [white.0, white.1, red.0, red.1, green.0, green.1, blue.0, blue.1]
                    .map(png::ScaledFloat::into_value)
            }),
        },
        _ => Profile::Srgb,
    }
}

pub(super) fn animation(
    bytes: &[u8],
    facts: &Facts,
    sink: &mut dyn FrameSink,
) -> Result<(), Error> {
    let about = About::of(bytes)?;
    let bytes = about.moving(bytes);
    let mut reader = open(&bytes, RGBA)?;
    let control = reader.info().animation_control.ok_or_else(|| broken("it is not animated"))?;
    let plays = (control.num_plays > 0).then_some(control.num_plays);
    sink.open(AnimationHeader { profile: profile(&reader), plays })?;
    let size = reader.output_buffer_size().ok_or_else(|| broken("it is too large"))?;
    let mut buffer = vec![0; size];
    let mut canvas = Canvas::new(facts);
    let mut shown = 0;
    while shown < about.sound_frames {
        let Ok(info) = reader.next_frame(&mut buffer) else { break };
        // A picture before the first frame control is for viewers that know no animation.
        let Some(frame) = reader.info().frame_control else { continue };
        let rgba = rgba(&buffer[..info.buffer_size()], info.color_type);
        canvas.draw(&rgba, &frame, shown == 0)?;
        let denominator = if frame.delay_den == 0 { 100 } else { u32::from(frame.delay_den) };
        let delay = Delay { numerator: u32::from(frame.delay_num), denominator };
        if sink.frame(&Frame { canvas: &canvas.pixels, delay })?.is_break() {
            return Ok(());
        }
        canvas.dispose();
        shown += 1;
    }
    // A broken frame leaves what was before it: the static picture, if it is the first.
    if shown == 0 { static_picture(&about, &bytes, sink) } else { Ok(()) }
}

/// Shows the picture for viewers that know no animation, as if it were the only frame.
fn static_picture(about: &About, bytes: &[u8], sink: &mut dyn FrameSink) -> Result<(), Error> {
    let bytes = about.still(bytes);
    let mut reader = open(&bytes, RGBA)?;
    let size = reader.output_buffer_size().ok_or_else(|| broken("it is too large"))?;
    let mut buffer = vec![0; size];
    let info = reader.next_frame(&mut buffer).map_err(broken)?;
    let canvas = rgba(&buffer[..info.buffer_size()], info.color_type);
    let delay = Delay::milliseconds(0);
    sink.frame(&Frame { canvas: &canvas, delay }).map(|_| ())
}

fn rgba(pixels: &[u8], colour: ColorType) -> Vec<u8> {
    match colour {
        ColorType::GrayscaleAlpha => pixels
            .chunks_exact(2)
            .flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]])
            .collect(),
        _ => pixels.to_vec(),
    }
}

/// Where frames are composed.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// What the last frame covered and how to take it away: position, size, pixels to restore.
    undo: Option<(FrameControl, Option<Vec<u8>>)>,
}

impl Canvas {
    fn new(facts: &Facts) -> Self {
        let (width, height) = (facts.width as usize, facts.height as usize);
        Self { width, height, pixels: vec![0; width * height * 4], undo: None }
    }

    fn draw(&mut self, rgba: &[u8], frame: &FrameControl, is_first: bool) -> Result<(), Error> {
        let (left, top) = (frame.x_offset as usize, frame.y_offset as usize);
        let (width, height) = (frame.width as usize, frame.height as usize);
        if left + width > self.width
            || top + height > self.height
            || rgba.len() < width * height * 4
        {
            return Err(broken("a frame lies outside the picture"));
        }
        // There is nothing to go back to before the first frame.
        let dispose = match frame.dispose_op {
            DisposeOp::Previous if is_first => DisposeOp::Background,
            other => other,
        };
        self.undo = match dispose {
            DisposeOp::None => None,
            DisposeOp::Background => Some((*frame, None)),
            DisposeOp::Previous => Some((*frame, Some(self.pixels.clone()))),
        };
        for (y, row) in rgba.chunks_exact(width * 4).take(height).enumerate() {
            let start = ((top + y) * self.width + left) * 4;
            let under = &mut self.pixels[start..start + width * 4];
            match frame.blend_op {
                BlendOp::Source => under.copy_from_slice(row),
                BlendOp::Over => over(under, row),
            }
        }
        Ok(())
    }

    fn dispose(&mut self) {
        let Some((frame, restore)) = self.undo.take() else { return };
        if let Some(pixels) = restore {
            self.pixels = pixels;
            return;
        }
        for y in frame.y_offset as usize..(frame.y_offset + frame.height) as usize {
            let start = (y * self.width + frame.x_offset as usize) * 4;
            self.pixels[start..start + frame.width as usize * 4].fill(0);
        }
    }
}

/// Lays straight pixels over straight pixels.
fn over(under: &mut [u8], row: &[u8]) {
    for (below, above) in under.chunks_exact_mut(4).zip(row.chunks_exact(4)) {
        let (a, b) = (u32::from(above[3]), u32::from(below[3]));
        if a == 255 || b == 0 {
            below.copy_from_slice(above);
        } else if a > 0 {
            // Alpha times 255, so that nothing is lost to rounding twice.
            let out = a * 255 + b * (255 - a);
            for channel in 0..3 {
                let sum =
                    u32::from(above[channel]) * a * 255 + u32::from(below[channel]) * b * (255 - a);
                below[channel] = ((sum + out / 2) / out) as u8;
            }
            below[3] = ((out + 127) / 255) as u8;
        }
    }
}
