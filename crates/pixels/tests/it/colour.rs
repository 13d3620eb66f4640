//! Colours: profiles, inks, depths and transparency all come out as sRGB.

use moxcms::ColorProfile;
use pixels::{Fit, OutputFormat, Recipe};

use crate::support::{Image, distance, file, header, look, mean_distance, rendered, write_png};

const SAMPLES: [[u8; 3]; 6] =
    [[200, 120, 90], [90, 160, 110], [60, 90, 180], [128, 128, 128], [250, 240, 230], [20, 30, 25]];

/// The primaries of a colour space (x and y of red, green, blue) under D65, and its gamma.
struct Space {
    primaries: [[f64; 2]; 3],
    decode: fn(f64) -> f64,
}

const DISPLAY_P3: Space =
    Space { primaries: [[0.680, 0.320], [0.265, 0.690], [0.150, 0.060]], decode: srgb_light };
const ADOBE_RGB: Space =
    Space { primaries: [[0.64, 0.33], [0.21, 0.71], [0.15, 0.06]], decode: adobe_light };
const SRGB: Space =
    Space { primaries: [[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]], decode: srgb_light };

fn srgb_light(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn adobe_light(value: f64) -> f64 {
    value.powf(563.0 / 256.0)
}

fn srgb_value(light: f64) -> f64 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

type Matrix = [[f64; 3]; 3];

fn times(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
}

fn inverse(m: &Matrix) -> Matrix {
    let minor = |r: usize, c: usize| {
        let (r1, r2) = ((r + 1) % 3, (r + 2) % 3);
        let (c1, c2) = ((c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|c| m[0][c] * minor(0, c)).sum();
    std::array::from_fn(|r| std::array::from_fn(|c| minor(c, r) / determinant))
}

/// From light of a space to XYZ, from the definition of its primaries.
fn to_xyz(space: &Space) -> Matrix {
    let white = [0.3127 / 0.3290, 1.0, (1.0 - 0.3127 - 0.3290) / 0.3290];
    let columns = space.primaries.map(|[x, y]| [x / y, 1.0, (1.0 - x - y) / y]);
    let plain: Matrix = std::array::from_fn(|r| std::array::from_fn(|c| columns[c][r]));
    let scale = times(&inverse(&plain), white);
    std::array::from_fn(|r| std::array::from_fn(|c| plain[r][c] * scale[c]))
}

fn expected(space: &Space, colour: [u8; 3]) -> [u8; 4] {
    let light = colour.map(|sample| (space.decode)(f64::from(sample) / 255.0));
    let srgb = times(&inverse(&to_xyz(&SRGB)), times(&to_xyz(space), light));
    let [red, green, blue] = srgb.map(|light| (srgb_value(light) * 255.0).round() as u8);
    [red, green, blue, 255]
}

/// A picture with a profile: its colours must be the expected ones.
fn check(profile: &[u8], space: &Space) {
    for colour in SAMPLES {
        let mut info = header((8, 8), png::BitDepth::Eight, png::ColorType::Rgb);
        info.icc_profile = Some(profile.into());
        let seen = look(&write_png(info, &colour.repeat(64)), &Recipe::default());
        let wanted = expected(space, colour);
        assert!(
            distance(seen.at(3, 3), wanted) <= 2,
            "{colour:?}: {:?}, {wanted:?}",
            seen.at(3, 3)
        );
    }
}

#[test]
fn display_p3_and_adobe_rgb_become_srgb() {
    check(&ColorProfile::new_display_p3().encode().unwrap(), &DISPLAY_P3);
    check(&ColorProfile::new_adobe_rgb().encode().unwrap(), &ADOBE_RGB);
}

#[test]
fn srgb_and_nonsense_profiles_change_nothing() {
    check(&ColorProfile::new_srgb().encode().unwrap(), &SRGB);
    check(b"this is no profile, although it is long enough to hold something", &SRGB);
}

#[test]
fn a_grey_profile_is_applied_to_grey() {
    let profile = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let mut info = header((8, 8), png::BitDepth::Eight, png::ColorType::Grayscale);
    info.icc_profile = Some(profile.into());
    let seen = look(&write_png(info, &[64; 64]), &Recipe::default());
    let value = (srgb_value(64.0 / 255.0) * 255.0).round() as u8;
    assert!(distance(seen.at(3, 3), [value, value, value, 255]) <= 2, "{:?}", seen.at(3, 3));
}

#[test]
fn inks_look_like_the_same_picture_in_rgb() {
    let inks = look(&file("formats/synth_cmyk.jpg"), &Recipe::default());
    let light = look(&file("formats/synth_rgb.jpg"), &Recipe::default());
    assert!(mean_distance(&inks, &light) < 8.0, "{}", mean_distance(&inks, &light));
}

#[test]
fn sixteen_bits_are_rounded_to_the_nearest_eight() {
    let wide: Vec<u16> = (0..256_u32).map(|step| (step * 257 + step % 129) as u16).collect();
    let info = header((256, 1), png::BitDepth::Sixteen, png::ColorType::Grayscale);
    let samples: Vec<u8> = wide.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    let seen = look(&write_png(info, &samples), &Recipe::default());
    for (x, sample) in wide.iter().enumerate() {
        let nearest = (f64::from(*sample) / 257.0).round() as u8;
        assert_eq!(seen.at(x as u32, 0), [nearest, nearest, nearest, 255], "{sample}");
    }
}

#[test]
fn transparency_is_laid_on_the_background_for_jpeg() {
    let source = Image::new(64, 64, |x, _| [255, 0, 0, if x < 32 { 0 } else { 128 }]).png();
    let recipe = Recipe {
        format: OutputFormat::Jpeg,
        quality: 95,
        background: [0, 0, 255],
        ..Recipe::default()
    };
    let seen = look(&rendered(&source, &recipe).bytes, &Recipe::default());
    assert!(distance(seen.at(8, 32), [0, 0, 255, 255]) < 12, "{:?}", seen.at(8, 32));
    assert!(distance(seen.at(56, 32), [128, 0, 127, 255]) < 12, "{:?}", seen.at(56, 32));
    let white = Recipe { format: OutputFormat::Jpeg, quality: 95, ..Recipe::default() };
    let seen = look(&rendered(&source, &white).bytes, &Recipe::default());
    assert!(distance(seen.at(8, 32), [255; 4]) < 12, "{:?}", seen.at(8, 32));
}

#[test]
fn hidden_colours_never_bleed_into_what_is_seen() {
    // Bright green under full transparency, beside opaque black.
    let source =
        Image::new(200, 200, |x, _| if x < 100 { [0, 255, 0, 0] } else { [0, 0, 0, 255] }).png();
    let seen = look(&source, &Recipe { fit: Fit::Inside, width: Some(31), ..Recipe::default() });
    assert!(seen.pixels.iter().all(|pixel| pixel[3] == 0 || pixel[1] < 8));
}

#[test]
fn png_gamma_is_honoured() {
    let mut info = header((8, 8), png::BitDepth::Eight, png::ColorType::Rgb);
    info.source_gamma = Some(png::ScaledFloat::new(1.0));
    let seen = look(&write_png(info, &[64; 192]), &Recipe::default());
    let value = (srgb_value(64.0 / 255.0) * 255.0).round() as u8;
    assert!(distance(seen.at(3, 3), [value, value, value, 255]) <= 2, "{:?}", seen.at(3, 3));
}
