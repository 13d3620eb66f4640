//! The planes of a frame, in blocks of coefficients.

use super::{Component, Frame, Sent};

/// One component of a picture.
pub(super) struct Plane {
    pub(super) id: u8,
    /// Blocks in an MCU of several components.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Blocks that hold pixels.
    pub(super) wide: usize,
    pub(super) high: usize,
    /// Blocks of a row, with what fills up the last MCU.
    pub(super) stride: usize,
    /// Of progressive pictures: by block, which coefficients are known not to be 0.
    pub(super) known: Vec<u64>,
}

impl Plane {
    /// Blocks that hold pixels.
    pub(super) fn blocks(&self) -> u64 {
        (self.wide * self.high) as u64
    }
}

/// The planes of a frame, and MCUs across and down.
pub(super) struct Planes {
    pub(super) all: Vec<Plane>,
    pub(super) mcus: (usize, usize),
    pub(super) is_progressive: bool,
    pub(super) is_arithmetic: bool,
    pub(super) sent: Sent,
}

/// Blocks of a frame: more than a picture of a hundred megapixels has.
const BLOCKS_MAX: usize = 6_000_000;

impl Planes {
    /// Nothing for a frame that is not decoded here.
    pub(super) fn new(frame: &Frame) -> Option<Self> {
        let (most_across, most_down) = frame.most();
        let factors = 1..=4;
        let is_known = matches!(frame.marker, 0xC0..=0xC2 | 0xC9 | 0xCA)
            && frame.depth == 8
            && (1..=4).contains(&frame.components.len())
            && frame.width > 0
            && frame.height > 0
            && frame.components.iter().all(|component| {
                factors.contains(&component.across) && factors.contains(&component.down)
            });
        if !is_known {
            return None;
        }
        let sides = (usize::from(frame.width), usize::from(frame.height));
        let (most_across, most_down) = (usize::from(most_across), usize::from(most_down));
        let mcus = (sides.0.div_ceil(8 * most_across), sides.1.div_ceil(8 * most_down));
        let in_mcu = frame.components.iter().map(|one| usize::from(one.across * one.down));
        if mcus.0 * mcus.1 * in_mcu.sum::<usize>() > BLOCKS_MAX {
            return None;
        }
        let is_progressive = frame.is_progressive();
        let plane = |component: &Component| {
            let (across, down) = (usize::from(component.across), usize::from(component.down));
            let stride = mcus.0 * across;
            let known = if is_progressive { vec![0; stride * mcus.1 * down] } else { Vec::new() };
            Plane {
                id: component.id,
                across,
                down,
                wide: (sides.0 * across).div_ceil(8 * most_across),
                high: (sides.1 * down).div_ceil(8 * most_down),
                stride,
                known,
            }
        };
        let is_arithmetic = frame.marker >= 0xC9;
        let all = frame.components.iter().map(plane).collect();
        Some(Self { all, mcus, is_progressive, is_arithmetic, sent: Sent::new(frame) })
    }
}
