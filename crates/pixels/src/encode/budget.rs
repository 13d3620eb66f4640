//! Fits files into a byte budget: fewer colours or less quality, then fewer frames.

use super::{AnimationWriter, EncoderSettings, Fidelity, Outline, Written};
use crate::{Error, Format, frame::Delay, memory::HELD_FRAMES_BYTES};

/// What to try in turn, the best first.
fn steps(format: Format, settings: EncoderSettings) -> Vec<EncoderSettings> {
    match format {
        Format::Gif => [256, 128, 64, 32, 16]
            .into_iter()
            .filter(|colours| *colours <= settings.colours)
            .map(|colours| EncoderSettings { colours, ..settings })
            .collect(),
        Format::Jpeg | Format::WebP | Format::Avif => {
            let less =
                [100, 80, 60, 45, 30, 20, 10].into_iter().map(|percent: u16| EncoderSettings {
                    quality: (u16::from(settings.quality) * percent / 100).max(1) as u8,
                    fidelity: Fidelity::Usual,
                    ..settings
                });
            let first = (settings.fidelity != Fidelity::Usual).then_some(settings);
            first.into_iter().chain(less).collect()
        }
        _ => vec![settings],
    }
}

/// Encodes a still with as much effort as the budget allows.
pub(crate) fn still_within(
    encode: impl Fn(EncoderSettings) -> Result<Vec<u8>, Error>,
    format: Format,
    settings: EncoderSettings,
    budget: Option<u64>,
) -> Result<Vec<u8>, Error> {
    let Some(budget) = budget else { return encode(settings) };
    let mut best = u64::MAX;
    for settings in steps(format, settings) {
        let bytes = encode(settings)?;
        if bytes.len() as u64 <= budget {
            return Ok(bytes);
        }
        best = best.min(bytes.len() as u64);
    }
    Err(Error::OverByteBudget { format, best, budget })
}

/// Frames merged into one, at most: beyond that an animation is none.
const STRIDES: [usize; 14] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64];
/// How much smaller the fewest colours or the least quality make a file, at best.
const STEPS_GAIN: u64 = 4;

/// Holds the small frames of an animation that must fit a budget, to encode them more than once.
pub(crate) struct Held {
    outline: Outline,
    format: Format,
    settings: EncoderSettings,
    budget: u64,
    frames: Vec<(Vec<u8>, Delay)>,
    /// Source frames in each held frame, so that memory stays bounded.
    merged: usize,
    waiting: usize,
}

impl Held {
    pub(crate) fn new(
        outline: Outline,
        format: Format,
        settings: EncoderSettings,
        budget: u64,
    ) -> Self {
        let frame_bytes = u64::from(outline.size.0) * u64::from(outline.size.1) * 4;
        let all = frame_bytes.saturating_mul(u64::from(outline.frames));
        let merged = all.div_ceil(HELD_FRAMES_BYTES).max(1) as usize;
        Self { outline, format, settings, budget, frames: Vec::new(), merged, waiting: 0 }
    }

    pub(crate) fn push(&mut self, rgba: &[u8], delay: Delay) {
        if self.waiting == 0 {
            self.frames.push((rgba.to_vec(), delay));
        } else if let Some((_, held)) = self.frames.last_mut() {
            *held = held.then(delay);
        }
        self.waiting = (self.waiting + 1) % self.merged;
    }

    /// The best file that fits.
    pub(crate) fn finish(self) -> Result<Written, Error> {
        let steps = steps(self.format, self.settings);
        let strides: Vec<usize> = STRIDES
            .into_iter()
            .filter(|stride| *stride == 1 || self.frames.len() >= stride * 2)
            .collect();
        let (mut best, mut whole) = (u64::MAX, None);
        for (index, stride) in strides.iter().enumerate() {
            // What the first attempt shows to be hopeless is skipped, except the very last resort:
            // the refusal must say how close the best attempt came.
            let is_last = index + 1 == strides.len();
            let is_hopeless =
                |whole: u64| !is_last && whole / (*stride as u64 * STEPS_GAIN) > self.budget;
            for settings in &steps {
                if whole.is_some_and(is_hopeless) {
                    break;
                }
                let written = self.encode(*stride, *settings)?;
                let size = written.0.len() as u64;
                if size <= self.budget {
                    return Ok(written);
                }
                best = best.min(size);
                whole.get_or_insert(size);
            }
        }
        Err(Error::OverByteBudget { format: self.format, best, budget: self.budget })
    }

    fn encode(&self, stride: usize, settings: EncoderSettings) -> Result<Written, Error> {
        let frames = self.frames.len().div_ceil(stride) as u32;
        let outline = Outline { frames, ..self.outline };
        let mut writer = AnimationWriter::new(outline, self.format, settings)?;
        for group in self.frames.chunks(stride) {
            let delay = group.iter().map(|frame| frame.1).reduce(Delay::then);
            if let (Some((rgba, _)), Some(delay)) = (group.first(), delay) {
                writer.push(rgba, delay)?;
            }
        }
        writer.finish()
    }
}
