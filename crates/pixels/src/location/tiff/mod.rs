//! TIFF directories, in place: Exif blocks of any format, and TIFF files themselves.
//!
//! `directories` finds what tells a place; here it is emptied, and looked for again until nothing
//! is left: in a hostile file one repair may bring the next place to light.

mod directories;
mod layout;

use std::{mem, ops::Range};

use directories::{Found, Part, find};
use layout::{Dialect, Place, take_out};

use super::{Work, cannot, iptc, jpeg, ranges, words};
use crate::{Error, Format, container::tiff::Layout};

/// Honest files need two: one that cleans, one that finds nothing more.
const ROUNDS_MAX: usize = 8;

/// Cleans a TIFF file.
pub(super) fn file(mut bytes: Vec<u8>, work: &mut Work) -> Result<Vec<u8>, Error> {
    for _ in 0..ROUNDS_MAX {
        let Some(found) = clean(&mut bytes, Dialect::Standard, work)? else {
            return Err(Error::malformed(Format::Tiff, "the first directory cannot be read"));
        };
        work.spend(bytes.len())?;
        if !leave_only(&mut bytes, found)? {
            return Ok(bytes);
        }
    }
    Err(changing())
}

/// Empties what no directory refers to, and cuts off what follows; returns whether any byte
/// changed.
fn leave_only(bytes: &mut Vec<u8>, found: Found) -> Result<bool, Error> {
    let mut used = found.kept;
    used.extend(found.opaque);
    let used = ranges::joined(used);
    if found.lacks_lengths && !ranges::are_all(bytes, &used) {
        return Err(cannot("pixels of which nobody can tell where they end"));
    }
    Ok(ranges::leave_only(bytes, &used))
}

fn changing() -> Error {
    cannot("directories that change with every look")
}

/// Cleans an Exif block that lies inside a file; one that cannot be read is emptied.
pub(super) fn clean_block(block: &mut [u8], work: &mut Work) -> Result<(), Error> {
    if work.inside(|work| clean(block, Dialect::Standard, work))?.is_none() {
        block.fill(0);
    }
    Ok(())
}

/// Returns what the directories refer to once nothing more is to be done; nothing when these are
/// no directories.
fn clean(bytes: &mut [u8], dialect: Dialect, work: &mut Work) -> Result<Option<Found>, Error> {
    for _ in 0..ROUNDS_MAX {
        let Some((layout, mut found)) = find(bytes, dialect, work)? else { return Ok(None) };
        if !empty(bytes, layout, &mut found, work)? {
            return Ok(Some(found));
        }
    }
    Err(changing())
}

/// Empties what was found; returns whether any byte changed.
fn empty(
    bytes: &mut [u8],
    layout: Layout,
    found: &mut Found,
    work: &mut Work,
) -> Result<bool, Error> {
    let gone = ranges::joined(mem::take(&mut found.gone));
    let mut changed = false;
    if !gone.is_empty() {
        let kept = ranges::joined([found.kept.as_slice(), &found.cut].concat());
        changed = ranges::empty(bytes, &gone, &kept);
    }
    // From the back, so that the entries in front keep their numbers.
    let mut places = mem::take(&mut found.entries).into_iter().rev().peekable();
    let mut taken = 0;
    while let Some(place) = places.next() {
        // After the first one taken out the directory announces what it has.
        let fits = place.fits || taken > 0;
        work.spend(take_out(
            bytes,
            layout,
            Place { entries: place.entries - taken, fits, ..place },
        ))?;
        let more = places.peek().is_some_and(|next| next.directory == place.directory);
        taken = if more { taken + 1 } else { 0 };
        changed = true;
    }
    for (part, range) in mem::take(&mut found.parts) {
        changed |= clean_part(bytes, part, range, work)?;
    }
    Ok(changed)
}

/// Cleans something of another kind that lies in the block; returns whether any byte changed.
fn clean_part(
    bytes: &mut [u8],
    part: Part,
    range: Range<usize>,
    work: &mut Work,
) -> Result<bool, Error> {
    work.spend(range.len())?;
    let Some(content) = bytes.get_mut(range) else { return Ok(false) };
    let before = content.to_vec();
    match part {
        Part::Packet => words::clean_packet(content),
        Part::Records => iptc::clean_either(content, work)?,
        Part::Remark if words::holds_position(content) => content.fill(0),
        Part::Remark => {}
        Part::Picture => jpeg::clean_part(content, work)?,
        // What a camera maker wrote is kept as it is when it cannot be read: only names of
        // places are looked for here.
        Part::NikonNotes => {
            work.inside(|work| clean(content, Dialect::Nikon, work))?;
        }
    }
    Ok(before != *content)
}
