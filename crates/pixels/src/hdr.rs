//! High dynamic range (PQ and HLG) to sRGB: what a white page reflects becomes white, and light
//! above it is compressed instead of cut off.

use moxcms::{CicpProfile, CmsError, ColorProfile, TransferCharacteristics, TransformExecutor};

use crate::picture::Layout;

/// Candela per square metre of white paper in such pictures (ITU-R BT.2408).
const PAPER_WHITE: f32 = 203.0;
/// Below this part of paper white nothing changes.
const KNEE: f32 = 0.6;
/// Steps of the table from light to sRGB.
const STEPS: usize = 4_096;

/// Converts 8-bit pixels with a high dynamic range.
pub(crate) struct ToneMap {
    channels: usize,
    /// Light of each code value; 1 is paper white.
    light: [f32; 256],
    /// From the primaries of the picture to those of sRGB.
    matrix: [[f32; 3]; 3],
    /// sRGB of light from 0 to 1.
    encoded: Vec<u8>,
}

impl ToneMap {
    /// A map for RGB or RGBA pixels; `None` when the code points are of another kind.
    pub(crate) fn new(points: &CicpProfile, layout: Layout) -> Option<Self> {
        let nits: fn(f32) -> f32 = match points.transfer_characteristics {
            TransferCharacteristics::Smpte2084 => pq,
            TransferCharacteristics::Hlg => hlg,
            _ => return None,
        };
        let mut source = ColorProfile::new_srgb();
        let mut plain = *points;
        plain.transfer_characteristics = TransferCharacteristics::Srgb;
        source.update_rgb_colorimetry_from_cicp(plain);
        let matrix = source.transform_matrix(&ColorProfile::new_srgb());
        let encoded = |step: usize| (srgb(step as f32 / (STEPS - 1) as f32) * 255.0).round() as u8;
        Some(Self {
            channels: layout.channels(),
            light: std::array::from_fn(|code| nits(code as f32 / 255.0) / PAPER_WHITE),
            matrix: matrix.v.map(|row| row.map(|value| value as f32)),
            encoded: (0..STEPS).map(encoded).collect(),
        })
    }

    fn pixel(&self, codes: [u8; 3]) -> [u8; 3] {
        let light = codes.map(|code| self.light[usize::from(code)]);
        let light = self
            .matrix
            .map(|row| (row[0] * light[0] + row[1] * light[1] + row[2] * light[2]).max(0.0));
        // All channels by one factor: hues stay.
        let brightest = light.iter().copied().fold(0.0, f32::max);
        let scale = if brightest > KNEE { compressed(brightest) / brightest } else { 1.0 };
        light.map(|light| {
            let step = (light * scale).min(1.0) * (STEPS - 1) as f32;
            self.encoded[step.round() as usize]
        })
    }
}

impl TransformExecutor<u8> for ToneMap {
    fn transform(&self, from: &[u8], to: &mut [u8]) -> Result<(), CmsError> {
        let pixels = from.chunks_exact(self.channels).zip(to.chunks_exact_mut(self.channels));
        for (from, to) in pixels {
            to[..3].copy_from_slice(&self.pixel([from[0], from[1], from[2]]));
            to[3..].copy_from_slice(&from[3..]);
        }
        Ok(())
    }
}

/// Bends light above the knee so that it nears 1 and never passes it.
fn compressed(light: f32) -> f32 {
    let room = 1.0 - KNEE;
    KNEE + room * (1.0 - (-(light - KNEE) / room).exp())
}

/// Candela per square metre of a PQ value (SMPTE ST 2084).
fn pq(value: f32) -> f32 {
    const M1: f32 = 0.159_301_76;
    const M2: f32 = 78.843_75;
    const C1: f32 = 0.835_937_5;
    const C2: f32 = 18.851_563;
    const C3: f32 = 18.687_5;
    let root = value.powf(1.0 / M2);
    10_000.0 * ((root - C1).max(0.0) / (C2 - C3 * root)).powf(1.0 / M1)
}

/// Candela per square metre of an HLG value on a screen of 1000 (ITU-R BT.2100).
fn hlg(value: f32) -> f32 {
    const A: f32 = 0.178_832_77;
    const B: f32 = 0.284_668_92;
    const C: f32 = 0.559_910_7;
    let scene =
        if value <= 0.5 { value * value / 3.0 } else { (((value - C) / A).exp() + B) / 12.0 };
    1_000.0 * scene.powf(1.2)
}

fn srgb(light: f32) -> f32 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}
