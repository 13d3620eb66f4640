//! Decides by content what a file is: a format we read, a picture we do not, or something else.

use crate::{Error, Format};

/// Bytes of the start of a file that [`sniff`] wants to see.
pub(crate) const SNIFF_BYTES: u64 = 1024;

/// Names the format of a file by its first bytes.
pub(crate) fn sniff(start: &[u8]) -> Result<Format, Error> {
    if start.is_empty() {
        return Err(Error::not_an_image("an empty file"));
    }
    if let Some(what) = camera_raw(start) {
        return Err(Error::unsupported(what));
    }
    if let Some(format) = supported(start) {
        return Ok(format);
    }
    if let Some(what) = unsupported(start) {
        return Err(Error::unsupported(what));
    }
    Err(Error::not_an_image(looks_like(start)))
}

fn supported(start: &[u8]) -> Option<Format> {
    Some(match start {
        [0xFF, 0xD8, 0xFF, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Format::Png,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Format::Gif,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Format::WebP,
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Format::Tiff,
        [0, 0, 1, 0, count, 0, ..] if *count > 0 => Format::Ico,
        [b'B', b'M', ..] if is_bitmap(start) => Format::Bmp,
        _ => return brands(start)?.format(),
    })
}

/// Raw files of cameras that tell themselves by their first bytes. Many look like TIFF there.
fn camera_raw(start: &[u8]) -> Option<&'static str> {
    match start {
        [b'I', b'I', 42, 0, _, _, _, _, b'C', b'R', 2, 0, ..] => Some("camera raw (CR2)"),
        [_, _, _, _, _, _, _, _, b'I', b'I', b'I', b'I', _, b'w', b'a', b'R', ..]
        | [_, _, _, _, _, _, _, _, b'M', b'M', b'M', b'M', b'R', b'a', b'w', ..] => {
            Some("camera raw (IIQ)")
        }
        [b'I', b'I', b'R', b'O' | b'S', ..] | [b'M', b'M', b'O', b'R', ..] => {
            Some("camera raw (ORF)")
        }
        [b'I', b'I', b'U', 0, ..] => Some("camera raw (RW2)"),
        [b'I', b'I', 26, 0, 0, 0, b'H', b'E', b'A', b'P', ..] => Some("camera raw (CRW)"),
        [b'F', b'U', b'J', b'I', b'F', b'I', b'L', b'M', b'C', b'C', b'D', ..] => {
            Some("camera raw (RAF)")
        }
        [b'F', b'O', b'V', b'b', ..] => Some("camera raw (X3F)"),
        [0, b'M', b'R', b'M', ..] => Some("camera raw (MRW)"),
        _ => None,
    }
}

/// "BM" alone is too little: plenty of text starts with it.
fn is_bitmap(start: &[u8]) -> bool {
    let Some(size) = start.get(14..18).and_then(|bytes| bytes.try_into().ok()) else {
        return false;
    };
    matches!(u32::from_le_bytes(size), 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)
}

/// The brands of an ISO base media file: the major one and the compatible ones.
struct Brands<'a>(&'a [u8]);

impl Brands<'_> {
    fn contains(&self, brand: [u8; 4]) -> bool {
        self.0.chunks_exact(4).enumerate().any(|(index, found)| index != 1 && found == brand)
    }

    /// AVIF first: its files may bear HEIC's general brands, `mif1` and `msf1`, too.
    fn format(&self) -> Option<Format> {
        const AVIF: [&[u8; 4]; 2] = [b"avif", b"avis"];
        const HEIC: [&[u8; 4]; 8] =
            [b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"];
        let has_any = |of: &[&[u8; 4]]| of.iter().any(|brand| self.contains(**brand));
        if has_any(&AVIF) {
            return Some(Format::Avif);
        }
        has_any(&HEIC).then_some(Format::Heic)
    }
}

fn brands(start: &[u8]) -> Option<Brands<'_>> {
    let size = u32::from_be_bytes(start.get(..4)?.try_into().ok()?) as usize;
    if start.get(4..8)? != b"ftyp" {
        return None;
    }
    Some(Brands(&start[8..size.clamp(8, start.len())]))
}

fn unsupported(start: &[u8]) -> Option<&'static str> {
    if let Some(brands) = brands(start) {
        return brands.contains(*b"crx ").then_some("camera raw (CR3)");
    }
    match start {
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some("JPEG XL"),
        [0, 0, 0, 12, b'j', b'P', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => Some("JPEG 2000"),
        [b'8', b'B', b'P', b'S', ..] => Some("Photoshop (PSD)"),
        [b'I', b'I', 0xBC, ..] => Some("JPEG XR"),
        [b'q', b'o', b'i', b'f', ..] => Some("QOI"),
        [b'D', b'D', b'S', b' ', ..] => Some("DDS"),
        [0x76, 0x2F, 0x31, 0x01, ..] => Some("OpenEXR"),
        [b'P', b'1'..=b'7', b' ' | b'\n' | b'\r' | b'\t', ..] => Some("Netpbm (PNM)"),
        [b'#', b'?', b'R', b'A', b'D', ..] => Some("Radiance HDR"),
        [0, 0, 2, 0, count, 0, ..] if *count > 0 => Some("a Windows cursor"),
        _ if is_svg(start) => Some("SVG (a drawing, not pixels)"),
        _ => None,
    }
}

fn is_svg(start: &[u8]) -> bool {
    let text = text_start(start);
    text.starts_with('<') && (text.contains("<svg") || text.contains("svg:svg"))
}

/// The start of the file as lower-case text, without byte order mark and leading space.
fn text_start(start: &[u8]) -> String {
    let text = String::from_utf8_lossy(start).to_lowercase();
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_owned()
}

fn looks_like(start: &[u8]) -> &'static str {
    if brands(start).is_some() {
        return "looks like a video (MP4)";
    }
    match start {
        [b'%', b'P', b'D', b'F', ..] => "starts like a PDF",
        [b'%', b'!', ..] => "starts like PostScript",
        [b'P', b'K', 3 | 5, 4 | 6, ..] => "starts like a ZIP archive",
        [0x7F, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] => "starts like a program",
        [0x1F, 0x8B, ..] => "starts like a gzip archive",
        [b'R', b'a', b'r', b'!', ..] | [b'7', b'z', 0xBC, ..] => "starts like an archive",
        [0x1A, 0x45, 0xDF, 0xA3, ..] => "looks like a video (Matroska)",
        [b'R', b'I', b'F', b'F', ..] => "looks like a sound or a video (RIFF)",
        [b'O', b'g', b'g', b'S', ..] => "looks like a sound or a video (Ogg)",
        [b'I', b'D', b'3', ..] => "looks like a sound (MP3)",
        [b'#', b'!', ..] => "starts like a script",
        _ => text_or_bytes(start),
    }
}

fn text_or_bytes(start: &[u8]) -> &'static str {
    let text = text_start(start);
    if text.starts_with("<!doctype html") || text.starts_with("<html") || text.contains("<body") {
        "starts like an HTML page"
    } else if text.starts_with("<?xml") || text.starts_with('<') {
        "starts like XML"
    } else if start.iter().all(|byte| matches!(byte, 9 | 10 | 13 | 32..=126 | 128..)) {
        "looks like text"
    } else {
        "its first bytes belong to no picture format known here"
    }
}
