//! What the camera wrote: a few Exif fields, as text and numbers that make sense.

use std::{
    borrow::Cow,
    io::{Read, Seek},
};

use serde::{Deserialize, Serialize};

use crate::{
    Facts,
    container::tiff::{Directory, Exif},
    date,
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
const DIGITISED: u16 = 0x9004;
const TAKEN_OFFSET: u16 = 0x9011;
const DIGITISED_OFFSET: u16 = 0x9012;
const RECOMMENDED_INDEX: u16 = 0x8832;
const ISO_SPEED: u16 = 0x8833;
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
    let text = words(&raw[..end])?;
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= TEXT_CHARACTERS_MAX).then(|| text.to_owned())
}

/// What Windows has where Latin-1 has control characters; five places are empty.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// UTF-8, as everybody writes it today, or Latin-1 as older cameras and programs do, with what
/// Windows adds. Its last two letters are too rare to be meant: they begin texts of other
/// encodings.
fn words(raw: &[u8]) -> Option<Cow<'_, str>> {
    if let Ok(text) = std::str::from_utf8(raw) {
        return Some(text.into());
    }
    let letter = |byte: u8| match byte {
        0x80..=0x9F => WINDOWS[usize::from(byte - 0x80)],
        other => char::from(other),
    };
    let text: String = raw.iter().copied().map(letter).collect();
    let is_strange = |letter: char| letter.is_control() || matches!(letter, 'þ' | 'ÿ');
    (!text.contains(is_strange)).then_some(text.into())
}

/// When the picture was taken; when it was digitised, if that is all the file says.
fn taken_at<R: Read + Seek>(block: &mut Exif<'_, R>, camera: &Directory) -> Option<String> {
    [(TAKEN, TAKEN_OFFSET), (DIGITISED, DIGITISED_OFFSET)].into_iter().find_map(|(tag, offset)| {
        let (mut moment, own) = date::moment(&text(block, camera, tag)?)?;
        let offset = own.or_else(|| date::offset(&text(block, camera, offset)?));
        moment.push_str(offset.as_deref().unwrap_or_default());
        Some(moment)
    })
}

fn exposure<R: Read + Seek>(block: &mut Exif<'_, R>, camera: &Directory) -> Option<Exposure> {
    let exposure = Exposure {
        seconds: positive(block, camera, EXPOSURE_TIME),
        aperture: positive(block, camera, F_NUMBER),
        iso: iso(block, camera),
        focal_length: positive(block, camera, FOCAL_LENGTH),
    };
    (exposure != Exposure::default()).then_some(exposure)
}

/// The ISO speed. Two bytes hold no more than 65,535: then another entry tells.
fn iso<R: Read + Seek>(block: &mut Exif<'_, R>, camera: &Directory) -> Option<u32> {
    const TOO_MUCH: u32 = 65_535;
    let mut number = |tag| {
        let iso = block.number(camera.get(tag)?)?;
        (iso > 0).then_some(iso)
    };
    match number(ISO)? {
        TOO_MUCH => number(RECOMMENDED_INDEX).or_else(|| number(ISO_SPEED)).or(Some(TOO_MUCH)),
        iso => Some(iso),
    }
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
