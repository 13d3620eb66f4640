//! JPEG: walks the markers up to the frame header, and for progressive pictures counts the scans.

use std::io::{Read, Seek};

use super::Header;
use crate::{Error, Format, error::Over, source::Source};

/// What the markers of a JPEG say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jpeg {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: u8,
    /// Samples of all components per pixel of the frame, times 16 (4:2:0 is 24, 4:4:4 is 48).
    samples_x16: u64,
    /// Whether libjpeg must keep all coefficients: progressive, or one component a scan.
    buffered: bool,
    /// Scans of the picture; counted for buffered pictures only, 1 otherwise.
    pub(crate) scans: u64,
}

/// Scans times pixels that a picture may cost: about three seconds of entropy decoding.
const SCANNED_PIXELS_MAX: u64 = 3_000_000_000;
/// No encoder writes more; small pictures with thousands of scans are attacks all the same.
const SCANS_MAX: u64 = 500;
/// Segments before the picture; real files have dozens.
const SEGMENTS_MAX: u32 = 200_000;

pub(crate) fn header<R: Read + Seek>(source: &mut Source<R>) -> Result<Header, Error> {
    let jpeg = structure(source)?;
    let pixels = u64::from(jpeg.width) * u64::from(jpeg.height);
    let coefficients = if jpeg.buffered { pixels * jpeg.samples_x16 / 16 * 2 } else { 0 };
    // Inks stay beside the colours made of them, at about the size that is drawn.
    let inks = if jpeg.components == 4 { pixels.min(16_000_000) * 4 } else { 0 };
    Ok(Header {
        // A row of blocks of every component, upsampled: what libjpeg holds at a time.
        fixed_bytes: coefficients + inks + u64::from(jpeg.width) * 160 + (1 << 20),
        ..Header::still(jpeg.width, jpeg.height)
    })
}

/// Reads the markers. Fails on what cannot be decoded here, and on pictures of too many scans.
pub(crate) fn structure<R: Read + Seek>(source: &mut Source<R>) -> Result<Jpeg, Error> {
    let mut jpeg = None;
    source.seek(2);
    for _ in 0..SEGMENTS_MAX {
        let marker = next_marker(source).ok_or_else(too_short)?;
        match marker {
            0xD8 | 0x01 | 0xD0..=0xD7 => {}
            0xD9 => return Err(broken("the picture ends before it begins")),
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                if jpeg.replace(frame(source, marker)?).is_some() {
                    return Err(broken("it has two frame headers"));
                }
            }
            0xDA => {
                let mut jpeg =
                    jpeg.ok_or_else(|| broken("a scan comes before the frame header"))?;
                count_scans(source, &mut jpeg).ok_or_else(too_short)?;
                return allow_scans(jpeg);
            }
            _ => skip_segment(source).ok_or_else(too_short)?,
        }
    }
    Err(broken("it has too many segments before the picture"))
}

fn broken(detail: &str) -> Error {
    Error::malformed(Format::Jpeg, detail)
}

fn too_short() -> Error {
    broken("the file ends inside the headers")
}

/// Finds the next marker, over fill bytes and garbage as decoders do.
pub(crate) fn next_marker<R: Read + Seek>(source: &mut Source<R>) -> Option<u8> {
    loop {
        source.find(|bytes| memchr::memchr(0xFF, bytes))?;
        let code = source.find(|bytes| bytes.iter().position(|byte| *byte != 0xFF))?;
        if code != 0 {
            return Some(code);
        }
    }
}

fn skip_segment<R: Read + Seek>(source: &mut Source<R>) -> Option<()> {
    let length = u64::from(source.be16()?);
    source.skip(length.saturating_sub(2))
}

fn frame<R: Read + Seek>(source: &mut Source<R>, marker: u8) -> Result<Jpeg, Error> {
    let [_, _, depth, h1, h0, w1, w0, components] = source.array().ok_or_else(too_short)?;
    if !matches!(components, 1 | 3 | 4) {
        return Err(broken("the picture does not have 1, 3 or 4 components"));
    }
    let lossless = matches!(marker, 0xC3 | 0xC7 | 0xCB | 0xCF);
    if depth != 8 || lossless || matches!(marker, 0xC5..=0xC7 | 0xCD..=0xCF) {
        return Err(Error::unsupported(if depth == 8 {
            "lossless or hierarchical JPEG".to_owned()
        } else {
            format!("{depth}-bit JPEG")
        }));
    }
    let mut factors = Vec::with_capacity(usize::from(components));
    for _ in 0..components {
        let [_, sampling, _] = source.array().ok_or_else(too_short)?;
        let (across, down) = (u64::from(sampling >> 4), u64::from(sampling & 15));
        if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
            return Err(broken("a sampling factor is not 1 to 4"));
        }
        factors.push((across, down));
    }
    let across = factors.iter().map(|factor| factor.0).max().unwrap_or(1);
    let down = factors.iter().map(|factor| factor.1).max().unwrap_or(1);
    let samples = factors.iter().map(|factor| factor.0 * factor.1).sum::<u64>();
    Ok(Jpeg {
        width: u32::from(u16::from_be_bytes([w1, w0])),
        height: u32::from(u16::from_be_bytes([h1, h0])),
        components,
        samples_x16: (samples * 16).div_ceil(across * down),
        buffered: matches!(marker, 0xC2 | 0xCA),
        scans: 1,
    })
}

/// Stands behind the first scan's marker. Counts scans only when the decoder must buffer.
fn count_scans<R: Read + Seek>(source: &mut Source<R>, jpeg: &mut Jpeg) -> Option<()> {
    let position = source.position();
    let [_, _, in_scan] = source.array()?;
    jpeg.buffered |= in_scan < jpeg.components;
    if !jpeg.buffered {
        return Some(());
    }
    source.seek(position)?;
    while let Some(marker) = next_marker(source) {
        match marker {
            0xD9 => break,
            0xDA => jpeg.scans += 1,
            0xD0..=0xD7 | 0x01 => continue,
            _ => {}
        }
        // Behind the end of a broken file there is nothing left to count.
        if jpeg.scans > SCANS_MAX || skip_segment(source).is_none() {
            break;
        }
    }
    Some(())
}

fn allow_scans(jpeg: Jpeg) -> Result<Jpeg, Error> {
    let pixels = (u64::from(jpeg.width) * u64::from(jpeg.height)).max(1);
    let most = (SCANNED_PIXELS_MAX / pixels).clamp(20, SCANS_MAX);
    if jpeg.scans > most {
        return Err(Over::Scans { found: jpeg.scans, most }.into());
    }
    Ok(jpeg)
}
