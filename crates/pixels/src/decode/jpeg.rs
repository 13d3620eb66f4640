//! JPEG, by libjpeg-turbo, at a power-of-two scale.

use std::{borrow::Cow, io::Cursor};

use super::{Decoded, Planes, dct_divisor, divided, planes::planes as plain_planes};
use crate::{
    Error, Facts, Format,
    colour::{PROFILE_BYTES_MAX, Profile},
    ffi::jpeg::{Complaint, Decoder, Samples},
    picture::{Layout, Raster},
    probe,
    reduce::reduced,
    source::Source,
};

/// Faults that every viewer draws over without a visible scar.
const HARMLESS: [&str; 6] = [
    "bad ICC marker",
    "extraneous bytes before marker",
    "Inconsistent progression sequence",
    "Unknown Adobe color transform",
    "unknown JFIF revision",
    "Unrecognized component IDs",
];

/// Memory that libjpeg-turbo may take for coefficients, in MiB; `Limits` say no long before.
const MEMORY_MIB: u32 = 448;

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    probe::jpeg_structure(&mut source)?;
    let profile = profile(&mut source);
    let bytes = with_end(bytes);
    let divisor = dct_divisor(facts, detail);
    let (mut decoder, complaint) =
        Decoder::new(&bytes, MEMORY_MIB).map_err(|complaint| broken(complaint.message))?;
    forgive(complaint)?;
    if decoder.size() != (facts.width, facts.height) {
        return Err(broken("two headers disagree about the size"));
    }
    let (mut data, complaint) =
        decoder.decode(divisor).map_err(|complaint| broken(complaint.message))?;
    forgive(complaint)?;
    let layout = match decoder.samples() {
        Samples::Gray => Layout::Gray,
        Samples::Rgb => Layout::Rgb,
        Samples::InvertedCmyk => {
            // Every CMYK JPEG in the wild follows Adobe and stores 255 for no ink.
            for sample in &mut data {
                *sample = 255 - *sample;
            }
            Layout::Cmyk
        }
    };
    let (width, height) = (reduced(facts.width, divisor), reduced(facts.height, divisor));
    Ok(Decoded { raster: Raster { width, height, layout, data }, profile, scale: divided(divisor) })
}

/// Planes of a plain picture that is wanted at half its size or less.
pub(super) fn planes(bytes: &[u8], facts: &Facts, detail: f64) -> Option<(Planes, Profile)> {
    let divisor = dct_divisor(facts, detail);
    let mut source = Source::new(Cursor::new(bytes)).ok()?;
    probe::jpeg_structure(&mut source).ok()?;
    let planes = plain_planes(bytes, (facts.width, facts.height), divisor)?;
    Some((planes, profile(&mut source)))
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::Jpeg, error)
}

/// Lets harmless faults pass.
fn forgive(complaint: Option<Complaint>) -> Result<(), Error> {
    match complaint {
        Some(Complaint { message, .. })
            if !HARMLESS.iter().any(|harmless| message.contains(harmless)) =>
        {
            Err(broken(message))
        }
        _ => Ok(()),
    }
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
