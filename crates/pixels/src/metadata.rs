//! What the camera wrote: a few Exif fields, as text and numbers that make sense.

use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};

use crate::{
    Facts,
    exif::{Directory, Exif},
    source::Source,
};

/// The camera's notes. Every field is absent when the file does not say or says nonsense.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Camera maker.
    pub make: Option<String>,
    /// Camera model.
    pub model: Option<String>,
    /// Lens model.
    pub lens: Option<String>,
    /// When the picture was taken, `2008-05-30T15:56:01`, local time; with an offset such as
    /// `+02:00` only when the file has one.
    pub taken_at: Option<String>,
    /// How the picture was exposed.
    pub exposure: Option<Exposure>,
    /// Where the picture was taken.
    pub gps: Option<Gps>,
}

/// How a picture was exposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// Seconds.
    pub seconds: Option<f64>,
    /// F-number.
    pub aperture: Option<f64>,
    /// ISO speed.
    pub iso: Option<u32>,
    /// Millimetres.
    pub focal_length: Option<f64>,
}

/// A position on earth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gps {
    /// Degrees, north positive, -90 to 90.
    pub lat: f64,
    /// Degrees, east positive, -180 to 180.
    pub lon: f64,
}

const MAKE: u16 = 0x010F;
const MODEL: u16 = 0x0110;
const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const EXPOSURE_TIME: u16 = 0x829A;
const F_NUMBER: u16 = 0x829D;
const ISO: u16 = 0x8827;
const TAKEN: u16 = 0x9003;
const TAKEN_OFFSET: u16 = 0x9011;
const FOCAL_LENGTH: u16 = 0x920A;
const LENS_MODEL: u16 = 0xA434;

/// Longer texts are no names.
const TEXT_CHARACTERS_MAX: usize = 1_000;

/// Reads the camera's notes. Never fails: what cannot be read is absent.
pub fn metadata<R: Read + Seek>(reader: R, facts: &Facts) -> Metadata {
    read(reader, facts).unwrap_or_default()
}

fn read<R: Read + Seek>(reader: R, facts: &Facts) -> Option<Metadata> {
    let mut source = Source::new(reader).ok()?;
    let mut block = Exif::find(&mut source, facts.format)?;
    let first = block.first_directory()?;
    let camera = block.sub_directory(&first, EXIF).unwrap_or_default();
    let place = block.sub_directory(&first, GPS).unwrap_or_default();
    Some(Metadata {
        make: text(&mut block, &first, MAKE),
        model: text(&mut block, &first, MODEL),
        lens: text(&mut block, &camera, LENS_MODEL),
        taken_at: taken_at(&mut block, &camera),
        exposure: exposure(&mut block, &camera),
        gps: gps(&mut block, &place),
    })
}

/// A text without padding; `None` when nothing readable is left.
fn text<R: Read + Seek>(
    block: &mut Exif<'_, R>,
    directory: &Directory,
    tag: u16,
) -> Option<String> {
    let raw = block.raw(directory.get(tag)?)?;
    let end = raw.iter().position(|byte| *byte == 0).unwrap_or(raw.len());
    let text = std::str::from_utf8(&raw[..end]).ok()?.trim();
    (!text.is_empty() && text.chars().count() <= TEXT_CHARACTERS_MAX).then(|| text.to_owned())
}

fn taken_at<R: Read + Seek>(block: &mut Exif<'_, R>, camera: &Directory) -> Option<String> {
    let mut taken = date_time(&text(block, camera, TAKEN)?)?;
    let offset = text(block, camera, TAKEN_OFFSET).filter(|offset| is_offset(offset));
    taken.push_str(offset.as_deref().unwrap_or_default());
    Some(taken)
}

/// `2008:05:30 15:56:01` as `2008-05-30T15:56:01`, if there is such a moment.
fn date_time(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let separators = [(4, b':'), (7, b':'), (10, b' '), (13, b':'), (16, b':')];
    if bytes.len() != 19 || separators.iter().any(|(at, separator)| bytes[*at] != *separator) {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let exists = year > 0
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    exists.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
}

/// Days of a month; 0 when there is no such month.
fn days_in(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// `+02:00` and the like.
fn is_offset(text: &str) -> bool {
    let [sign, h1, h0, b':', m1, m0] = *text.as_bytes() else { return false };
    let number = |tens: u8, ones: u8| (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    let ((h1, h0), (m1, m0)) = (number(h1, h0), number(m1, m0));
    matches!(sign, b'+' | b'-')
        && [h1, h0, m1, m0].iter().all(|digit| *digit <= 9)
        && h1 * 10 + h0 <= 14
        && m1 * 10 + m0 < 60
}

fn exposure<R: Read + Seek>(block: &mut Exif<'_, R>, camera: &Directory) -> Option<Exposure> {
    let exposure = Exposure {
        seconds: positive(block, camera, EXPOSURE_TIME),
        aperture: positive(block, camera, F_NUMBER),
        iso: camera.get(ISO).and_then(|entry| block.number(entry)).filter(|iso| *iso > 0),
        focal_length: positive(block, camera, FOCAL_LENGTH),
    };
    (exposure != Exposure::default()).then_some(exposure)
}

fn positive<R: Read + Seek>(
    block: &mut Exif<'_, R>,
    directory: &Directory,
    tag: u16,
) -> Option<f64> {
    let fractions = block.fractions(directory.get(tag)?, 1)?;
    quotient(*fractions.first()?).filter(|value| *value > 0.0)
}

fn quotient((numerator, denominator): (i64, i64)) -> Option<f64> {
    (denominator != 0).then(|| numerator as f64 / denominator as f64)
}

/// A position counts only when it is whole: both numbers, both hemispheres, on this earth.
fn gps<R: Read + Seek>(block: &mut Exif<'_, R>, place: &Directory) -> Option<Gps> {
    let lat = degrees(block, place, 1, (b'N', b'S'))?;
    let lon = degrees(block, place, 3, (b'E', b'W'))?;
    (lat.abs() <= 90.0 && lon.abs() <= 180.0).then_some(Gps { lat, lon })
}

/// Reads a hemisphere and the degrees, minutes and seconds in the tag behind it.
fn degrees<R: Read + Seek>(
    block: &mut Exif<'_, R>,
    place: &Directory,
    tag: u16,
    (positive, negative): (u8, u8),
) -> Option<f64> {
    let hemisphere = block.raw(place.get(tag)?)?.first()?.to_ascii_uppercase();
    let fractions = block.fractions(place.get(tag + 1)?, 3)?;
    let mut value = 0.0;
    for (part, unit) in fractions.into_iter().zip([1.0, 60.0, 3_600.0]) {
        value += quotient(part)? / unit;
    }
    match hemisphere {
        letter if letter == positive => Some(value),
        // Not `-value`: nothing to the south is 0, not -0.
        letter if letter == negative => Some(0.0 - value),
        _ => None,
    }
}
