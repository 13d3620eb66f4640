//! What a library that decodes the primary picture need not see.

use std::io::{Read, Seek};

use super::{Area, boxes, find, meta, primary};
use crate::source::Source;

/// Items that one item refers to; more are of no picture that anybody made.
const TARGETS_MAX: u16 = 1_024;

/// Where the names of boxes stand that are better hidden from libheif.
///
/// References that only tell what belongs to a picture: notes, thumbnails, gain maps. A library
/// that does not know the kind of item they lead to gives the whole file up. And transformations,
/// which are applied here: libheif leaves them out for colours, but not for alpha.
pub(crate) fn hidden<R: Read + Seek>(source: &mut Source<R>) -> Vec<u64> {
    let Some(meta) = meta(source) else { return Vec::new() };
    let mut names = references(source, &meta).unwrap_or_default();
    names.extend(transformations(source, &meta).unwrap_or_default());
    names
}

fn references<R: Read + Seek>(source: &mut Source<R>, meta: &[Area]) -> Option<Vec<u64>> {
    let primary = primary(source, meta)?;
    let area = find(meta, *b"iref")?;
    source.seek(area.content.start)?;
    let is_wide = source.be32()? >> 24 != 0;
    let mut names = Vec::new();
    for reference in boxes(source, area.behind_version()) {
        let is_hidden = match &reference.name {
            b"cdsc" | b"thmb" => true,
            // Alpha is of the picture itself.
            b"auxl" => targets(source, &reference, is_wide) != Some(vec![primary]),
            _ => false,
        };
        if is_hidden {
            names.push(reference.all.start + 4);
        }
    }
    Some(names)
}

fn transformations<R: Read + Seek>(source: &mut Source<R>, meta: &[Area]) -> Option<Vec<u64>> {
    let inside = boxes(source, find(meta, *b"iprp")?.content.clone());
    let properties = boxes(source, find(&inside, *b"ipco")?.content.clone());
    let is_hidden = |area: &&Area| matches!(&area.name, b"clap" | b"irot" | b"imir");
    Some(properties.iter().filter(is_hidden).map(|area| area.all.start + 4).collect())
}

/// What an item refers to.
fn targets<R: Read + Seek>(
    source: &mut Source<R>,
    reference: &Area,
    is_wide: bool,
) -> Option<Vec<u32>> {
    source.seek(reference.content.start + if is_wide { 4 } else { 2 })?;
    let count = source.be16().filter(|count| *count <= TARGETS_MAX)?;
    let target = |_| if is_wide { source.be32() } else { source.be16().map(u32::from) };
    (0..count).map(target).collect()
}
