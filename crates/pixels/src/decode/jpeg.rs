//! JPEG, by libjpeg-turbo, at a power-of-two scale.

use std::{borrow::Cow, io::Cursor};

use super::{Planes, planes::planes as plain_planes};
use crate::{
    Error, Facts, Format,
    colour::{PROFILE_BYTES_MAX, Profile},
    container::jpeg::{Pixels, Segments, extent},
    cut::cut,
    ffi::jpeg::{Complaint, Decoder, Samples},
    frame::Decoded,
    picture::{Layout, Raster},
    probe,
    reduce::reduced,
    scale::{dct_divisor, divided},
    source::Source,
};

/// Faults that every viewer draws over without a visible scar.
const HARMLESS: [&str; 7] = [
    "bad ICC marker",
    "extraneous bytes before marker",
    "Inconsistent progression sequence",
    "Invalid SOS parameters for sequential JPEG",
    "Unknown Adobe color transform",
    "unknown JFIF revision",
    "Unrecognized component IDs",
];

/// Memory that libjpeg-turbo may take for coefficients, in MiB; `Limits` say no long before.
const MEMORY_MIB: u32 = 448;

/// Blocks that are stepped over in search of the end: what [`Limits`](crate::Limits) and the
/// bound on passes allow.
const BLOCKS_MAX: u64 = 100_000_000;

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<(Decoded, bool), Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    let structure = probe::jpeg_structure(&mut source)?;
    let profile = profile(&mut source);
    let divisor = dct_divisor(facts, detail);
    let first = drawn(&with_end(bytes), facts, divisor);
    let (picture, is_truncated) = match first {
        // Nothing is said of passes that never came, nor by the arithmetic decoder of anything.
        Ok((picture, None)) if bytes.ends_with(&END_MARKER) && !is_arithmetic(bytes) => {
            (picture, false)
        }
        complaint => judged(bytes, facts, divisor, complaint)?,
    };
    let Drawn { samples, mut data } = picture;
    let layout = match samples {
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
    let raster = Raster { width, height, layout, data };
    let is_truncated = is_truncated || structure.lacks_passes;
    Ok((Decoded { raster, profile, scale: divided(divisor) }, is_truncated))
}

/// A picture as libjpeg-turbo drew it.
struct Drawn {
    samples: Samples,
    data: Vec<u8>,
}

/// What libjpeg-turbo makes of a file, and the first of its warnings, or why it failed behind
/// one; it keeps the others to itself.
fn drawn(bytes: &[u8], facts: &Facts, divisor: u32) -> Result<(Drawn, Option<Complaint>), Error> {
    let failed = |complaint: Complaint| broken(complaint.message);
    let (mut decoder, first) = Decoder::new(bytes, MEMORY_MIB).map_err(failed)?;
    if decoder.size() != (facts.width, facts.height) {
        return Err(broken("two headers disagree about the size"));
    }
    let (data, second) = decoder.decode(divisor).map_err(failed)?;
    // The header is read again with the pixels: a warning of it comes again, unless there is worse.
    Ok((Drawn { samples: decoder.samples(), data }, second.or(first)))
}

/// Looks for itself at a picture that libjpeg-turbo complains about, and draws what belongs to it:
/// behind one warning others may hide, and what follows a picture is no fault of its own. Returns
/// the picture and whether a part of it is missing.
fn judged(
    bytes: &[u8],
    facts: &Facts,
    divisor: u32,
    complaint: Result<(Drawn, Option<Complaint>), Error>,
) -> Result<(Drawn, bool), Error> {
    let walked = extent(bytes, BLOCKS_MAX);
    let pixels = walked.as_ref().map_or(Pixels::Unknown, |walked| walked.pixels);
    let end = walked.map_or(bytes.len(), |walked| walked.end);
    match pixels {
        Pixels::Unknown => {
            let (picture, complaint) = complaint?;
            forgive(complaint)?;
            Ok((picture, false))
        }
        Pixels::Broken => {
            let (_, complaint) = complaint?;
            forgive(complaint)?;
            Err(broken("its pixels are damaged"))
        }
        Pixels::Cut { .. } if !pixels.are_worth_showing() => Err(cut(pixels)),
        Pixels::Cut { .. } => {
            // One picture at a time is what was provided for.
            drop(complaint);
            let ended = [&bytes[..end], &END_MARKER].concat();
            let (picture, complaint) = drawn(&ended, facts, divisor)?;
            forgive(complaint.filter(|complaint| !is_early_end(complaint)))?;
            Ok((picture, true))
        }
        Pixels::Whole => {
            let is_fine = |first: &Option<Complaint>| first.as_ref().is_none_or(is_harmless);
            let (picture, complaint) = if complaint.as_ref().is_ok_and(|(_, first)| is_fine(first))
            {
                complaint?
            } else {
                drop(complaint);
                drawn(&[&bytes[..end], &END_MARKER].concat(), facts, divisor)?
            };
            forgive(complaint)?;
            Ok((picture, false))
        }
    }
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
        Some(complaint) if !is_harmless(&complaint) => Err(broken(complaint.message)),
        _ => Ok(()),
    }
}

/// Whether it says that pixels are missing: the file ends, or the end marker stands where the
/// pixels go on behind a restart.
fn is_early_end(complaint: &Complaint) -> bool {
    let message = complaint.message.to_lowercase();
    message.contains("premature end") || message.contains("found marker 0xd9 instead of rst")
}

fn is_harmless(complaint: &Complaint) -> bool {
    HARMLESS.iter().any(|harmless| complaint.message.contains(harmless))
}

fn is_arithmetic(bytes: &[u8]) -> bool {
    let Ok(mut source) = Source::new(Cursor::new(bytes)) else { return false };
    let mut segments = Segments::new(&mut source);
    let frames = std::iter::from_fn(|| segments.header_segment());
    { frames }.any(|segment| matches!(segment.marker, 0xC9..=0xCB))
}

const END_MARKER: [u8; 2] = [0xFF, 0xD9];

/// A file that only lacks its end marker is complete: with the marker, the decoder has nothing to
/// warn of.
fn with_end(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.ends_with(&END_MARKER) {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned([bytes, &END_MARKER].concat())
}

/// Joins the ICC profile from its segments; one that is incomplete is none.
fn profile(source: &mut Source<Cursor<&[u8]>>) -> Profile {
    icc_segments(source).map_or(Profile::Srgb, Profile::Icc)
}

fn icc_segments(source: &mut Source<Cursor<&[u8]>>) -> Option<Vec<u8>> {
    const NAME: &[u8; 12] = b"ICC_PROFILE\0";
    let mut parts: Vec<Option<Vec<u8>>> = Vec::new();
    let mut segments = Segments::new(source);
    while let Some(segment) = segments.header_segment() {
        let length = segment.body.end - segment.body.start;
        segments.source().seek(segment.body.start)?;
        if segment.marker == 0xE2 && length > 14 && &segments.source().array::<12>()? == NAME {
            let [number, count] = segments.source().array()?;
            parts.resize(usize::from(count), None);
            let part = segments.source().bytes(length - 14, 1 << 16)?;
            *parts.get_mut(usize::from(number).checked_sub(1)?)? = Some(part);
        }
    }
    let profile: Vec<u8> = parts.into_iter().collect::<Option<Vec<_>>>()?.concat();
    (!profile.is_empty() && profile.len() <= PROFILE_BYTES_MAX).then_some(profile)
}
