//! PNG and APNG, by the png crate.

use std::{
    cell::RefCell,
    io::{self, Write},
    rc::Rc,
};

use png::{BitDepth, BlendOp, ColorType, Compression, DisposeOp, Filter};

use super::{Area, Outline, Written, bounds};
use crate::{Error, Format, frame::Delay, picture::Picture};

pub(super) fn still(picture: &Picture) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width, picture.height);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    encoder.set_filter(Filter::Adaptive);
    let opaque;
    let (colour, data) = if picture.is_transparent() {
        (ColorType::Rgba, &picture.data)
    } else if picture.has_alpha {
        opaque = without_alpha(&picture.data);
        (ColorType::Rgb, &opaque)
    } else {
        (ColorType::Rgb, &picture.data)
    };
    encoder.set_color(colour);
    let mut writer = encoder.write_header().map_err(refused)?;
    writer.write_image_data(data).map_err(refused)?;
    writer.finish().map_err(refused)?;
    Ok(bytes)
}

fn without_alpha(rgba: &[u8]) -> Vec<u8> {
    rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
}

fn refused(error: impl ToString) -> Error {
    Error::encode(Format::Png, error)
}

/// Writes an APNG: every frame is the part that differs from the one before.
pub(crate) struct Writer {
    inner: png::Writer<Sink>,
    file: Sink,
    outline: Outline,
    shown: Vec<u8>,
    frames: u32,
}

/// The file being written; the png crate keeps its writer to itself until the end.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Writer {
    pub(super) fn new(outline: Outline) -> Result<Self, Error> {
        let file = Sink::default();
        let mut encoder = png::Encoder::new(file.clone(), outline.size.0, outline.size.1);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_color(ColorType::Rgba);
        encoder.set_compression(Compression::Balanced);
        encoder.set_filter(Filter::Adaptive);
        encoder.set_animated(outline.frames, outline.plays.unwrap_or(0)).map_err(refused)?;
        encoder.set_blend_op(BlendOp::Source).map_err(refused)?;
        encoder.set_dispose_op(DisposeOp::None).map_err(refused)?;
        let inner = encoder.write_header().map_err(refused)?;
        Ok(Self { inner, file, outline, shown: Vec::new(), frames: 0 })
    }

    pub(super) fn push(&mut self, rgba: &[u8], delay: Delay) -> Result<(), Error> {
        let size = self.outline.size;
        let area = if self.frames == 0 {
            Area { left: 0, top: 0, width: size.0, height: size.1 }
        } else {
            let shown = &self.shown;
            bounds(size, |at| rgba[at * 4..at * 4 + 4] != shown[at * 4..at * 4 + 4])
        };
        let (numerator, denominator) = fraction(delay);
        self.inner.set_frame_delay(numerator, denominator).map_err(refused)?;
        // The position first: the crate checks each against the other.
        self.inner.reset_frame_position().map_err(refused)?;
        self.inner.set_frame_dimension(area.width, area.height).map_err(refused)?;
        self.inner.set_frame_position(area.left, area.top).map_err(refused)?;
        self.inner.write_image_data(&cut(rgba, size.0, area)).map_err(refused)?;
        self.shown.clear();
        self.shown.extend_from_slice(rgba);
        self.frames += 1;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Written, Error> {
        if self.frames == 0 || self.frames > self.outline.frames {
            return Err(refused("the animation has another number of frames than its header says"));
        }
        self.inner.finish().map_err(refused)?;
        let mut bytes = self.file.0.take();
        if self.frames < self.outline.frames {
            // What follows in the source was broken.
            announce(&mut bytes, self.frames);
        }
        Ok((bytes, self.frames))
    }
}

/// Changes how many frames the animation control says there are; it comes right behind the header.
fn announce(bytes: &mut [u8], frames: u32) {
    const CONTROL: usize = 33;
    let Some((named, sum)) = bytes
        .get_mut(CONTROL + 4..)
        .and_then(|rest| rest.split_at_mut_checked(12))
        .filter(|(named, _)| named.starts_with(b"acTL"))
    else {
        return;
    };
    named[4..8].copy_from_slice(&frames.to_be_bytes());
    sum[..4].copy_from_slice(&crc32fast::hash(named).to_be_bytes());
}

/// The pixels of an area.
fn cut(rgba: &[u8], width: u32, area: Area) -> Vec<u8> {
    let row_bytes = area.width as usize * 4;
    let start = |y: u32| ((area.top + y) as usize * width as usize + area.left as usize) * 4;
    (0..area.height).flat_map(|y| &rgba[start(y)..start(y) + row_bytes]).copied().collect()
}

/// The delay in the 16 bits that APNG has; long ones in coarser units.
fn fraction(delay: Delay) -> (u16, u16) {
    if let (Ok(numerator), Ok(denominator)) =
        (u16::try_from(delay.numerator), u16::try_from(delay.denominator))
    {
        return (numerator, denominator);
    }
    let centiseconds = delay.microseconds() / 10_000;
    match u16::try_from(centiseconds) {
        Ok(centiseconds) => (centiseconds, 100),
        Err(_) => (u16::try_from(centiseconds / 100).unwrap_or(u16::MAX), 1),
    }
}
