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

/// What the items of a `meta` box are, and where they lie.
#[derive(Default)]
pub(super) struct Items {
    pub(super) notes: Vec<Item>,
    /// Where notes and pictures lie.
    pub(super) used: Vec<Range<usize>>,
}

/// The items of a `meta` box.
pub(super) fn items(file: &mut File<'_>, meta: &[Area], work: &mut Work) -> Result<Items, Error> {
    let mut items = Items::default();
    let Some(list) = find(meta, *b"iinf") else { return Ok(items) };
    let kinds = kinds(file, list, work)?;
    let unreadable = || cannot("notes that cannot be located");
    let Some(table) = find(meta, *b"iloc") else {
        let has_notes = kinds.values().any(Option::is_some);
        return if has_notes { Err(unreadable()) } else { Ok(items) };
    };
    let data = find(meta, *b"idat").map(|data| &data.content);
    let locations = locations(&mut file.source, table, data).ok_or_else(unreadable)?;
    for location in locations {
        work.spend(8 * (1 + location.extents.len()))?;
        // What is no item is read by nobody.
        let Some(kind) = kinds.get(&location.id) else { continue };
        let extents = location.extents.iter().map(|extent| clipped(file.bytes.len(), extent));
        let extents: Vec<Range<usize>> = extents.collect();
        items.used.extend_from_slice(&extents);
        let Some(kind) = *kind else { continue };
        if location.method > 1 {
            return Err(cannot("notes that are built from others"));
        }
        items.notes.push(Item { kind, extents });
    }
    Ok(items)
}

/// The kinds of items by their number; pictures have none.
fn kinds(
    file: &mut File<'_>,
    list: &Area,
    work: &mut Work,
) -> Result<HashMap<u32, Option<Kind>>, Error> {
    let infos = infos(&mut file.source, list).ok_or_else(|| cannot("items that cannot be read"))?;
    work.spend(8 * infos.len())?;
    let mut found: HashMap<u32, Option<Kind>> = HashMap::new();
    for info in infos {
        let known = found.entry(info.id).or_default();
        *known = match (*known, kind(file.bytes, &info)) {
            // Two kinds for one item: nobody knows which one counts.
            (Some(_), Some(_)) => Some(Kind::Unknown),
            (known, kind) => known.or(kind),
        };
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
