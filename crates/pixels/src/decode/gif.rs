//! GIF, by the gif crate; frames are composed here.

use std::io::{Cursor, Read};

use gif::{DecodeOptions, DisposalMethod};

use crate::{
    Error, Facts, Format,
    colour::Profile,
    frame::{AnimationHeader, Decoded, Delay, FirstFrame, Frame, FrameSink},
    probe,
    source::Source,
};

/// What closes a block and a file, should they lack it: pixels may be all there.
const CLOSING: &[u8] = &[0, 0x3B];

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
    sink: &mut dyn FrameSink,
) -> Result<(), Error> {
    let mut options = DecodeOptions::new();
    // `probe` has already bounded every frame.
    options.set_memory_limit(gif::MemoryLimit::Unlimited);
    options.allow_unknown_blocks(true);
    let (head, rest) = with_table(bytes).ok_or_else(|| broken("it ends inside the header"))?;
    let bytes_read = head.as_slice().chain(rest).chain(CLOSING);
    let mut decoder = options.read_info(bytes_read).map_err(broken)?;
    let global = decoder.global_palette().map(<[u8]>::to_vec).unwrap_or_default();
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    sink.open(AnimationHeader { profile: Profile::Srgb, plays: probe::gif_plays(&mut source) })?;
    let mut canvas = Canvas::new(facts);
    let mut indices = Vec::new();
    for shown in 0..facts.frames {
        let frame = match next(&mut decoder, &mut indices) {
            Ok(Some(frame)) => frame,
            // A broken frame leaves what was before it.
            _ if shown > 0 => break,
            Ok(None) => return Err(broken("it ends inside the picture")),
            Err(error) => return Err(broken(error)),
        };
        canvas.draw(&frame, &indices, frame.palette.as_ref().unwrap_or(&global));
        let delay = Delay::centiseconds(u32::from(frame.delay));
        if sink.frame(&Frame { canvas: &canvas.pixels, delay })?.is_break() {
            break;
        }
        canvas.dispose();
    }
    Ok(())
}

/// The head of a file with a colour table, and what follows it. A file need not have one: then the
/// decoder's own counts, which begins with black and white.
fn with_table(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    const FLAGS: usize = 10;
    let (head, rest) = bytes.split_at_checked(13)?;
    let mut head = head.to_vec();
    if head[FLAGS] & 0x80 == 0 {
        head[FLAGS] |= 0x87;
        let grey = |index: u8| if index == 1 { [255; 3] } else { [index; 3] };
        head.extend((0..=255).flat_map(grey));
    }
    Some((head, rest))
}

/// Decodes the next frame that has pixels.
fn next<R: Read>(
    decoder: &mut gif::Decoder<R>,
    indices: &mut Vec<u8>,
) -> Result<Option<gif::Frame<'static>>, gif::DecodingError> {
    loop {
        let Some(frame) = decoder.next_frame_info()? else { return Ok(None) };
        if frame.width == 0 || frame.height == 0 {
            continue;
        }
        let frame = frame.clone();
        indices.clear();
        indices.resize(decoder.buffer_size(), 0);
        decoder.read_into_buffer(indices)?;
        return Ok(Some(frame));
    }
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
    fn draw(&mut self, frame: &gif::Frame<'_>, indices: &[u8], palette: &[u8]) {
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
        let rows = indices.chunks_exact(frame_width.max(1));
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
