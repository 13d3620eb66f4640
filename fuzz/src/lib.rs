//! What the fuzz targets share: the files under test, and the judges of what they answer.

#[expect(dead_code, unused_imports, reason = "only what the planes need of it")]
mod container;
mod reader;

pub use reader::Counting;

use pixels::{Error, Facts, Limits, Metadata, Rendered};

/// The very files that the service is built from.
#[path = "../../crates/minilab/src/http/disposition.rs"]
pub mod disposition;
#[path = "../../crates/minilab/src/accounts/key.rs"]
pub mod key;
#[expect(dead_code, reason = "planes are the only pictures here")]
#[path = "../../crates/pixels/src/picture.rs"]
mod picture;
#[path = "../../crates/pixels/src/decode/planes/mod.rs"]
mod planes;
#[path = "../../crates/minilab/src/http/range.rs"]
pub mod range;
#[expect(dead_code, reason = "only what the planes need of it")]
#[path = "../../crates/pixels/src/source.rs"]
mod source;
#[path = "../../crates/minilab/src/text.rs"]
pub mod text;

/// The judges of the tests.
#[path = "../../crates/pixels/tests/it/foreign.rs"]
mod foreign;
#[path = "../../crates/pixels/tests/it/metadata/sense.rs"]
mod sense;

/// Small enough that a run sees many pictures, large enough for every way through the code.
pub fn limits() -> Limits {
    Limits {
        bytes: 1 << 20,
        side: 20_000,
        pixels: 4_000_000,
        frames: 60,
        drawn_pixels: 4_000_000,
        decode_bytes: 96 << 20,
    }
}

/// Luma as the decoder of thumbnails has it, if it takes the picture.
pub fn thumbnail_luma(bytes: &[u8], size: (u32, u32), divisor: u32) -> Option<Vec<u8>> {
    let planes::Planes { rasters, scales } = planes::planes(bytes, size, divisor)?;
    for (raster, (across, down)) in rasters.iter().zip(scales) {
        let side = |side: u32, scale: f64| (f64::from(side) * scale).ceil() as u32;
        assert_eq!((raster.width, raster.height), (side(size.0, across), side(size.1, down)));
        assert_eq!(raster.data.len(), raster.width as usize * raster.height as usize);
    }
    let [luma, ..] = rasters;
    Some(luma.data)
}

/// What holds of every picture that was let in.
pub fn check_facts(facts: &Facts, limits: &Limits) {
    let (width, height) = (u64::from(facts.width), u64::from(facts.height));
    assert!(width > 0 && height > 0, "a side is 0: {facts:?}");
    assert!(width.max(height) <= u64::from(limits.side), "a side is over its limit: {facts:?}");
    assert!(width * height <= limits.pixels, "pixels are over their limit: {facts:?}");
    assert!((1..=limits.frames).contains(&facts.frames), "frames are out of range: {facts:?}");
    if facts.frames > 1 {
        let drawn = width * height * u64::from(facts.frames);
        assert!(drawn <= limits.drawn_pixels, "drawing is over its limit: {facts:?}");
    }
    assert!((1..=8).contains(&facts.orientation), "no such orientation: {facts:?}");
    assert!(facts.decode_bytes <= limits.decode_bytes, "memory is over its limit: {facts:?}");
}

/// What holds of all notes of a camera.
pub fn check_notes(notes: &Metadata) {
    sense::check(notes);
}

/// The names of the parts of a file of ours that hold something else than pixels.
pub fn foreign_parts(made: &Rendered) -> Vec<String> {
    foreign::foreign_parts(made)
}

/// What is said about a stranger's bytes is one short line, whatever those bytes were.
pub fn check_error(error: &Error) {
    let text = error.to_string();
    assert!(text.len() <= 500, "{} bytes of complaint: {text}", text.len());
    assert!(!text.contains(char::is_control), "a control character in {text:?}");
}

/// Makes the sums of a PNG's chunks right: no fuzzer guesses them, and behind them is the code.
pub fn mend_sums(bytes: &mut [u8]) {
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return;
    }
    let mut rest = &mut bytes[8..];
    while rest.len() >= 12 {
        let length = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        let Some((chunk, behind)) = rest.split_at_mut_checked(length.saturating_add(12)) else {
            return;
        };
        let (body, sum) = chunk.split_at_mut(length + 8);
        sum.copy_from_slice(&crc32fast::hash(&body[4..]).to_be_bytes());
        rest = behind;
    }
}
