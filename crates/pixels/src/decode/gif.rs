//! GIF, by the gif crate; frames are composed here.

use std::io::Cursor;

use gif::{DecodeOptions, DisposalMethod};

use super::{Audience, Decoded, Delay, Frame, Opening};
use crate::{Error, Facts, Format, colour::Profile, decode::FirstFrame, probe, source::Source};

pub(super) fn still(bytes: &[u8], facts: &Facts) -> Result<Decoded, Error> {
    let mut first = FirstFrame::new(facts);
    animation(bytes, facts, &mut first)?;
    first.decoded()
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::Gif, error)
}

pub(super) fn animation(
    bytes: &[u8],
    facts: &Facts,
    audience: &mut dyn Audience,
) -> Result<(), Error> {
    let mut options = DecodeOptions::new();
    // `probe` has already bounded every frame.
    options.set_memory_limit(gif::MemoryLimit::Unlimited);
    options.allow_unknown_blocks(true);
    let mut decoder = options.read_info(Cursor::new(bytes)).map_err(broken)?;
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    audience.open(Opening { profile: Profile::Srgb, plays: probe::gif_plays(&mut source) })?;
    let mut canvas = Canvas::new(facts);
    for _ in 0..facts.frames {
        let Some(frame) = decoder.read_next_frame().map_err(broken)? else {
            return Err(broken("it ends inside the picture"));
        };
        let palette = frame.palette.as_deref().or(global.as_deref());
        let palette = palette.ok_or_else(|| broken("it has no palette"))?;
        canvas.draw(frame, palette);
        let delay = Delay::centiseconds(u32::from(frame.delay));
        if audience.show(&Frame { canvas: &canvas.pixels, delay })?.is_break() {
            break;
        }
        canvas.dispose();
    }
    Ok(())
}

/// Where frames are composed.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// The part that the last frame covered: left, top, right, bottom.
    covered: [usize; 4],
    dispose: DisposalMethod,
    /// The pixels under the last frame, if they come back.
    before: Vec<u8>,
}

impl Canvas {
    fn new(facts: &Facts) -> Self {
        let (width, height) = (facts.width as usize, facts.height as usize);
        Self {
            width,
            height,
            pixels: vec![0; width * height * 4],
            covered: [0; 4],
            dispose: DisposalMethod::Any,
            before: Vec::new(),
        }
    }

    /// Draws a frame; what lies outside the canvas is cut off, as viewers do.
    fn draw(&mut self, frame: &gif::Frame<'_>, palette: &[u8]) {
        let (left, top) = (usize::from(frame.left), usize::from(frame.top));
        let (frame_width, frame_height) = (usize::from(frame.width), usize::from(frame.height));
        let right = (left + frame_width).min(self.width);
        let bottom = (top + frame_height).min(self.height);
        self.covered = [left.min(right), top.min(bottom), right, bottom];
        self.dispose = frame.dispose;
        if frame.dispose == DisposalMethod::Previous {
            self.before.clone_from(&self.pixels);
        }
        if left >= right || top >= bottom {
            return;
        }
        let colours = colours(palette, frame.transparent);
        let rows = frame.buffer.chunks_exact(frame_width.max(1));
        for (y, row) in (top..bottom).zip(rows) {
            let start = (y * self.width + left) * 4;
            let under = &mut self.pixels[start..start + (right - left) * 4];
            for (pixel, index) in under.chunks_exact_mut(4).zip(row) {
                if let Some(colour) = colours[usize::from(*index)] {
                    pixel.copy_from_slice(&colour);
                }
            }
        }
    }

    fn dispose(&mut self) {
        match self.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => {}
            DisposalMethod::Previous => std::mem::swap(&mut self.pixels, &mut self.before),
            DisposalMethod::Background => {
                // To transparent: browsers ignore the background colour.
                let [left, top, right, bottom] = self.covered;
                for y in top..bottom {
                    let row = y * self.width;
                    self.pixels[(row + left) * 4..(row + right) * 4].fill(0);
                }
            }
        }
    }
}

/// The colour of each index; `None` leaves the pixel as it is.
fn colours(palette: &[u8], transparent: Option<u8>) -> [Option<[u8; 4]>; 256] {
    let mut colours = [None; 256];
    for (colour, entry) in colours.iter_mut().zip(palette.chunks_exact(3)) {
        *colour = Some([entry[0], entry[1], entry[2], 255]);
    }
    if let Some(index) = transparent {
        colours[usize::from(index)] = None;
    }
    colours
}
