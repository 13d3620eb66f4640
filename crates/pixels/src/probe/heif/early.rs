//! Whether the file ends before its picture does.

use std::io::{Read, Seek};

use crate::{
    Format,
    container::heif::{find, locations, meta, primary, references},
    source::Source,
};

/// Whether the primary picture, or one that it is put together from, lies behind the end of the
/// file; nothing when the file does not say where they lie.
pub(super) fn ends_early<R: Read + Seek>(source: &mut Source<R>, format: Format) -> Option<bool> {
    let meta = meta(source)?;
    let primary = primary(source, &meta)?;
    let data = find(&meta, *b"idat").map(|data| &data.content);
    let locations = locations(source, find(&meta, *b"iloc")?, data)?;
    let mut wanted = vec![primary];
    for reference in references(source, &meta).unwrap_or_default() {
        let is_part = &reference.area.name == b"dimg";
        let parts = reference.ends.filter(|(from, _)| is_part && *from == primary);
        wanted.extend(parts.map(|(_, parts)| parts).unwrap_or_default());
    }
    // For one item libheif gives the whole file up.
    let is_wanted = |id| format == Format::Heic || wanted.contains(&id);
    Some(locations.iter().any(|location| location.is_cut && is_wanted(location.id)))
}
