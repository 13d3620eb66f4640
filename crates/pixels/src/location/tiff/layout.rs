//! Whose tags a directory has, and how an entry is taken out of one.

use crate::container::tiff::Layout;

/// Whose tags they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dialect {
    /// TIFF's and Exif's.
    Standard,
    /// Those of the GPS directory: all of it tells the place.
    Place,
    /// Those of Panasonic's maker notes.
    Panasonic,
    /// Those of Nikon's maker notes.
    Nikon,
}

/// An entry to take out, where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Where its directory lies.
    pub(super) directory: usize,
    /// Its number in it.
    pub(super) index: usize,
    /// Entries of the directory that are there.
    pub(super) entries: usize,
    /// Whether the directory has no more than it announces, so that its link is where it says.
    pub(super) fits: bool,
}

/// Takes an entry out of its directory; those behind it and the link move up. A directory that
/// announced too many entries announces those that are left. Returns how many bytes that moved.
pub(super) fn take_out(bytes: &mut [u8], layout: Layout, place: Place) -> usize {
    let Place { directory, index, entries, fits } = place;
    let (head, step, link) = layout.sizes();
    let start = directory.saturating_add(index.saturating_mul(step).saturating_add(head));
    let table = entries.saturating_mul(step).saturating_add(head + if fits { link } else { 0 });
    let end = directory.saturating_add(table).min(bytes.len());
    // Repairs of a hostile file may have changed what was found.
    if index >= entries || start.saturating_add(step) > end {
        return 0;
    }
    bytes.copy_within(start + step..end, start);
    bytes[end - step..end].fill(0);
    layout.write(entries as u64 - 1, &mut bytes[directory..directory + head]);
    end - directory
}
