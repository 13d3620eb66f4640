//! GIF: one palette for all frames where it is good enough, and only what changes per frame.

use std::borrow::Cow;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::{Area, Outline, Written, bounds};
use crate::{
    Error, Format,
    frame::Delay,
    memory::HELD_FRAMES_BYTES,
    picture::Picture,
    quantise::{Histogram, Palette, is_opaque},
};

/// Mean squared error a sample at which a frame deserves a palette of its own.
const LOCAL_PALETTE_ERROR: u64 = 60;

pub(super) fn still(picture: &Picture, colours: usize) -> Result<Vec<u8>, Error> {
    let outline = Outline { size: (picture.width, picture.height), frames: 1, plays: Some(1) };
    let mut writer = Writer::new(outline, colours);
    let rgba = if picture.has_alpha { picture.clone() } else { picture.clone().with_alpha() };
    writer.push(&rgba.data, Delay::centiseconds(0))?;
    writer.finish().map(|(bytes, _)| bytes)
}

fn refused(error: impl ToString) -> Error {
    Error::encode(Format::Gif, error)
}

/// Writes a GIF. Holds the first frames until it knows their colours, then streams.
pub(crate) struct Writer {
    outline: Outline,
    /// Colours a palette may have, besides the transparent one.
    colours: usize,
    histogram: Histogram,
    held: Vec<(Vec<u8>, Delay)>,
    held_bytes: u64,
    stream: Option<Stream>,
}

impl Writer {
    pub(super) fn new(outline: Outline, colours: usize) -> Self {
        Self {
            outline,
            colours: colours.clamp(2, 256) - 1,
            histogram: Histogram::new(),
            held: Vec::new(),
            held_bytes: 0,
            stream: None,
        }
    }

    pub(super) fn push(&mut self, rgba: &[u8], delay: Delay) -> Result<(), Error> {
        if let Some(stream) = &mut self.stream {
            return stream.push(rgba.to_vec(), delay);
        }
        self.histogram.add(rgba);
        self.held.push((rgba.to_vec(), delay));
        self.held_bytes += rgba.len() as u64;
        if self.held_bytes > HELD_FRAMES_BYTES { self.begin() } else { Ok(()) }
    }

    /// Settles the global palette and lets the held frames go.
    fn begin(&mut self) -> Result<(), Error> {
        let mut stream =
            Stream::new(self.outline, self.histogram.palette(self.colours), self.colours)?;
        for (rgba, delay) in self.held.drain(..) {
            stream.push(rgba, delay)?;
        }
        self.stream = Some(stream);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Written, Error> {
        if self.stream.is_none() {
            self.begin()?;
        }
        self.stream.take().ok_or_else(|| refused("it has no frame"))?.finish()
    }
}

/// Writes frames one late: how a frame is taken away depends on the next one.
struct Stream {
    encoder: Encoder<Vec<u8>>,
    outline: Outline,
    palette: Palette,
    colours: usize,
    waiting: Option<(Vec<u8>, Delay)>,
    /// What a viewer shows before the waiting frame: straight RGBA with alpha 0 or 255.
    shown: Vec<[u8; 4]>,
    microseconds: u64,
    centiseconds: u64,
    frames: u32,
}

impl Stream {
    fn new(outline: Outline, palette: Palette, colours: usize) -> Result<Self, Error> {
        let (width, height) = (outline.size.0 as u16, outline.size.1 as u16);
        let mut encoder =
            Encoder::new(Vec::new(), width, height, &table(&palette)).map_err(refused)?;
        let repeat = match outline.plays {
            None => Some(Repeat::Infinite),
            Some(0 | 1) => None,
            Some(plays) => Some(Repeat::Finite(u16::try_from(plays - 1).unwrap_or(u16::MAX))),
        };
        if let Some(repeat) = repeat.filter(|_| outline.frames > 1) {
            encoder.set_repeat(repeat).map_err(refused)?;
        }
        let pixels = outline.size.0 as usize * outline.size.1 as usize;
        Ok(Self {
            encoder,
            outline,
            palette,
            colours,
            waiting: None,
            shown: vec![[0; 4]; pixels],
            microseconds: 0,
            centiseconds: 0,
            frames: 0,
        })
    }

    fn push(&mut self, rgba: Vec<u8>, delay: Delay) -> Result<(), Error> {
        if let Some((waiting, its_delay)) = self.waiting.take() {
            let vanishes = |(before, after): (&[u8], &[u8])| is_opaque(before) && !is_opaque(after);
            let clear = waiting.chunks_exact(4).zip(rgba.chunks_exact(4)).any(vanishes);
            self.write(&waiting, its_delay, clear)?;
        }
        self.waiting = Some((rgba, delay));
        Ok(())
    }

