//! Icons: the PNG files in them are cleaned where they stand, and what belongs to no picture is
//! emptied.

use std::ops::Range;

use super::{Work, bmp, bytes, png, ranges};
use crate::Error;

const HEADER: usize = 6;
const ENTRY: usize = 16;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Cleans a file; what follows its pictures is cut off.
pub(super) fn file(mut file: Vec<u8>, work: &mut Work) -> Result<Vec<u8>, Error> {
    let entries = usize::from(bytes::le16(&file, 4).unwrap_or(0));
    let mut kept = vec![bytes::clipped(&file, 0, HEADER + entries * ENTRY)];
    for index in 0..entries {
        let entry = HEADER + index * ENTRY;
        let Some((size, start)) = bytes::le32(&file, entry + 8).zip(bytes::le32(&file, entry + 12))
        else {
            break;
        };
        let said = bytes::clipped(&file, start as usize, size as usize);
        work.spend(said.len() + ENTRY)?;
        if file[said.start..].starts_with(PNG) {
            kept.push(clean_png(&mut file, said, work)?);
        } else {
            // Of a picture that nobody can read nothing is kept.
            kept.extend(bmp::icon_parts(&file, &said).unwrap_or_default());
        }
    }
    ranges::leave_only(&mut file, &ranges::joined(kept));
    Ok(file)
}

/// Cleans a PNG where it stands; returns where that is. Readers follow it to its own end, whatever
/// the icon says.
fn clean_png(file: &mut [u8], said: Range<usize>, work: &mut Work) -> Result<Range<usize>, Error> {
    let (end, is_ended) = png::end(file, said.start)?;
    work.spend(end - said.start)?;
    let range = if is_ended { said.start..end } else { said };
    let picture = &mut file[range.clone()];
    let clean = work.inside(|work| png::file(picture, work))?;
    // It only ever grows when a packed text packs worse; then it has no room here.
    let Some((kept, rest)) = picture.split_at_mut_checked(clean.len()) else {
        return Err(super::cannot("notes that do not fit where they were"));
    };
    kept.copy_from_slice(&clean);
    rest.fill(0);
    Ok(range)
}
