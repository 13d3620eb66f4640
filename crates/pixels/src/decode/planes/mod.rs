//! Baseline JPEG straight to small planes of luma and chroma: a decoder made for thumbnails.
//!
//! Most of the time that a large JPEG takes goes into its Huffman codes, whatever size is wanted.
//! At a half, a quarter or an eighth of the size most coefficients are never looked at: here
//! their codes are stepped over, several in one look into a table. What is left is transformed
//! by a DCT of as many points as are wanted.
//!
//! It declines whatever is not plain (progressive, arithmetic, CMYK, more than one scan, a bit too
//! many or too few): libjpeg-turbo decides then. So it refuses nothing and accepts nothing that
//! libjpeg-turbo would not.

mod bits;
mod block;
mod header;
mod huffman;
mod idct;
mod scan;

use crate::picture::Raster;

/// The planes of a picture in the colours of JFIF, each with its own size.
pub(crate) struct Planes {
    /// Luma, blue difference, red difference.
    pub(crate) rasters: [Raster; 3],
    /// Pixels of each plane per pixel of the source, across and down.
    pub(crate) scales: [(f64, f64); 3],
}

/// Decodes a picture of this size at `1 / divisor` of it: 2, 4 or 8; nothing for what is not plain.
pub(crate) fn planes(bytes: &[u8], size: (u32, u32), divisor: u32) -> Option<Planes> {
    let header = header::read(bytes)?;
    if header.size != (size.0 as usize, size.1 as usize) {
        return None;
    }
    match divisor {
        2 => scan::decode::<4>(&header),
        4 => scan::decode::<2>(&header),
        8 => scan::decode::<1>(&header),
        _ => None,
    }
}
