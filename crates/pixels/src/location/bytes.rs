//! Numbers in a stranger's bytes. Running out of bytes is `None`, never a panic.

use std::ops::Range;

pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

pub(super) fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// The part of a range that exists: `length` bytes from `start`, or as many as there are.
pub(super) fn clipped(bytes: &[u8], start: usize, length: usize) -> Range<usize> {
    let start = start.min(bytes.len());
    start..start.saturating_add(length).min(bytes.len())
}
