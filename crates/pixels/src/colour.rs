//! From the colours of a file to 8-bit sRGB.

use std::sync::Arc;

use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace,
    Layout as IccLayout, MatrixCoefficients, ToneReprCurve, TransferCharacteristics,
    TransformExecutor, TransformOptions, XyY,
};

use crate::hdr::ToneMap;
use crate::picture::{Layout, Picture, Raster};

/// Larger profiles are ignored: real ones have at most a few megabytes.
pub(crate) const PROFILE_BYTES_MAX: usize = 8 << 20;
/// Pixels converted at a time.
const CHUNK_PIXELS: usize = 4_096;

/// What a file says about its colours.
#[derive(Clone, Debug, Default)]
pub(crate) enum Profile {
    /// sRGB, or nothing: the same by convention.
    #[default]
    Srgb,
    /// An embedded ICC profile, as it was found.
    Icc(Vec<u8>),
    /// PNG's gamma (encoding exponent, such as 0.45455), and maybe chromaticities: x and y of
    /// white, red, green, blue.
    Gamma { exponent: f32, chromaticities: Option<[f32; 8]> },
    /// Code points for primaries and transfer, as in ITU-T H.273.
    CodePoints(CicpProfile),
}

impl Profile {
    /// Takes code points of ITU-T H.273. Video curves are shown as sRGB, as browsers do.
    pub(crate) fn from_code_points(primaries: u16, transfer: u16) -> Self {
        const SRGB_CURVE: [u16; 7] = [1, 2, 6, 13, 14, 15, 0];
        let is_srgb_curve = SRGB_CURVE.contains(&transfer);
        let is_srgb_gamut = matches!(primaries, 0..=2);
        if is_srgb_curve && is_srgb_gamut {
            return Self::Srgb;
        }
        let transfer = if is_srgb_curve { 13 } else { transfer };
        let primaries = if is_srgb_gamut { 1 } else { primaries };
        let byte = |number: u16| u8::try_from(number).unwrap_or(2);
        match (
            CicpColorPrimaries::try_from(byte(primaries)),
            TransferCharacteristics::try_from(byte(transfer)),
        ) {
            (Ok(color_primaries), Ok(transfer_characteristics)) => Self::CodePoints(CicpProfile {
                color_primaries,
                transfer_characteristics,
                matrix_coefficients: MatrixCoefficients::Identity,
                full_range: true,
            }),
            _ => Self::Srgb,
        }
    }
}

/// Converts pixels of one layout and one profile.
pub(crate) struct Converter {
    layout: Layout,
    transform: Option<Arc<dyn TransformExecutor<u8> + Send + Sync>>,
    /// What the transform takes; grey pixels with colour profiles are widened first.
    takes: Layout,
}

/// Converts a decoded picture. Profiles that make no sense are ignored.
pub(crate) fn to_srgb(raster: Raster, profile: &Profile) -> Picture {
    let converter = Converter::new(raster.layout, profile);
    let (width, height, has_alpha) = (raster.width, raster.height, raster.layout.has_alpha());
    Picture { width, height, has_alpha, data: converter.convert(raster.data) }
}

impl Converter {
    pub(crate) fn new(layout: Layout, profile: &Profile) -> Self {
        let none = Self { layout, transform: None, takes: layout };
        if let Profile::CodePoints(points) = profile {
            let takes = if layout.has_alpha() { Layout::Rgba } else { Layout::Rgb };
            if let Some(map) = ToneMap::new(points, takes).filter(|_| layout != Layout::Cmyk) {
                return Self { layout, transform: Some(Arc::new(map)), takes };
            }
        }
        let Some(source) = colour_profile(profile) else { return none };
        let Some(takes) = taken_layout(layout, source.color_space) else { return none };
        let gives = if takes.has_alpha() { IccLayout::Rgba } else { IccLayout::Rgb };
        let transform = source.create_transform_8bit(
            icc_layout(takes),
            &ColorProfile::new_srgb(),
            gives,
            TransformOptions::default(),
        );
        match transform {
            Ok(transform) if !is_identity(transform.as_ref(), takes) => {
                Self { layout, transform: Some(transform), takes }
            }
            _ => none,
        }
    }

    /// Whether the colours stay as they are.
    pub(crate) fn is_identity(&self) -> bool {
        self.transform.is_none()
    }

    /// Converts straight pixels to RGB, or to RGBA if they have alpha.
    pub(crate) fn convert(&self, data: Vec<u8>) -> Vec<u8> {
        let Some(transform) = &self.transform else { return plain(data, self.layout) };
        let data = if self.takes == self.layout { data } else { plain(data, self.layout) };
        let channels = self.takes.channels();
        let gives = if self.takes.has_alpha() { 4 } else { 3 };
        let mut converted =
            if channels == gives { Vec::new() } else { vec![0; data.len() / channels * gives] };
        if channels == gives {
            let mut data = data;
            let mut before = vec![0; CHUNK_PIXELS * channels];
            for chunk in data.chunks_mut(CHUNK_PIXELS * channels) {
                let before = &mut before[..chunk.len()];
                before.copy_from_slice(chunk);
                // Sizes always match, and a failure would only leave the colours as they are.
                let _ = transform.transform(before, chunk);
            }
            return data;
        }
        let chunks = data.chunks(CHUNK_PIXELS * channels);
        for (from, to) in chunks.zip(converted.chunks_mut(CHUNK_PIXELS * gives)) {
            let _ = transform.transform(from, to);
        }
        converted
    }
}