    fn finish(mut self) -> Result<Written, Error> {
        if let Some((waiting, delay)) = self.waiting.take() {
            self.write(&waiting, delay, false)?;
        }
        let bytes = self.encoder.into_inner().map_err(refused)?;
        Ok((bytes, self.frames))
    }

    /// Writes a frame; `clear` empties the canvas after it.
    fn write(&mut self, rgba: &[u8], delay: Delay, clear: bool) -> Result<(), Error> {
        let delay = self.centiseconds(delay);
        let (indices, local) = self.indexed(rgba);
        let colours = local.as_ref().unwrap_or(&self.palette).colours();
        let wanted: Vec<Option<[u8; 4]>> = indices
            .iter()
            .map(|index| index.map(|index| with_alpha(colours[usize::from(index)])))
            .collect();
        // Pixels that already show the right colour stay out of the file.
        let transparent = transparent_index(colours);
        let pixels = wanted.iter().zip(&indices).zip(&self.shown);
        let pending: Vec<u8> = pixels
            .map(|((wanted, index), shown)| {
                index.filter(|_| *wanted != Some(*shown)).unwrap_or(transparent)
            })
            .collect();
        let size = self.outline.size;
        let area = if self.frames == 0 {
            Area { left: 0, top: 0, width: size.0, height: size.1 }
        } else if clear {
            bounds(size, |at| indices[at].is_some())
        } else {
            bounds(size, |at| pending[at] != transparent)
        };
        let cut = cut(&pending, size.0, area);
        let frame = Frame {
            delay,
            dispose: if clear { DisposalMethod::Background } else { DisposalMethod::Keep },
            transparent: cut.contains(&transparent).then_some(transparent),
            left: area.left as u16,
            top: area.top as u16,
            width: area.width as u16,
            height: area.height as u16,
            palette: local.as_ref().map(table),
            buffer: Cow::Owned(cut),
            ..Frame::default()
        };
        self.encoder.write_frame(&frame).map_err(refused)?;
        self.frames += 1;
        for (shown, wanted) in self.shown.iter_mut().zip(wanted) {
            *shown = if clear { [0; 4] } else { wanted.unwrap_or(*shown) };
        }
        Ok(())
    }

    /// The pixels as indices of the global palette, or of one of their own where that is so much
    /// better that it is worth its bytes.
    fn indexed(&mut self, rgba: &[u8]) -> (Vec<Option<u8>>, Option<Palette>) {
        let (indices, error) = map(&mut self.palette, rgba);
        if error > LOCAL_PALETTE_ERROR {
            let mut histogram = Histogram::new();
            histogram.add(rgba);
            let mut palette = histogram.palette(self.colours);
            let (own_indices, own_error) = map(&mut palette, rgba);
            if own_error * 2 < error {
                return (own_indices, Some(palette));
            }
        }
        (indices, None)
    }

    /// The delay in GIF's unit; rounding never adds up.
    fn centiseconds(&mut self, delay: Delay) -> u16 {
        self.microseconds += delay.microseconds();
        let ends = (self.microseconds + 5_000) / 10_000;
        let centiseconds = ends - self.centiseconds;
        self.centiseconds = ends;
        u16::try_from(centiseconds).unwrap_or(u16::MAX)
    }
}

fn with_alpha(colour: [u8; 3]) -> [u8; 4] {
    [colour[0], colour[1], colour[2], 255]
}

/// The index of each pixel (`None` where transparent), and the mean squared error a sample.
fn map(palette: &mut Palette, rgba: &[u8]) -> (Vec<Option<u8>>, u64) {
    let mut indices = Vec::with_capacity(rgba.len() / 4);
    let (mut error, mut count) = (0_u64, 1_u64);
    for pixel in rgba.chunks_exact(4) {
        if !is_opaque(pixel) {
            indices.push(None);
            continue;
        }
        let index = palette.index([pixel[0], pixel[1], pixel[2]]);
        let colour = palette.colours()[usize::from(index)];
        for (sample, shown) in pixel.iter().zip(colour) {
            error += u64::from(sample.abs_diff(shown)).pow(2);
        }
        count += 3;
        indices.push(Some(index));
    }
    (indices, error / count)
}

/// The colours, and a last entry for transparency.
fn table(palette: &Palette) -> Vec<u8> {
    let mut table = palette.colours().as_flattened().to_vec();
    table.extend_from_slice(&[0; 3]);
    table
}

fn transparent_index(colours: &[[u8; 3]]) -> u8 {
    colours.len() as u8
}

/// The indices of an area.
fn cut(indices: &[u8], width: u32, area: Area) -> Vec<u8> {
    let start = |y: u32| (area.top + y) as usize * width as usize + area.left as usize;
    (0..area.height)
        .flat_map(|y| &indices[start(y)..start(y) + area.width as usize])
        .copied()
        .collect()
}
