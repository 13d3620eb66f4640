//! The text chunks of PNG: remarks, XMP packets, and whole Exif blocks in hexadecimal digits.

use std::{
    borrow::Cow,
    io::{Read, Write},
};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};

use super::{Work, iptc, tiff, words};
use crate::{Error, Format};

/// What becomes of a chunk.
pub(super) enum Cleaned {
    Kept,
    Changed([u8; 4], Vec<u8>),
    Gone,
}

/// What a text may unpack to; longer ones are left out.
const TEXT_BYTES_MAX: u64 = 4 << 20;
/// Digits a line, as `ImageMagick` writes them.
const LINE_DIGITS: usize = 72;

/// A text with its name, as it stands in the file.
struct Text<'a> {
    keyword: &'a [u8],
    /// Language and translated keyword.
    more: &'a [u8],
    content: &'a [u8],
    is_packed: bool,
}

/// Decides about a text chunk.
pub(super) fn cleaned(name: [u8; 4], content: &[u8], work: &mut Work) -> Result<Cleaned, Error> {
    let Some(found) = read(name, content) else { return Ok(Cleaned::Gone) };
    let Some(text) = unpacked(&found, work)? else { return Ok(Cleaned::Gone) };
    if let Some(kind) = found.keyword.strip_prefix(b"Raw profile type ") {
        return Ok(match clean_profile(kind, &text, work)? {
            Profile::Same => Cleaned::Kept,
            Profile::Gone => Cleaned::Gone,
            Profile::Changed(text) => {
                let (name, content) = written(name, found.keyword, &text)?;
                Cleaned::Changed(name, content)
            }
        });
    }
    let is_packet = found.keyword.eq_ignore_ascii_case(b"XML:com.adobe.xmp");
    let tells = words::name_place(found.keyword)
        || words::name_place(found.more)
        || words::holds_position(&text)
        || (is_packet && words::name_place(&text));
    Ok(if tells { Cleaned::Gone } else { Cleaned::Kept })
}

/// Reads a text chunk; `None` when it makes no sense.
fn read(name: [u8; 4], content: &[u8]) -> Option<Text<'_>> {
    let (keyword, rest) = split(content)?;
    match (&name, rest) {
        (b"tEXt", content) => Some(Text { keyword, more: &[], content, is_packed: false }),
        (b"zTXt", [0, content @ ..]) => Some(Text { keyword, more: &[], content, is_packed: true }),
        (b"iTXt", [is_packed, _method, rest @ ..]) => {
            let (_language, after) = split(rest)?;
            let (_translated, content) = split(after)?;
            let more = &rest[..rest.len() - content.len()];
            Some(Text { keyword, more, content, is_packed: *is_packed != 0 })
        }
        _ => None,
    }
}

/// What comes before the next zero and what comes after it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, after) = bytes.split_at(memchr::memchr(0, bytes)?);
    Some((before, &after[1..]))
}

/// The text in plain; `None` when it cannot be unpacked or is too long.
fn unpacked<'a>(text: &Text<'a>, work: &mut Work) -> Result<Option<Cow<'a, [u8]>>, Error> {
    work.spend(text.content.len())?;
    if !text.is_packed {
        return Ok(Some(text.content.into()));
    }
    let mut plain = Vec::new();
    let read = ZlibDecoder::new(text.content).take(TEXT_BYTES_MAX + 1).read_to_end(&mut plain);
    // A small file may unpack to very much, many times over.
    work.spend(plain.len())?;
    let is_sound = read.is_ok() && plain.len() as u64 <= TEXT_BYTES_MAX;
    Ok(is_sound.then_some(plain.into()))
}

enum Profile {
    Same,
    Changed(Vec<u8>),
    Gone,
}

/// Cleans a profile: a name and a length on lines of their own, and a block in digits.
fn clean_profile(kind: &[u8], text: &[u8], work: &mut Work) -> Result<Profile, Error> {
    let digits_start = memchr::memchr_iter(b'\n', text).nth(2).map(|at| at + 1);
    let Some(before) = digits_start.and_then(|start| block(&text[start..])) else {
        return Ok(Profile::Gone);
    };
    let mut block = before.clone();
    match kind.to_ascii_lowercase().as_slice() {
        b"exif" | b"app1" => clean_app1(&mut block, work)?,
        b"xmp" => words::clean_packet(&mut block),
        b"iptc" | b"8bim" => iptc::clean_either(&mut block, work)?,
        b"icc" | b"icm" => {}
        _ => return Ok(Profile::Gone),
    }
    if block == before {
        return Ok(Profile::Same);
    }
    let head = &text[..digits_start.unwrap_or(0)];
    Ok(Profile::Changed([head, &digits(&block)].concat()))
}

/// Exif, with or without its name, or XMP.
fn clean_app1(block: &mut [u8], work: &mut Work) -> Result<(), Error> {
    if block.starts_with(b"http") {
        words::clean_packet(block);
        return Ok(());
    }
    let start = if block.starts_with(b"Exif\0\0") { 6 } else { 0 };
    tiff::clean_block(&mut block[start..], work)
}

/// Reads hexadecimal digits, whatever is between them.
fn block(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.iter().filter_map(|byte| char::from(*byte).to_digit(16));
    let digits: Vec<u8> = digits.map(|digit| digit as u8).collect();
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn digits(block: &[u8]) -> Vec<u8> {
    let digits = block.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = Vec::with_capacity(block.len() * 2 + block.len() / 32 + 1);
    for (index, digit) in digits.enumerate() {
        if index > 0 && index % LINE_DIGITS == 0 {
            text.push(b'\n');
        }
        text.push(b"0123456789abcdef"[usize::from(digit)]);
    }
    text.push(b'\n');
    text
}

/// Name and content of a chunk with a new text: plain as it was, or packed.
fn written(name: [u8; 4], keyword: &[u8], text: &[u8]) -> Result<([u8; 4], Vec<u8>), Error> {
    if &name == b"tEXt" {
        return Ok((name, [keyword, b"\0", text].concat()));
    }
    let packed = || {
        let mut packer = ZlibEncoder::new([keyword, b"\0\0"].concat(), Compression::default());
        packer.write_all(text)?;
        packer.finish()
    };
    let content = packed().map_err(|error: std::io::Error| Error::malformed(Format::Png, error))?;
    Ok((*b"zTXt", content))
}
