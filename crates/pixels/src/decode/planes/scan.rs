//! The only scan of the picture: MCU by MCU into rows of samples, row by row into planes.

use super::Planes;
use super::bits::{Bits, Entropy};
use super::block::{Block, Blocks};
use super::header::{Component, Header};
use super::idct;
use crate::picture::{Layout, Raster};

/// One component on its way from blocks to a plane.
struct Channel<const N: usize> {
    blocks: Blocks<N>,
    /// Blocks in an MCU.
    sampling: (usize, usize),
    /// A row of MCUs, as wide as they are.
    row: Vec<u8>,
    stride: usize,
    /// Of the plane, without what fills up the last MCUs.
    size: (usize, usize),
    plane: Vec<u8>,
}

impl<const N: usize> Channel<N> {
    fn new(component: &Component, header: &Header<'_>, mcus: (usize, usize)) -> Option<Self> {
        let (across, down) = component.sampling;
        let most = header.components[0].sampling;
        let stride = mcus.0 * across * N;
        let size = (
            (header.size.0 * across * N).div_ceil(most.0 * 8),
            (header.size.1 * down * N).div_ceil(most.1 * 8),
        );
        Some(Self {
            blocks: Blocks::new(&component.dc, &component.ac, &component.quantisers)?,
            sampling: component.sampling,
            row: vec![0; stride * down * N],
            stride,
            size,
            plane: Vec::with_capacity(size.0 * size.1),
        })
    }

    /// Reads the blocks of an MCU into the row.
    #[inline]
    fn read(&mut self, bits: &mut Bits<'_>, mcu: usize) -> Option<()> {
        let (across, down) = self.sampling;
        // All are read before the first is transformed: what was just written is slow to read.
        let mut blocks: [Block; 4] = [[0; 32]; 4];
        let mut have_detail = [false; 4];
        for (block, has_detail) in blocks.iter_mut().zip(&mut have_detail).take(across * down) {
            *has_detail = self.blocks.read(bits, block)?;
        }
        let mut index = 0;
        for y in 0..down {
            for x in 0..across {
                let into = &mut self.row[y * N * self.stride + (mcu * across + x) * N..];
                if have_detail[index] {
                    idct::transform::<N>(&blocks[index], into, self.stride);
                } else {
                    idct::fill::<N>(&blocks[index], into, self.stride);
                }
                index += 1;
            }
        }
        Some(())
    }

    /// Puts the finished row into the plane.
    fn keep_row(&mut self) {
        let (width, height) = self.size;
        let kept = self.plane.len() / width;
        for row in self.row.chunks_exact(self.stride).take(height - kept) {
            self.plane.extend_from_slice(&row[..width]);
        }
    }

    fn into_raster(self) -> Raster {
        let (width, height) = (self.size.0 as u32, self.size.1 as u32);
        Raster { width, height, layout: Layout::Gray, data: self.plane }
    }
}

/// Decodes the scan with `N` samples for the eight of a block; nothing for one that is not whole.
pub(super) fn decode<const N: usize>(header: &Header<'_>) -> Option<Planes> {
    let most = header.components[0].sampling;
    let mcus = (header.size.0.div_ceil(most.0 * 8), header.size.1.div_ceil(most.1 * 8));
    let entropy = Entropy::unstuffed(header.scan)?;
    let count = mcus.0 * mcus.1;
    let interval = if header.restart_interval == 0 { count } else { header.restart_interval };
    if entropy.ends.len() != count.div_ceil(interval) {
        return None;
    }
    let [luma, blue, red] =
        header.components.each_ref().map(|component| Channel::<N>::new(component, header, mcus));
    let mut channels = [luma?, blue?, red?];
    let mut bits = Bits::new(&entropy);
    let mut ends = entropy.ends.iter();
    let mut left = interval;
    for _ in 0..mcus.1 {
        for mcu in 0..mcus.0 {
            if left == 0 {
                let end = *ends.next()?;
                if !bits.is_at(end) {
                    return None;
                }
                bits.seek(end);
                for channel in &mut channels {
                    channel.blocks.restart();
                }
                left = interval;
            }
            left -= 1;
            for channel in &mut channels {
                channel.read(&mut bits, mcu)?;
            }
        }
        channels.iter_mut().for_each(Channel::keep_row);
    }
    if !bits.is_at(*ends.next()?) {
        return None;
    }
    let scales = channels.each_ref().map(|channel| {
        let part = |blocks: usize, most: usize| (blocks * N) as f64 / (most * 8) as f64;
        (part(channel.sampling.0, most.0), part(channel.sampling.1, most.1))
    });
    Some(Planes { rasters: channels.map(Channel::into_raster), scales })
}
