//! JPEG, by libjpeg-turbo, 4:2:0.

use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use crate::{Error, Format, picture::Picture};

pub(super) fn still(picture: &Picture, quality: u8) -> Result<Vec<u8>, Error> {
    let refused = |error| Error::encode(Format::Jpeg, error);
    let mut compressor = Compressor::new().map_err(refused)?;
    compressor.set_quality(i32::from(quality)).map_err(refused)?;
    compressor.set_subsamp(Subsamp::Sub2x2).map_err(refused)?;
    let (width, height) = (picture.width as usize, picture.height as usize);
    let image = Image {
        pixels: &picture.data[..],
        width,
        pitch: width * picture.channels(),
        height,
        // Nothing transparent arrives here; the fourth byte would only be skipped.
        format: if picture.has_alpha { PixelFormat::RGBX } else { PixelFormat::RGB },
    };
    compressor.compress_to_vec(image).map_err(refused)
}
