//! What the items of a file refer to.

use std::io::{Read, Seek};

use super::{Area, boxes, find};
use crate::source::Source;

/// Items that one item refers to; more are of no picture that anybody made.
const TARGETS_MAX: u16 = 1_024;

/// What one item refers to in one way.
pub(crate) struct Reference {
    /// Its name is the way.
    pub(crate) area: Area,
    /// The item that refers, and those that it refers to; nothing when they cannot be read, or
    /// are too many.
    pub(crate) ends: Option<(u32, Vec<u32>)>,
}

/// The references of a file.
pub(crate) fn references<R: Read + Seek>(
    source: &mut Source<R>,
    meta: &[Area],
) -> Option<Vec<Reference>> {
    let list = find(meta, *b"iref")?;
    source.seek(list.content.start)?;
    let is_wide = source.be32()? >> 24 != 0;
    let areas = boxes(source, list.behind_version());
    Some(areas.into_iter().map(|area| reference(source, area, is_wide)).collect())
}

fn reference<R: Read + Seek>(source: &mut Source<R>, area: Area, is_wide: bool) -> Reference {
    fn item<R: Read + Seek>(source: &mut Source<R>, is_wide: bool) -> Option<u32> {
        if is_wide { source.be32() } else { source.be16().map(u32::from) }
    }
    let mut ends = || {
        source.seek(area.content.start)?;
        let from = item(source, is_wide)?;
        let count = source.be16().filter(|count| *count <= TARGETS_MAX)?;
        let targets = (0..count).map(|_| item(source, is_wide)).collect::<Option<_>>()?;
        Some((from, targets))
    };
    let ends = ends();
    Reference { area, ends }
}
