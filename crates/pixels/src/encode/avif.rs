//! AVIF, by rav1e. Stills only.

use ravif::{Encoder, Img, RGB8, RGBA8};

use crate::{Error, Format, picture::Picture};

/// 1 is slow and small, 10 fast and large.
const SPEED: u8 = 8;

pub(super) fn still(picture: &Picture, quality: u8) -> Result<Vec<u8>, Error> {
    let encoder = Encoder::new()
        .with_quality(f32::from(quality.clamp(1, 100)))
        .with_alpha_quality(f32::from(quality.clamp(1, 100)))
        .with_bit_depth(ravif::BitDepth::Eight)
        .with_speed(SPEED)
        .with_num_threads(Some(1));
    let (width, height) = (picture.width as usize, picture.height as usize);
    let encoded = if picture.has_alpha {
        let pixels: Vec<RGBA8> = picture
            .data
            .chunks_exact(4)
            .map(|pixel| RGBA8::new(pixel[0], pixel[1], pixel[2], pixel[3]))
            .collect();
        encoder.encode_rgba(Img::new(&pixels[..], width, height))
    } else {
        let pixels: Vec<RGB8> = picture
            .data
            .chunks_exact(3)
            .map(|pixel| RGB8::new(pixel[0], pixel[1], pixel[2]))
            .collect();
        encoder.encode_rgb(Img::new(&pixels[..], width, height))
    };
    encoded.map(|image| image.avif_file).map_err(|error| Error::encode(Format::Avif, error))
}
