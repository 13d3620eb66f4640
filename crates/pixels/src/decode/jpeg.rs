//! JPEG, by libjpeg-turbo, at a power-of-two scale.

use std::{borrow::Cow, io::Cursor};

use turbojpeg::{Colorspace, Decompressor, Image, PixelFormat, ScalingFactor};

use super::{Decoded, dct_divisor, divided};
use crate::{
    Error, Facts, Format,
    colour::{PROFILE_BYTES_MAX, Profile},
    picture::{Layout, Raster},
    probe,
    source::Source,
};

/// Faults that every viewer draws over without a visible scar.
const HARMLESS: [&str; 5] = [
    "extraneous bytes before marker",
    "Inconsistent progression sequence",
    "Unknown Adobe color transform",
    "Warning: unknown JFIF revision",
    "Unrecognized component IDs",
];

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    probe::jpeg_structure(&mut source)?;
    let profile = profile(&mut source);
    let bytes = with_end(bytes);
    let divisor = dct_divisor(facts, detail);
    let mut decompressor = Decompressor::new().map_err(broken)?;
    let scale = ScalingFactor::new(1, divisor as usize);
    decompressor.set_scaling_factor(scale).map_err(broken)?;
    let header = decompressor.read_header(&bytes).map_err(broken)?;
    if (header.width, header.height) != (facts.width as usize, facts.height as usize) {
        return Err(broken("two headers disagree about the size"));
    }
    let (layout, format) = match header.colorspace {
        Colorspace::Gray => (Layout::Gray, PixelFormat::GRAY),
        Colorspace::CMYK | Colorspace::YCCK => (Layout::Cmyk, PixelFormat::CMYK),
        _ => (Layout::Rgb, PixelFormat::RGB),
    };
    let (width, height) = (scale.scale(header.width), scale.scale(header.height));
    let pitch = width * layout.channels();
    let mut data = vec![0; pitch * height];
    let image = Image { pixels: &mut data[..], width, pitch, height, format };
    match decompressor.decompress(&bytes, image) {
        Err(error) if !is_harmless(&error.to_string()) => return Err(broken(error)),
        _ => {}
    }
    if layout == Layout::Cmyk {
        // Every CMYK JPEG in the wild follows Adobe and stores 255 for no ink.
        data.iter_mut().for_each(|sample| *sample = 255 - *sample);
    }
    let raster = Raster { width: width as u32, height: height as u32, layout, data };
    Ok(Decoded { raster, profile, scale: divided(divisor) })
}

fn broken(error: impl ToString) -> Error {
    let message = error.to_string();
    let message = message.trim_start_matches("TurboJPEG error: ");
    Error::malformed(Format::Jpeg, message)
}

fn is_harmless(message: &str) -> bool {
    HARMLESS.iter().any(|harmless| message.contains(harmless))
}

/// A file that only lacks its end marker is complete: with the marker, the decoder can tell it
/// from one that was cut inside the picture.
fn with_end(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::rfind(bytes, &[0xFF, 0xD9]).is_some() {
        return Cow::Borrowed(bytes);
    }
    let mut bytes = bytes.to_vec();
    bytes.extend_from_slice(&[0xFF, 0xD9]);
    Cow::Owned(bytes)
}

/// Joins the ICC profile from its segments; one that is incomplete is none.
fn profile(source: &mut Source<Cursor<&[u8]>>) -> Profile {
    icc_segments(source).map_or(Profile::Srgb, Profile::Icc)
}

fn icc_segments(source: &mut Source<Cursor<&[u8]>>) -> Option<Vec<u8>> {
    const NAME: &[u8; 12] = b"ICC_PROFILE\0";
    let mut parts: Vec<Option<Vec<u8>>> = Vec::new();
    source.seek(2)?;
    loop {
        let marker = probe::next_jpeg_marker(source)?;
        match marker {
            0x01 | 0xD0..=0xD8 => continue,
            0xD9 | 0xDA => break,
            _ => {}
        }
        let length = u64::from(source.be16()?).saturating_sub(2);
        let end = source.position() + length;
        if marker == 0xE2 && length > 14 && &source.array::<12>()? == NAME {
            let [number, count] = source.array()?;
            parts.resize(usize::from(count), None);
            let part = source.bytes(length - 14, 1 << 16)?;
            *parts.get_mut(usize::from(number).checked_sub(1)?)? = Some(part);
        }
        source.seek(end)?;
    }
    let profile: Vec<u8> = parts.into_iter().collect::<Option<Vec<_>>>()?.concat();
    (!profile.is_empty() && profile.len() <= PROFILE_BYTES_MAX).then_some(profile)
}
