//! Sets of ranges: what must go, and what must stay although it lies in the same bytes.

use std::{ops::Range, slice};

/// Sorts ranges and joins those that touch.
pub(super) fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    let mut all: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}

/// Whether any two ranges have bytes in common.
pub(super) fn overlap(mut ranges: Vec<Range<usize>>) -> bool {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    !ranges.is_sorted_by(|a, b| a.end <= b.start)
}

/// Fills ranges with zeros, but for what is kept. Both must be [`joined`]. Returns whether any
/// byte changed.
pub(super) fn empty(bytes: &mut [u8], gone: &[Range<usize>], kept: &[Range<usize>]) -> bool {
    let mut changed = false;
    for range in gone {
        let mut at = range.start;
        let first = kept.partition_point(|kept| kept.end <= at);
        for kept in kept[first..].iter().take_while(|kept| kept.start < range.end) {
            changed |= zero(bytes, at..kept.start);
            at = kept.end;
        }
        changed |= zero(bytes, at..range.end);
    }
    changed
}

/// Fills all but what is kept with zeros, and cuts off what follows it unless that is zeros; what
/// is kept must be [`joined`]. Returns whether any byte changed.
pub(super) fn leave_only(bytes: &mut Vec<u8>, kept: &[Range<usize>]) -> bool {
    let end = kept.last().map_or(0, |last| last.end).min(bytes.len());
    let is_followed = bytes[end..].iter().any(|byte| *byte != 0);
    if is_followed {
        bytes.truncate(end);
    }
    empty(bytes, slice::from_ref(&(0..end)), kept) || is_followed
}

/// Whether nothing but zeros lies outside of what is kept, which must be [`joined`].
pub(super) fn are_all(bytes: &[u8], kept: &[Range<usize>]) -> bool {
    let starts = std::iter::once(0).chain(kept.iter().map(|range| range.end));
    let ends = kept.iter().map(|range| range.start).chain([bytes.len()]);
    let mut gaps = starts.zip(ends).filter_map(|(start, end)| bytes.get(start..end));
    gaps.all(|gap| gap.iter().all(|byte| *byte == 0))
}

fn zero(bytes: &mut [u8], range: Range<usize>) -> bool {
    let Some(part) = bytes.get_mut(range) else { return false };
    let changed = part.iter().any(|byte| *byte != 0);
    part.fill(0);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_do_not_overlap() {
        assert!(!overlap(vec![4..6, 1..4, 2..2]));
        assert!(overlap(vec![4..6, 1..5]));
    }

    #[test]
    fn what_is_kept_survives_inside_what_goes() {
        let mut bytes = [1; 10];
        let kept = joined(vec![9..10, 5..6, 2..4, 4..5]);
        assert_eq!(kept, [2..6, 9..10]);
        let gone = joined(vec![9..10, 1..8]);
        assert!(empty(&mut bytes, &gone, &kept));
        assert_eq!(bytes, [1, 0, 1, 1, 1, 1, 0, 0, 1, 1]);
        assert!(!empty(&mut bytes, &gone, &kept));
    }

    #[test]
    fn what_nobody_keeps_is_emptied_and_what_follows_is_cut_off() {
        let kept = [0..2, 4..5];
        let mut bytes = vec![1; 8];
        assert!(!are_all(&bytes, &kept));
        assert!(leave_only(&mut bytes, &kept));
        assert_eq!(bytes, [1, 1, 0, 0, 1]);
        bytes.extend([0, 0]);
        assert!(are_all(&bytes, &kept) && !leave_only(&mut bytes, &kept));
        assert_eq!(bytes.len(), 7);
    }
}
