//! Averages boxes of pixels while rows arrive, so that a huge picture is never held whole.

use crate::picture::{Layout, Raster};

/// The largest box: sums of premultiplied samples must fit 32 bits.
const FACTOR_MAX: u32 = 128;

/// Takes rows from top to bottom and keeps the averages of `factor` x `factor` boxes.
pub(crate) struct Reducer {
    factor: u32,
    width: u32,
    height: u32,
    layout: Layout,
    rows: u32,
    /// Sums of the boxes of the current row: colours (times alpha if any), then alpha.
    sums: Vec<u32>,
    data: Vec<u8>,
}

/// The size of a side after reduction.
pub(crate) fn reduced(side: u32, factor: u32) -> u32 {
    side.div_ceil(factor)
}

/// The largest box that leaves `margin` times the detail that is wanted.
pub(crate) fn factor(detail: f64, margin: f64) -> u32 {
    (1.0 / (detail * margin)).clamp(1.0, f64::from(FACTOR_MAX)) as u32
}

impl Reducer {
    /// Expects `height` rows of `width` pixels.
    pub(crate) fn new(width: u32, height: u32, layout: Layout, factor: u32) -> Self {
        let columns = reduced(width, factor) as usize * layout.channels();
        let rows = reduced(height, factor) as usize;
        let sums = if factor > 1 { vec![0; columns] } else { Vec::new() };
        Self {
            factor,
            width,
            height,
            layout,
            rows: 0,
            sums,
            data: Vec::with_capacity(columns * rows),
        }
    }

    /// Adds the next row. Rows too many are ignored, rows too short count as far as they go.
    pub(crate) fn push(&mut self, row: &[u8]) {
        if self.rows == self.height {
            return;
        }
        let row_bytes = self.width as usize * self.layout.channels();
        self.rows += 1;
        if self.factor == 1 {
            let row = &row[..row.len().min(row_bytes)];
            self.data.extend_from_slice(row);
            self.data.resize(self.rows as usize * row_bytes, 0);
            return;
        }
        match self.layout {
            Layout::Gray => self.add_plain::<1>(row),
            Layout::Rgb => self.add_plain::<3>(row),
            Layout::Cmyk => self.add_plain::<4>(row),
            Layout::GrayAlpha => self.add_alpha::<2>(row),
            Layout::Rgba => self.add_alpha::<4>(row),
        }
        if self.rows.is_multiple_of(self.factor) || self.rows == self.height {
            self.emit();
        }
    }

    /// How many rows have come.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    fn add_plain<const N: usize>(&mut self, row: &[u8]) {
        let boxes = row.chunks(self.factor as usize * N);
        for (sums, samples) in self.sums.chunks_exact_mut(N).zip(boxes) {
            for pixel in samples.chunks_exact(N) {
                for channel in 0..N {
                    sums[channel] += u32::from(pixel[channel]);
                }
            }
        }
    }

    fn add_alpha<const N: usize>(&mut self, row: &[u8]) {
        let boxes = row.chunks(self.factor as usize * N);
        for (sums, samples) in self.sums.chunks_exact_mut(N).zip(boxes) {
            for pixel in samples.chunks_exact(N) {
                let alpha = u32::from(pixel[N - 1]);
                for channel in 0..N - 1 {
                    sums[channel] += u32::from(pixel[channel]) * alpha;
                }
                sums[N - 1] += alpha;
            }
        }
    }

    /// Turns the sums into pixels; boxes at the right and lower edge may be smaller.
    fn emit(&mut self) {
        let (factor, channels) = (self.factor, self.layout.channels());
        let box_rows = (self.rows - 1) % factor + 1;
        let mut left = self.width;
        for sums in self.sums.chunks_exact_mut(channels) {
            let count = box_rows * left.min(factor);
            left = left.saturating_sub(factor);
            if self.layout.has_alpha() {
                let alpha = sums[channels - 1];
                for sum in &sums[..channels - 1] {
                    self.data.push((sum + alpha / 2).checked_div(alpha).unwrap_or(0) as u8);
                }
                self.data.push(((alpha + count / 2) / count) as u8);
            } else {
                self.data.extend(sums.iter().map(|sum| ((sum + count / 2) / count) as u8));
            }
            sums.fill(0);
        }
    }

    /// The reduced picture. Rows that never came are black, or transparent.
    pub(crate) fn finish(mut self) -> Raster {
        let (width, height) = (reduced(self.width, self.factor), reduced(self.height, self.factor));
        let bytes = width as usize * height as usize * self.layout.channels();
        if !self.rows.is_multiple_of(self.factor) && self.rows < self.height {
            self.emit();
        }
        self.data.resize(bytes, 0);
        Raster { width, height, layout: self.layout, data: self.data }
    }
}
