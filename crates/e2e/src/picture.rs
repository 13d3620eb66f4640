//! Pictures to upload, and an independent opinion about what comes back.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::FilterType;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageReader, Rgb, RgbImage,
};

/// Something like a photograph: a sky, a sun, a slope and ripples; no two corners are alike.
pub fn photograph(width: u32, height: u32) -> RgbImage {
    let (w, h) = (width as f32, height as f32);
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 / w, y as f32 / h);
        let sun = (1.0 - ((u - 0.7).hypot((v - 0.3) * h / w) * 6.0)).clamp(0.0, 1.0);
        let slope = ((v - 0.55 - 0.25 * u) * 30.0).clamp(0.0, 1.0);
        let ripple = ((u * 25.0).sin() * (v * 18.0).cos()) * 0.5 + 0.5;
        let sky = [0.25 + 0.35 * v, 0.45 + 0.3 * v, 0.9 - 0.2 * u];
        let ground = [0.2 + 0.3 * ripple, 0.35 + 0.25 * ripple * u, 0.15 + 0.2 * v];
        Rgb(std::array::from_fn(|channel| {
            let base = sky[channel] * (1.0 - slope) + ground[channel] * slope;
            let warm = [1.0, 0.9, 0.4][channel];
            ((base * (1.0 - sun) + warm * sun) * 255.0).round() as u8
        }))
    })
}

/// A JPEG whose camera says which way up it was held.
pub fn jpeg(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    jpeg_by(MODEL, picture, orientation)
}

/// A JPEG of a camera of some model.
pub fn jpeg_by(model: &str, picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(camera_notes(model, orientation)).expect("JPEG carries Exif");
    let (width, height) = picture.dimensions();
    encoder
        .write_image(picture, width, height, ExtendedColorType::Rgb8)
        .expect("a picture in memory can be written");
    bytes
}

pub const MAKE: &str = "Lumiere";
pub const MODEL: &str = "Cinematographe 1895";

/// An Exif block: make, model, orientation.
fn camera_notes(model: &str, orientation: u8) -> Vec<u8> {
    let texts = [format!("{MAKE}\0"), format!("{model}\0")];
    let mut block = b"II*\0\x08\0\0\0\x03\0".to_vec();
    let mut end = 8 + 2 + 3 * 12 + 4;
    for (tag, text) in [0x010F_u16, 0x0110].into_iter().zip(&texts) {
        block.extend(tag.to_le_bytes());
        block.extend(2_u16.to_le_bytes());
        block.extend((text.len() as u32).to_le_bytes());
        block.extend((end as u32).to_le_bytes());
        end += text.len();
    }
    block.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    block.extend([0; 4]);
    for text in &texts {
        block.extend(text.bytes());
    }
    block
}

/// The same picture in other bytes: a comment after the first marker of a JPEG.
pub fn variation(jpeg: &[u8], number: usize) -> Vec<u8> {
    let comment = format!("variation {number:08}");
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xFF, 0xFE]);
    bytes.extend((comment.len() as u16 + 2).to_be_bytes());
    bytes.extend(comment.bytes());
    bytes.extend(&jpeg[2..]);
    bytes
}

/// A small PNG, another one for each number.
pub fn small(number: usize) -> Vec<u8> {
    let picture =
        RgbImage::from_fn(120, 90, |x, y| Rgb([number as u8, (number >> 8) as u8, (x + y) as u8]));
    png(&picture)
}

pub fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = picture.dimensions();
    PngEncoder::new(&mut bytes)
        .write_image(picture, width, height, ExtendedColorType::Rgb8)
        .expect("a picture in memory can be written");
    bytes
}

/// A PNG that claims any size and holds nothing: each chunk is well formed.
pub fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    // An empty deflate stream.
    let nothing: &[u8] = &[0x78, 0x9C, 0x03, 0, 0, 0, 0, 1];
    for (kind, data) in [(b"IHDR", &header[..]), (b"IDAT", nothing), (b"IEND", &[])] {
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(kind);
        bytes.extend(data);
        bytes.extend(crc32(kind.iter().chain(data)).to_be_bytes());
    }
    bytes
}

fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// Decodes by content, and turns it upright.
pub fn decode(bytes: &[u8]) -> DynamicImage {
    let reader = ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format();
    let mut decoder = reader.expect("memory can be read").into_decoder().expect("a known format");
    let orientation = decoder.orientation().expect("an orientation or none");
    let mut picture = DynamicImage::from_decoder(decoder).expect("a whole picture");
    picture.apply_orientation(orientation);
    picture
}

/// What a print within a box has to look like.
pub fn shrunk(upright: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    upright.resize_exact(width, height, FilterType::Lanczos3)
}

/// What a print that covers a box has to look like.
pub fn covering(upright: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    upright.resize_to_fill(width, height, FilterType::Lanczos3)
}

/// Peak signal-to-noise ratio in dB; above 30 people hardly see a difference. Colours behind
/// transparent pixels do not count.
pub fn similarity(one: &DynamicImage, other: &DynamicImage) -> f64 {
    let (one, other) = (one.to_rgba8(), other.to_rgba8());
    assert_eq!(one.dimensions(), other.dimensions());
    let mut squares = 0.0;
    for (a, b) in one.pixels().zip(other.pixels()) {
        let is_clear = a[3] == 0 && b[3] == 0;
        let channels = if is_clear { 0..0 } else { 0..4 };
        squares +=
            channels.map(|channel| f64::from(a[channel].abs_diff(b[channel])).powi(2)).sum::<f64>();
    }
    let mean = squares / (f64::from(one.width()) * f64::from(one.height()) * 4.0);
    10.0 * (255.0_f64.powi(2) / mean.max(1e-9)).log10()
}
