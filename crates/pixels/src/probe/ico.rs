//! ICO: the directory, and the header of its largest picture.

use std::io::{Read, Seek};

use super::{Bitmap, Header, png};
use crate::{Error, Format, Limits, source::Source};

/// Where one picture of an icon lies, and whether it is a PNG or a bitmap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) start: u64,
    pub(crate) is_png: bool,
}

pub(crate) fn header<R: Read + Seek>(
    source: &mut Source<R>,
    limits: &Limits,
) -> Result<Header, Error> {
    let entry = best_entry(source)?;
    let mut header = if entry.is_png {
        // The PNG inside starts at zero for its own reader, so only the sizes are read here.
        png_header(source, entry, limits)?
    } else {
        let bitmap = Bitmap::at(source, entry.start)?;
        if bitmap.height < 2 {
            return Err(broken("the picture has no pixels"));
        }
        if bitmap.is_run_length() {
            return Err(Error::unsupported("an icon with run lengths"));
        }
        // The stored height counts the mask, which may be missing.
        let colours = bitmap.row_bytes().saturating_mul(u64::from(bitmap.height / 2));
        if bitmap.data.saturating_add(colours) > source.len() {
            return Err(broken("the file ends inside the picture"));
        }
        let rows = bitmap.row_bytes() * 8;
        // The stored height counts the colours and the mask.
        Header { fixed_bytes: rows + (1 << 20), ..Header::still(bitmap.width, bitmap.height / 2) }
    };
    header.has_alpha = true;
    header.frames = 1;
    Ok(header)
}

fn broken(detail: &str) -> Error {
    Error::malformed(Format::Ico, detail)
}

/// Chooses the picture with the most pixels, then the most colours.
pub(crate) fn best_entry<R: Read + Seek>(source: &mut Source<R>) -> Result<Entry, Error> {
    let too_short = || broken("the file ends inside the directory");
    source.seek(4);
    let count = source.le16().ok_or_else(too_short)?;
    let mut best = None;
    for _ in 0..count {
        let Some([width, height, _, _, _, _, bits0, bits1]) = source.array() else { break };
        let (Some(_bytes), Some(start)) = (source.le32(), source.le32()) else { break };
        let side = |side: u8| if side == 0 { 256 } else { u32::from(side) };
        let rank = (side(width) * side(height), u16::from_le_bytes([bits0, bits1]));
        // The first of equals wins, as browsers choose.
        if best.is_none_or(|(other, _)| rank > other) {
            best = Some((rank, u64::from(start)));
        }
    }
    let (_, start) = best.ok_or_else(too_short)?;
    source.seek(start).ok_or_else(|| broken("the picture lies behind the end of the file"))?;
    let signature: [u8; 8] =
        source.array().ok_or_else(|| broken("the picture lies behind the end of the file"))?;
    Ok(Entry { start, is_png: signature == *b"\x89PNG\r\n\x1a\n" })
}

fn png_header<R: Read + Seek>(
    source: &mut Source<R>,
    entry: Entry,
    limits: &Limits,
) -> Result<Header, Error> {
    png::header_at(source, entry.start, limits).map_err(|error| match error {
        Error::Malformed { detail, .. } => broken(&detail),
        other => other,
    })
}
