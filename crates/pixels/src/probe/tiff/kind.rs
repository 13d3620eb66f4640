//! Kinds of TIFF that the decoder cannot read, as far as the directory tells.

use std::io::{Read, Seek};

use super::{BITS, COMPRESSION, EXTRA_SAMPLES, JPEG, PHOTOMETRIC, SAMPLES, YCBCR, number};
use crate::container::tiff::{Directory, Exif};

const PREDICTOR: u16 = 317;
const SAMPLE_FORMAT: u16 = 339;
const SUBSAMPLING: u16 = 530;

const FAX: u32 = 4;
const WHITE_IS_ZERO: u32 = 0;
const PALETTE: u32 = 3;
const FLOAT: u32 = 3;
/// Bytes of a list of one number a sample; real ones have a dozen.
const LIST_BYTES_MAX: u64 = 1_024;

/// What pixels are made of.
struct Kind {
    compression: u32,
    colours: u32,
    samples: u32,
    /// Samples beside those of the colours.
    extra: u32,
    bits: u32,
    /// 1 whole numbers, 3 floating point.
    format: u32,
    predictor: u32,
}

/// Why the picture cannot be decoded here.
pub(super) fn unsupported<R: Read + Seek>(
    exif: &mut Exif<'_, R>,
    directory: &Directory,
) -> Option<String> {
    let compression = number(exif, directory, COMPRESSION).unwrap_or(1);
    match compression {
        // None, CCITT group 4, LZW, JPEG, deflate by both its numbers, and PackBits.
        1 | FAX | 5 | JPEG | 8 | 32_773 | 32_946 => {}
        2 | 3 => return Some(format!("with fax compression of group 3 ({compression})")),
        6 => return Some("with JPEG compression of the old style".to_owned()),
        other => return Some(format!("with compression {other}")),
    }
    let Some(colours) = number(exif, directory, PHOTOMETRIC) else {
        return Some("without a colour space".to_owned());
    };
    if !matches!(colours, 0..=3 | 5 | YCBCR) {
        return Some(format!("with the colour space {colours}"));
    }
    if colours == YCBCR && compression != JPEG && list(exif, directory, SUBSAMPLING) != [1, 1] {
        return Some("with subsampled YCbCr".to_owned());
    }
    let (bits, formats) = (list(exif, directory, BITS), list(exif, directory, SAMPLE_FORMAT));
    let differ = |list: &[u64]| list.iter().any(|number| *number != list[0]);
    if differ(&bits) || differ(&formats) {
        return Some("with samples that differ in kind".to_owned());
    }
    let first = |list: &[u64]| list.first().map_or(1, |first| u32::try_from(*first).unwrap_or(0));
    let kind = Kind {
        compression,
        colours,
        samples: number(exif, directory, SAMPLES).unwrap_or(1),
        extra: list(exif, directory, EXTRA_SAMPLES).len() as u32,
        bits: first(&bits),
        format: first(&formats),
        predictor: number(exif, directory, PREDICTOR).unwrap_or(1),
    };
    kind.samples_fault().or_else(|| kind.colours_fault()).or_else(|| kind.coding_fault())
}

/// The numbers of an entry that has one for each sample.
fn list<R: Read + Seek>(exif: &mut Exif<'_, R>, directory: &Directory, tag: u16) -> Vec<u64> {
    let entry = directory
        .get(tag)
        .filter(|entry| entry.value.end.saturating_sub(entry.value.start) <= LIST_BYTES_MAX);
    entry.map(|entry| exif.numbers(entry)).unwrap_or_default()
}

impl Kind {
    fn samples_fault(&self) -> Option<String> {
        let Self { bits, .. } = self;
        if !matches!(bits, 1 | 2 | 4 | 8 | 16 | 32 | 64) {
            return Some(format!("with {bits} bits a sample"));
        }
        match self.format {
            1 => None,
            FLOAT if *bits >= 16 => None,
            FLOAT => Some(format!("with floating-point samples of {bits} bits")),
            2 => Some("with signed samples".to_owned()),
            5 | 6 => Some("with complex samples".to_owned()),
            _ => Some("with samples of an undefined kind".to_owned()),
        }
    }

    /// Which colours may have how many samples, and of which size.
    fn colours_fault(&self) -> Option<String> {
        let Self { samples, bits, .. } = self;
        let coloured = samples.saturating_sub(self.extra);
        let (name, is_read) = match self.colours {
            2 => ("RGB colours", matches!(coloured, 3 | 4)),
            5 => ("CMYK colours", matches!(coloured, 4 | 5)),
            YCBCR => ("YCbCr colours", coloured == 3),
            PALETTE => ("a palette", *samples == 1),
            // Grey that counts from white has no alpha for the decoder.
            WHITE_IS_ZERO => ("grey from white to black", *samples == 1),
            _ => ("grey", matches!(samples, 1 | 2)),
        };
        if !is_read {
            let of = if *samples == 1 { "sample" } else { "samples" };
            return Some(format!("with {name} of {samples} {of} a pixel"));
        }
        let is_grey = matches!(self.colours, 0 | 1 | PALETTE);
        if !is_grey && *bits < 8 {
            let of = if *bits == 1 { "bit" } else { "bits" };
            return Some(format!("with {name} of {bits} {of} a sample"));
        }
        if self.colours == WHITE_IS_ZERO && self.format == FLOAT && *bits == 16 {
            return Some(format!("with {name} in floating-point samples of 16 bits"));
        }
        None
    }

    /// What compressions and predictors can be applied to.
    fn coding_fault(&self) -> Option<String> {
        let Self { bits, .. } = self;
        match self.compression {
            FAX if self.samples != 1 || *bits != 1 => {
                return Some("with fax compression of more than black and white".to_owned());
            }
            JPEG if *bits != 8 => {
                return Some(format!("with JPEG compression of {bits} bits a sample"));
            }
            _ => {}
        }
        match self.predictor {
            2 if *bits < 8 => Some("with a predictor for samples smaller than a byte".to_owned()),
            3 if self.format != FLOAT => {
                Some("with a floating-point predictor for whole numbers".to_owned())
            }
            1..=3 => None,
            other => Some(format!("with predictor {other}")),
        }
    }
}