/// The layout to hand to a transform from this colour space; `None` when they do not fit.
fn taken_layout(layout: Layout, space: DataColorSpace) -> Option<Layout> {
    match (layout, space) {
        (Layout::Gray | Layout::GrayAlpha, DataColorSpace::Gray)
        | (Layout::Rgb | Layout::Rgba, DataColorSpace::Rgb)
        | (Layout::Cmyk, DataColorSpace::Cmyk) => Some(layout),
        (Layout::Gray, DataColorSpace::Rgb) => Some(Layout::Rgb),
        (Layout::GrayAlpha, DataColorSpace::Rgb) => Some(Layout::Rgba),
        _ => None,
    }
}

fn icc_layout(layout: Layout) -> IccLayout {
    match layout {
        Layout::Gray => IccLayout::Gray,
        Layout::GrayAlpha => IccLayout::GrayAlpha,
        Layout::Rgb => IccLayout::Rgb,
        Layout::Rgba | Layout::Cmyk => IccLayout::Rgba,
    }
}

fn colour_profile(profile: &Profile) -> Option<ColorProfile> {
    match profile {
        Profile::Srgb => None,
        Profile::Icc(bytes) if bytes.len() > PROFILE_BYTES_MAX => None,
        Profile::Icc(bytes) => ColorProfile::new_from_slice(bytes).ok(),
        Profile::Gamma { exponent, chromaticities } => gamma_profile(*exponent, *chromaticities),
        Profile::CodePoints(points) => Some(ColorProfile::new_from_cicp(*points)),
    }
}

fn gamma_profile(exponent: f32, chromaticities: Option<[f32; 8]>) -> Option<ColorProfile> {
    if !(0.05..=5.0).contains(&exponent) {
        return None;
    }
    let mut profile = ColorProfile::new_srgb();
    profile.cicp = None;
    // The usual gamma stands for sRGB, whose curve it approximates.
    if (exponent - 1.0 / 2.2).abs() > 0.015 {
        let curve = ToneReprCurve::Parametric(vec![1.0 / exponent]);
        profile.red_trc = Some(curve.clone());
        profile.green_trc = Some(curve.clone());
        profile.blue_trc = Some(curve);
    }
    if let Some([white_x, white_y, red_x, red_y, green_x, green_y, blue_x, blue_y]) = chromaticities
    {
        if [white_y, red_y, green_y, blue_y].iter().any(|y| *y <= 0.001) {
            return None;
        }
        profile.update_rgb_colorimetry(
            XyY::new(f64::from(white_x), f64::from(white_y), 1.0),
            ColorPrimaries {
                red: Chromaticity { x: red_x, y: red_y },
                green: Chromaticity { x: green_x, y: green_y },
                blue: Chromaticity { x: blue_x, y: blue_y },
            },
        );
    }
    Some(profile)
}

/// Most profiles are some edition of sRGB: a cube of samples tells.
fn is_identity(transform: &(dyn TransformExecutor<u8> + Send + Sync), layout: Layout) -> bool {
    if !matches!(layout, Layout::Rgb | Layout::Rgba) {
        return false;
    }
    let steps = [0_u8, 32, 64, 96, 128, 160, 192, 224, 255];
    let mut samples = Vec::new();
    for red in steps {
        for green in steps {
            for blue in steps {
                samples.extend_from_slice(&[red, green, blue, 255][..layout.channels()]);
            }
        }
    }
    let mut converted = vec![0; samples.len()];
    transform.transform(&samples, &mut converted).is_ok()
        && samples.iter().zip(&converted).all(|(before, after)| before.abs_diff(*after) <= 1)
}

/// Pixels as RGB or RGBA, colours untouched.
fn plain(data: Vec<u8>, layout: Layout) -> Vec<u8> {
    match layout {
        Layout::Rgb | Layout::Rgba => data,
        Layout::Gray => data.iter().flat_map(|grey| [*grey; 3]).collect(),
        Layout::GrayAlpha => data
            .chunks_exact(2)
            .flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]])
            .collect(),
        Layout::Cmyk => data
            .chunks_exact(4)
            .flat_map(|pixel| {
                let paper = |ink: u8| {
                    let light = u32::from(255 - ink) * u32::from(255 - pixel[3]);
                    ((light + 127) / 255) as u8
                };
                [paper(pixel[0]), paper(pixel[1]), paper(pixel[2])]
            })
            .collect(),
    }
}
