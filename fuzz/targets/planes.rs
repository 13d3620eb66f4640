//! Any bytes to the decoder of thumbnails: what it takes, libjpeg-turbo takes, and sees the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minilab_fuzz::thumbnail_luma;
use turbojpeg::{Decompressor, ScalingFactor, Subsamp, YuvImage};

/// Small enough for many runs a second.
const SIDE_MAX: usize = 600;

fuzz_target!(|bytes: &[u8]| {
    let bytes = &plain_scans(bytes)[..];
    let Ok(header) = turbojpeg::read_header(bytes) else { return };
    if header.width.max(header.height) > SIDE_MAX {
        return;
    }
    let size = (header.width as u32, header.height as u32);
    for divisor in [8, 4, 2] {
        let Some(ours) = thumbnail_luma(bytes, size, divisor) else { return };
        let turbo = luma(bytes, divisor as usize);
        assert_eq!(ours.len(), turbo.len(), "of {size:?} at 1/{divisor}");
        if divisor == 8 {
            compare(&ours, &turbo);
        }
    }
});

/// Scans of three components with the parameters of the standard: of others libjpeg-turbo warns, and
/// draws them all the same, as we do; but the crate around it takes a warning for an error.
fn plain_scans(bytes: &[u8]) -> Vec<u8> {
    let mut plain = bytes.to_vec();
    for at in memchr::memmem::find_iter(bytes, b"\xFF\xDA\0\x0C\x03") {
        if let Some(parameters) = plain.get_mut(at + 11..at + 14) {
            parameters.copy_from_slice(&[0, 63, 0]);
        }
    }
    plain
}

/// An eighth is the first coefficient alone. Beyond black and white libjpeg-turbo may wrap.
fn compare(ours: &[u8], turbo: &[u8]) {
    for (at, (ours, turbo)) in ours.iter().zip(turbo).enumerate() {
        let is_same = ours.abs_diff(*turbo) <= 1 || matches!(ours, 0 | 255);
        assert!(is_same, "sample {at} is {ours}, not {turbo}");
    }
}

/// Luma by libjpeg-turbo, without what fills up its rows.
fn luma(bytes: &[u8], divisor: usize) -> Vec<u8> {
    let mut decoder = Decompressor::new().expect("a decompressor");
    let header = decoder.read_header(bytes).expect("it was read before");
    let scale = ScalingFactor::new(1, divisor);
    decoder.set_scaling_factor(scale).expect("a scale");
    let (width, height) = (scale.scale(header.width), scale.scale(header.height));
    let length = turbojpeg::yuv_pixels_len(width, 1, height, header.subsamp).expect("a size");
    let mut pixels = vec![0; length];
    let subsamp = header.subsamp;
    let image = YuvImage { pixels: &mut pixels[..], width, align: 1, height, subsamp };
    decoder.decompress_to_yuv(bytes, image).expect("what was taken is sound");
    let stride = match subsamp {
        Subsamp::Sub2x2 | Subsamp::Sub2x1 => width.next_multiple_of(2),
        _ => width,
    };
    pixels.chunks(stride).take(height).flat_map(|row| &row[..width]).copied().collect()
}
