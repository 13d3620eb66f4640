//! JPEG, by libjpeg-turbo, mostly 4:2:0.

use turbojpeg::{Compressor, Image, PixelFormat, Subsamp, YuvPlanesImage};

use super::{EncoderSettings, Fidelity};
use crate::{Error, Format, picture::Picture, planar::Subsampled};

pub(super) fn still(picture: &Picture, settings: EncoderSettings) -> Result<Vec<u8>, Error> {
    let subsampling = match settings.fidelity {
        Fidelity::Usual => Subsamp::Sub2x2,
        Fidelity::FullChroma | Fidelity::Lossless => Subsamp::None,
    };
    let mut compressor = compressor(settings.quality, subsampling)?;
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

/// The planes as they are.
pub(super) fn planes(drawn: &Subsampled, quality: u8) -> Result<Vec<u8>, Error> {
    let [luma, blue, red] = &drawn.planes;
    let image = YuvPlanesImage {
        y_plane: &luma.data[..],
        u_plane: &blue.data[..],
        v_plane: &red.data[..],
        width: drawn.size.0 as usize,
        height: drawn.size.1 as usize,
        y_stride: luma.width as usize,
        u_stride: blue.width as usize,
        v_stride: red.width as usize,
        subsamp: Subsamp::Sub2x2,
    };
    compressor(quality, Subsamp::Sub2x2)?.compress_yuv_planes_to_vec(&image).map_err(refused)
}

fn compressor(quality: u8, subsampling: Subsamp) -> Result<Compressor, Error> {
    let mut compressor = Compressor::new().map_err(refused)?;
    compressor.set_quality(i32::from(quality)).map_err(refused)?;
    compressor.set_subsamp(subsampling).map_err(refused)?;
    Ok(compressor)
}

fn refused(error: turbojpeg::Error) -> Error {
    Error::encode(Format::Jpeg, error)
}
