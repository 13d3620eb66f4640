//! Bitmaps, in files and in icons: they have no room for notes, but between their parts and behind
//! them anything may stand.

use std::{io::Cursor, ops::Range};

use super::{Work, cannot, ranges};
use crate::{
    Error, Format, container::clipped, decode::run_lengths_end, probe::Bitmap, source::Source,
};

/// Bytes of the header of a file.
const FILE_HEADER: u64 = 14;

/// Cleans a file: what is none of its parts is emptied, and what follows them is cut off.
pub(super) fn file(mut file: Vec<u8>, work: &mut Work) -> Result<Vec<u8>, Error> {
    let bitmap = Bitmap::of_file(&mut source(&file)?)?;
    work.spend(file.len())?;
    let pixels = if bitmap.is_run_length() {
        let end = run_lengths_end(&file, &bitmap);
        let unknown = || cannot("pixels of which nobody can tell where they end");
        bitmap.data..end.ok_or_else(unknown)? as u64
    } else {
        bitmap.data..bitmap.data.saturating_add(rows_bytes(&bitmap))
    };
    let mut kept = heads(&file, &bitmap);
    kept.extend([0..FILE_HEADER, pixels].map(|part| clipped(file.len(), &part)));
    ranges::leave_only(&mut file, &ranges::joined(kept));
    Ok(file)
}

/// The parts of a bitmap in an icon, of which the icon says where it ends; nothing when it cannot
/// be read.
pub(super) fn icon_parts(file: &[u8], said: &Range<usize>) -> Option<Vec<Range<usize>>> {
    let mut bitmap = Bitmap::at(&mut source(file).ok()?, said.start as u64).ok()?;
    if bitmap.is_run_length() {
        return None;
    }
    // The stored height counts the colours and the mask.
    bitmap.height /= 2;
    let mask_start = bitmap.data.saturating_add(rows_bytes(&bitmap));
    let mask_row = u64::from(bitmap.width.div_ceil(32)) * 4;
    let mask_end = mask_start.saturating_add(mask_row * u64::from(bitmap.height));
    let said_end = said.end as u64;
    // Some have no mask; and some say less than their colours take.
    let end = if said_end < mask_start { mask_end } else { mask_end.min(said_end) };
    let mut parts = heads(file, &bitmap);
    parts.push(clipped(file.len(), &(bitmap.data..end)));
    Some(parts)
}

fn source(file: &[u8]) -> Result<Source<Cursor<&[u8]>>, Error> {
    Source::new(Cursor::new(file)).map_err(|error| Error::malformed(Format::Bmp, error))
}

fn rows_bytes(bitmap: &Bitmap) -> u64 {
    bitmap.row_bytes().saturating_mul(u64::from(bitmap.height))
}

/// The header, masks and colours, and the profile if all of it is there.
fn heads(file: &[u8], bitmap: &Bitmap) -> Vec<Range<usize>> {
    let profiles = [bitmap.profile, bitmap.link].into_iter().flatten();
    let profiles = profiles.map(|(start, bytes)| start..start.saturating_add(bytes));
    let whole = profiles.filter(|profile| profile.end <= file.len() as u64);
    bitmap.heads.iter().cloned().chain(whole).map(|part| clipped(file.len(), &part)).collect()
}
