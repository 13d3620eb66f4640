//! PNG and APNG: walks the chunks.

use std::io::{Read, Seek};

use super::{Chunk, ExifBlock};
use crate::source::Source;

/// Chunks a file may have; picture data in tiny pieces is legal, millions of them are an attack.
const CHUNKS_MAX: u32 = 1_000_000;
const SIGNATURE_BYTES: u64 = 8;
/// Length and name before the content, and the sum behind it.
const HEAD_BYTES: u64 = 8;
const SUM_BYTES: u64 = 4;
/// Bytes of an Exif block that is packed as text.
const PACKED_BYTES_MAX: u64 = 1 << 20;

/// A walk over the chunks of a file, to its end chunk.
pub(crate) struct Chunks {
    at: u64,
    left: u32,
    has_ended: bool,
}

impl Chunks {
    /// Starts behind the signature of the file that begins at a position: icons hold whole files.
    pub(crate) fn of_file_at(start: u64) -> Self {
        Self { at: start + SIGNATURE_BYTES, left: CHUNKS_MAX, has_ended: false }
    }

    /// The next chunk; the source stands at its content.
    pub(crate) fn next<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Option<Chunk> {
        if self.has_ended {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        source.seek(self.at)?;
        // In one read: there may be a million of them.
        let [a, b, c, d, name @ ..] = source.array::<8>()?;
        let length = u64::from(u32::from_be_bytes([a, b, c, d]));
        let start = self.at + HEAD_BYTES;
        let (end, next) = (start + length, start + length + SUM_BYTES);
        let most = source.len();
        let all = self.at..next.min(most);
        self.at = next;
        self.has_ended = &name == b"IEND";
        Some(Chunk { name, all, content: start..end.min(most), is_whole: next <= most })
    }

    /// Whether the walk was given up: the file has more chunks than anybody looks at.
    pub(crate) fn is_given_up(&self) -> bool {
        self.left == 0 && !self.has_ended
    }
}

/// Whether a file ends with the chunk that closes it, as all whole ones do but for garbage.
pub(crate) fn is_ended<R: Read + Seek>(source: &mut Source<R>) -> bool {
    const END: &[u8; 8] = b"\0\0\0\0IEND";
    let start = source.len().checked_sub(END.len() as u64 + SUM_BYTES);
    start.and_then(|start| source.seek(start)).and_then(|()| source.array()) == Some(*END)
}

/// The Exif block: in a chunk of its own, or as text in the manner of `ImageMagick`.
pub(crate) fn exif<R: Read + Seek>(source: &mut Source<R>) -> Option<ExifBlock> {
    let mut chunks = Chunks::of_file_at(0);
    let mut packed = None;
    while let Some(chunk) = chunks.next(source) {
        match &chunk.name {
            b"eXIf" => {
                // Some writers keep JPEG's prefix.
                let prefix = if source.array() == Some(*b"Exif\0\0") { 6 } else { 0 };
                return Some(ExifBlock::Place(chunk.content.start + prefix..chunk.content.end));
            }
            b"zTXt" if packed.is_none() => packed = packed_text(source, &chunk),
            _ => {}
        }
    }
    packed.map(ExifBlock::Bytes)
}

/// Reads `Raw profile type exif`; `None` when it is another text. Of a profile that makes no sense
/// nothing is left: unpacking is dear, so the first one is the only one that is tried.
fn packed_text<R: Read + Seek>(source: &mut Source<R>, chunk: &Chunk) -> Option<Vec<u8>> {
    const KEYWORDS: [&[u8; 23]; 2] = [b"Raw profile type exif\0\0", b"Raw profile type APP1\0\0"];
    let rest = chunk.content_bytes().checked_sub(23)?;
    if !chunk.is_whole || !KEYWORDS.contains(&&source.array()?) {
        return None;
    }
    let stream = source.bytes(rest, PACKED_BYTES_MAX)?;
    Some(unpacked(&stream).unwrap_or_default())
}

/// Unpacks a profile: a name, a length and the block in hexadecimal digits.
fn unpacked(stream: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let inflated = flate2::read::ZlibDecoder::new(stream).take(4 * PACKED_BYTES_MAX);
    { inflated }.read_to_end(&mut text).ok()?;
    // Three lines come first: an empty one, the name and the length.
    let digits = text.splitn(4, |byte| *byte == b'\n').nth(3)?;
    let mut block = Vec::with_capacity(digits.len() / 2);
    let mut digits = digits.iter().filter_map(|byte| hex_digit(*byte));
    while let Some((high, low)) = digits.next().zip(digits.next()) {
        block.push(high << 4 | low);
    }
    if block.starts_with(b"Exif\0\0") {
        block.drain(..6);
    }
    Some(block)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}
