//! Encoders: from sRGB pixels to a file without metadata.

mod avif;
mod budget;
mod fidelity;
mod gif;
mod jpeg;
mod png;
mod webp;

use crate::{Error, Format, frame::Delay, picture::Picture, planar::Subsampled};

pub(crate) use budget::{Held, still_within};
pub(crate) use fidelity::Fidelity;

/// A finished file and how many frames it has.
pub(crate) type Written = (Vec<u8>, u32);

/// How good a file is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EncoderSettings {
    /// 1 to 100, for lossy formats.
    pub(crate) quality: u8,
    /// Colours of a palette, 2 to 256, for GIF.
    pub(crate) colours: usize,
    /// What of the colours must be kept, for lossy formats.
    pub(crate) fidelity: Fidelity,
}

/// Encodes a still.
pub(crate) fn still(
    picture: &Picture,
    format: Format,
    settings: EncoderSettings,
) -> Result<Vec<u8>, Error> {
    check_size(format, (picture.width, picture.height))?;
    match format {
        Format::Jpeg => jpeg::still(picture, settings),
        Format::Png => png::still(picture),
        Format::Gif => gif::still(picture, settings.colours),
        Format::WebP => webp::still(picture, settings),
        Format::Avif => avif::still(picture, settings.quality),
        Format::Heic | Format::Bmp | Format::Tiff | Format::Ico => {
            Err(Error::encode(format, "this format is only read"))
        }
    }
}

/// Encodes planes as a JPEG.
pub(crate) fn planes(planes: &Subsampled, settings: EncoderSettings) -> Result<Vec<u8>, Error> {
    check_size(Format::Jpeg, planes.size)?;
    jpeg::planes(planes, settings.quality)
}

fn check_size(format: Format, size: (u32, u32)) -> Result<(), Error> {
    let (longer, most) = (size.0.max(size.1), format.side_max());
    if longer > most {
        return Err(Error::encode(
            format,
            format!("a side of {longer} pixels; {most} is the most"),
        ));
    }
    Ok(())
}

/// Writes an animation frame by frame.
pub(crate) enum AnimationWriter {
    Gif(Box<gif::Writer>),
    WebP(webp::Writer),
    Png(Box<png::Writer>),
}

/// What is known of an animation before its first frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    pub(crate) size: (u32, u32),
    pub(crate) frames: u32,
    /// How often it plays; `None` for ever.
    pub(crate) plays: Option<u32>,
}

impl AnimationWriter {
    pub(crate) fn new(
        outline: Outline,
        format: Format,
        settings: EncoderSettings,
    ) -> Result<Self, Error> {
        check_size(format, outline.size)?;
        match format {
            Format::Gif => Ok(Self::Gif(Box::new(gif::Writer::new(outline, settings.colours)))),
            Format::WebP => webp::Writer::new(outline, settings.quality).map(Self::WebP),
            Format::Png => png::Writer::new(outline).map(|writer| Self::Png(Box::new(writer))),
            other => Err(Error::encode(other, "this format is not written as an animation")),
        }
    }

    /// Adds a frame: straight RGBA of the outline's size.
    pub(crate) fn push(&mut self, rgba: &[u8], delay: Delay) -> Result<(), Error> {
        match self {
            Self::Gif(writer) => writer.push(rgba, delay),
            Self::WebP(writer) => writer.push(rgba, delay),
            Self::Png(writer) => writer.push(rgba, delay),
        }
    }

    /// The finished file.
    pub(crate) fn finish(self) -> Result<Written, Error> {
        match self {
            Self::Gif(writer) => writer.finish(),
            Self::WebP(writer) => writer.finish(),
            Self::Png(writer) => writer.finish(),
        }
    }
}

/// A part of a canvas in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

/// The smallest area that holds every pixel of which `is_in` says so; a single pixel when none is.
fn bounds(size: (u32, u32), mut is_in: impl FnMut(usize) -> bool) -> Area {
    let (width, height) = (size.0 as usize, size.1 as usize);
    let (mut left, mut right, mut top, mut bottom) = (width, 0, height, 0);
    for y in 0..height {
        let row = y * width;
        let Some(first) = (0..width).find(|x| is_in(row + x)) else { continue };
        let last = (first..width).rev().find(|x| is_in(row + x)).unwrap_or(first);
        (left, right) = (left.min(first), right.max(last + 1));
        (top, bottom) = (top.min(y), y + 1);
    }
    if right == 0 {
        return Area { left: 0, top: 0, width: 1, height: 1 };
    }
    Area {
        left: left as u32,
        top: top as u32,
        width: (right - left) as u32,
        height: (bottom - top) as u32,
    }
}
