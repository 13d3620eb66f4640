//! Icons: the PNG files in them are cleaned where they stand.

use super::{Work, bytes, png};
use crate::Error;

const HEADER: usize = 6;
const ENTRY: usize = 16;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Cleans a file.
pub(super) fn file(mut file: Vec<u8>, work: &mut Work) -> Result<Vec<u8>, Error> {
    let entries = usize::from(bytes::le16(&file, 4).unwrap_or(0));
    for index in 0..entries {
        let entry = HEADER + index * ENTRY;
        let Some((size, start)) = bytes::le32(&file, entry + 8).zip(bytes::le32(&file, entry + 12))
        else {
            break;
        };
        let range = bytes::clipped(&file, start as usize, size as usize);
        let picture = &mut file[range];
        work.spend(picture.len())?;
        if !picture.starts_with(PNG) {
            continue;
        }
        let clean = work.inside(|work| png::file(picture, work))?;
        // It only ever grows when a packed text packs worse; then it has no room here.
        let Some((kept, rest)) = picture.split_at_mut_checked(clean.len()) else {
            return Err(super::cannot("notes that do not fit where they were"));
        };
        kept.copy_from_slice(&clean);
        rest.fill(0);
    }
    Ok(file)
}
