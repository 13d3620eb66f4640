//! The notes among the items of a picture, and where they lie.

use std::{collections::HashMap, ops::Range};

use super::{
    super::{Work, cannot},
    File,
};
use crate::{
    Error,
    container::{
        clipped,
        heif::{Area, ItemInfo, find, infos, locations},
        part,
    },
};

/// What an item holds that is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Exif,
    /// XMP.
    Packet,
    Jpeg,
    /// Nobody here can read it.
    Unknown,
}

/// An item to clean.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) extents: Vec<Range<usize>>,
}

/// Notes among the items of a `meta` box.
pub(super) fn items(
    file: &mut File<'_>,
    meta: &[Area],
    work: &mut Work,
) -> Result<Vec<Item>, Error> {
    let Some(list) = find(meta, *b"iinf") else { return Ok(Vec::new()) };
    let kinds = kinds(file, list, work)?;
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let unreadable = || cannot("notes that cannot be located");
    let table = find(meta, *b"iloc").ok_or_else(unreadable)?;
    let data = find(meta, *b"idat").map(|data| &data.content);
    let locations = locations(&mut file.source, table, data).ok_or_else(unreadable)?;
    let mut found = Vec::new();
    for location in locations {
        work.spend(8 * (1 + location.extents.len()))?;
        let Some(kind) = kinds.get(&location.id) else { continue };
        if location.method > 1 {
            return Err(cannot("notes that are built from others"));
        }
        let extents = location.extents.iter().map(|extent| clipped(file.bytes.len(), extent));
        found.push(Item { kind: *kind, extents: extents.collect() });
    }
    Ok(found)
}

/// The kinds of items that are no pictures, by their number.
fn kinds(file: &mut File<'_>, list: &Area, work: &mut Work) -> Result<HashMap<u32, Kind>, Error> {
    let infos = infos(&mut file.source, list).ok_or_else(|| cannot("items that cannot be read"))?;
    work.spend(8 * infos.len())?;
    let mut found = HashMap::new();
    for info in infos {
        if let Some(kind) = kind(file.bytes, &info) {
            // Two kinds for one item: nobody knows which one counts.
            found.entry(info.id).and_modify(|known| *known = Kind::Unknown).or_insert(kind);
        }
    }
    Ok(found)
}

/// The kind of an item that is no picture.
fn kind(file: &[u8], info: &ItemInfo) -> Option<Kind> {
    let Some(name) = &info.kind else { return Some(Kind::Unknown) };
    match name {
        b"Exif" => Some(Kind::Exif),
        b"jpeg" => Some(Kind::Jpeg),
        b"mime" => {
            // Behind its name come its type and how it is packed.
            let mut texts = part(file, &info.rest).split(|byte| *byte == 0).skip(1);
            let (content_type, packing) = (texts.next(), texts.next().unwrap_or_default());
            Some(match content_type {
                Some(b"application/rdf+xml") if packing.is_empty() => Kind::Packet,
                Some(b"image/jpeg") if packing.is_empty() => Kind::Jpeg,
                _ => Kind::Unknown,
            })
        }
        b"uri " => Some(Kind::Unknown),
        _ => None,
    }
}
