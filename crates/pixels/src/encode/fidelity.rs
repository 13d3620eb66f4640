//! How true to its source a variant must be that is not scaled down.

use std::io::Cursor;

use crate::{
    Facts, Format, container::webp, ffi::jpeg, geometry::Plan, memory::LOSSLESS_PIXELS_MAX,
    source::Source,
};

/// What of the colours must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fidelity {
    /// The eye does not miss half of the chroma.
    Usual,
    /// Every pixel has a colour of its own.
    FullChroma,
    /// Every pixel stays what it is, where the format can.
    Lossless,
}

impl Fidelity {
    /// What variants of a picture may keep if they are not scaled down; the usual if all are.
    pub(crate) fn of(bytes: &[u8], facts: &Facts, plans: &[Plan]) -> Self {
        if plans.iter().all(Plan::is_scaled_down) {
            return Self::Usual;
        }
        match facts.format {
            Format::Jpeg if has_full_chroma(bytes) => Self::FullChroma,
            Format::Jpeg | Format::Avif | Format::Heic => Self::Usual,
            Format::WebP if !is_lossless(bytes) => Self::Usual,
            // Icons and pixel art, no photos.
            _ if facts.pixels() <= LOSSLESS_PIXELS_MAX => Self::Lossless,
            _ => Self::FullChroma,
        }
    }
}

fn has_full_chroma(bytes: &[u8]) -> bool {
    jpeg::Decoder::new(bytes, 1).is_ok_and(|(decoder, _)| decoder.has_full_chroma())
}

fn is_lossless(bytes: &[u8]) -> bool {
    Source::new(Cursor::new(bytes)).is_ok_and(|mut source| webp::is_lossless(&mut source))
}
