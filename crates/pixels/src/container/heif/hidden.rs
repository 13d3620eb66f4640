//! What a library that decodes the primary picture need not see.

use std::io::{Read, Seek};

use super::{Area, boxes, find, meta, primary, references};
use crate::source::Source;

/// Where the names of boxes stand that are better hidden from libheif.
///
/// References that only tell what belongs to a picture: notes, thumbnails, gain maps. A library
/// that does not know the kind of item they lead to gives the whole file up. And transformations,
/// which are applied here: libheif leaves them out for colours, but not for alpha.
pub(crate) fn hidden<R: Read + Seek>(source: &mut Source<R>) -> Vec<u64> {
    let Some(meta) = meta(source) else { return Vec::new() };
    let mut names = ties(source, &meta).unwrap_or_default();
    names.extend(transformations(source, &meta).unwrap_or_default());
    names
}

fn ties<R: Read + Seek>(source: &mut Source<R>, meta: &[Area]) -> Option<Vec<u64>> {
    let primary = primary(source, meta)?;
    let references = references(source, meta)?.into_iter();
    let hidden = references.filter(|reference| match &reference.area.name {
        b"cdsc" | b"thmb" => true,
        // Alpha is of the picture itself.
        b"auxl" => {
            let targets = reference.ends.as_ref().map(|(_, targets)| &targets[..]);
            targets != Some(&[primary])
        }
        _ => false,
    });
    Some(hidden.map(|reference| reference.area.all.start + 4).collect())
}

fn transformations<R: Read + Seek>(source: &mut Source<R>, meta: &[Area]) -> Option<Vec<u64>> {
    let inside = boxes(source, find(meta, *b"iprp")?.content.clone());
    let properties = boxes(source, find(&inside, *b"ipco")?.content.clone());
    let is_hidden = |area: &&Area| matches!(&area.name, b"clap" | b"irot" | b"imir");
    Some(properties.iter().filter(is_hidden).map(|area| area.all.start + 4).collect())
}
