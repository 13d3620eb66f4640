//! Held against libjpeg-turbo, on pictures made here, those of the repository and broken ones.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage};

use super::planes::planes;
use crate::{Limits, decode};

/// A picture with edges, slopes and some noise.
fn jpeg(size: (usize, usize), sampling: Subsamp, quality: i32) -> Vec<u8> {
    let (width, height) = size;
    let mut noise = 7_u32;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let edge = if (x / 24 + y / 40) % 2 == 0 { 120 } else { 40 };
            let grain = (noise >> 28) as usize;
            pixels.extend(
                [edge + grain + x % 80, edge + y % 90, 60 + grain + (x + y) % 120].map(|v| v as u8),
            );
        }
    }
    let mut compressor = Compressor::new().expect("a compressor");
    compressor.set_quality(quality).expect("a quality");
    compressor.set_subsamp(sampling).expect("a sampling");
    let format = PixelFormat::RGB;
    let image = Image { pixels: &pixels[..], width, pitch: width * 3, height, format };
    compressor.compress_to_vec(image).expect("a JPEG")
}

fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = turbojpeg::read_header(bytes).ok()?;
    Some((header.width as u32, header.height as u32))
}

/// Luma at that scale by libjpeg-turbo, without what fills up its rows.
fn luma_of_turbo(bytes: &[u8], divisor: u32) -> Vec<u8> {
    let mut decoder = Decompressor::new().expect("a decompressor");
    let header = decoder.read_header(bytes).expect("a header");
    let scale = ScalingFactor::new(1, divisor as usize);
    decoder.set_scaling_factor(scale).expect("a scale");
    let (width, height) = (scale.scale(header.width), scale.scale(header.height));
    let length = turbojpeg::yuv_pixels_len(width, 1, height, header.subsamp).expect("a size");
    let mut pixels = vec![0; length];
    let image =
        YuvImage { pixels: &mut pixels[..], width, align: 1, height, subsamp: header.subsamp };
    decoder.decompress_to_yuv(bytes, image).expect("a sound picture");
    let stride = match header.subsamp {
        Subsamp::Sub2x2 | Subsamp::Sub2x1 => width.next_multiple_of(2),
        _ => width,
    };
    pixels.chunks(stride).take(height).flat_map(|row| &row[..width]).copied().collect()
}

/// Mean and largest difference from libjpeg-turbo's luma.
fn difference(bytes: &[u8], divisor: u32) -> Option<(f64, u8)> {
    let ours = planes(bytes, size(bytes)?, divisor)?;
    let (ours, turbo) = (&ours.rasters[0].data, luma_of_turbo(bytes, divisor));
    assert_eq!(ours.len(), turbo.len());
    let differences = ours.iter().zip(&turbo).map(|(ours, turbo)| ours.abs_diff(*turbo));
    let sum: u64 = differences.clone().map(u64::from).sum();
    Some((sum as f64 / ours.len() as f64, differences.max().unwrap_or_default()))
}

/// An eighth is the mean of each block for everybody, but halves are rounded in another way. At
/// larger scales libjpeg-turbo comes closer to the mean of the samples, which is less sharp.
fn check(what: &str, bytes: &[u8]) -> bool {
    if !check_eighth(what, bytes) {
        return false;
    }
    for divisor in [4, 2] {
        let (mean, _) = difference(bytes, divisor).expect("taken at every scale or at none");
        assert!(mean < 8.0, "{what} at 1/{divisor}: {mean}");
    }
    true
}

fn check_eighth(what: &str, bytes: &[u8]) -> bool {
    let Some((_, most)) = difference(bytes, 8) else { return false };
    assert!(most <= 1, "{what} at an eighth: {most}");
    true
}

#[test]
fn luma_is_that_of_libjpeg_turbo() {
    let samplings = [Subsamp::None, Subsamp::Sub2x1, Subsamp::Sub1x2, Subsamp::Sub2x2];
    for sampling in samplings {
        for size in [(1, 1), (8, 8), (17, 33), (64, 16), (251, 130)] {
            for quality in [25, 80, 97] {
                let what = format!("{size:?} {sampling:?} {quality}");
                assert!(check(&what, &jpeg(size, sampling, quality)), "{what} is plain");
            }
        }
    }
}

#[test]
fn every_plane_has_the_size_of_its_sampling() {
    let bytes = jpeg((35, 19), Subsamp::Sub2x1, 80);
    let found = planes(&bytes, (35, 19), 2).expect("it is plain");
    let sizes = found.rasters.each_ref().map(|raster| (raster.width, raster.height));
    assert_eq!(sizes, [(18, 10), (9, 10), (9, 10)]);
    assert_eq!(found.scales, [(0.5, 0.5), (0.25, 0.5), (0.25, 0.5)]);
    let lengths = found.rasters.each_ref().map(|raster| raster.data.len());
    assert_eq!(lengths, [180, 90, 90]);
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            // The bombs among those take the plain decoder minutes; see the fuzz target.
            if !path.ends_with("hostile") {
                files_below(&path, found);
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "jpg" || extension == "jpeg")
        {
            found.push(path);
        }
    }
}

#[test]
fn real_pictures_are_those_of_libjpeg_turbo() {
    let mut files = Vec::new();
    files_below(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata")), &mut files);
    if let Some(corpus) = std::env::var_os("MINILAB_CORPUS") {
        files_below(Path::new(&corpus), &mut files);
    }
    let checked = files.iter().filter(|path| {
        let bytes = std::fs::read(path).expect("a readable file");
        // Stripes of one pixel, as `kinds` has them, are finer than half a picture can show:
        // there the two differ by what they are.
        let is_made = path.parent().is_some_and(|folder| folder.ends_with("kinds"));
        let check = if is_made { check_eighth } else { check };
        // Libjpeg-turbo looks at its samples first; what it refuses is checked below.
        turbojpeg::decompress(&bytes, PixelFormat::RGB).is_ok()
            && check(&path.display().to_string(), &bytes)
    });
    let checked = checked.count();
    assert!(checked >= 10, "{checked} of {} files are plain", files.len());
}

/// Whether libjpeg-turbo takes the file, with no more than harmless complaints.
fn is_sound(bytes: &[u8]) -> bool {
    let facts = crate::probe(Cursor::new(bytes), &Limits::default());
    facts.and_then(|facts| decode::still(bytes, &facts, 0.1)).is_ok()
}

#[test]
fn a_picture_that_was_cut_is_declined() {
    let bytes = jpeg((60, 40), Subsamp::Sub2x2, 80);
    for length in 0..bytes.len() {
        assert!(planes(&bytes[..length], (60, 40), 2).is_none(), "cut at byte {length}");
    }
}

#[test]
fn what_is_taken_is_sound_for_libjpeg_turbo_too() {
    let bytes = jpeg((60, 40), Subsamp::Sub2x2, 60);
    let (mut taken, mut declined) = (0, 0);
    for at in 2..bytes.len() {
        for change in [0x01, 0x10, 0x80, 0xFF] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            if planes(&changed, (60, 40), 2).is_some() {
                assert!(is_sound(&changed), "byte {at} changed by {change:02X}");
                taken += 1;
            } else {
                declined += 1;
            }
        }
    }
    assert!(taken > 100 && declined > 100, "{taken} taken, {declined} declined");
}
