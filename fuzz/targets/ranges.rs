//! Any text as a `Range` header, for files of all sizes: against a plain reading of RFC 9110.

#![no_main]

use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use minilab_fuzz::range::{Requested, parse_range};

fuzz_target!(|bytes: &[u8]| {
    // Only what gets through as a header's text is ever asked.
    let Ok(header) = HeaderValue::from_bytes(bytes) else { return };
    let Ok(text) = header.to_str() else { return };
    let wanted = model(text);
    let mut sizes = vec![0, 1, 2, 100, 1 << 32, u64::MAX];
    // The numbers in the text themselves are where things change.
    for number in text.split(|c: char| !c.is_ascii_digit()).filter_map(|text| text.parse().ok()) {
        sizes.extend([u64::saturating_sub(number, 1), number, u64::saturating_add(number, 1)]);
    }
    for size in sizes {
        check(text, size, wanted);
    }
});

/// What a header asks for, of a file of any size.
#[derive(Clone, Copy)]
enum Wanted {
    /// It is no range of bytes.
    Nonsense,
    Between(u128, u128),
    Last(u128),
}

impl Wanted {
    /// Whether the byte at a position of a file of this size is asked for.
    fn has(self, position: u64, size: u64) -> bool {
        let position = u128::from(position);
        match self {
            Self::Nonsense => true,
            Self::Between(first, last) => first <= position && position <= last,
            Self::Last(count) => position + count >= u128::from(size),
        }
    }
}

fn model(text: &str) -> Wanted {
    let Some((unit, set)) = text.split_once('=') else { return Wanted::Nonsense };
    let parts: Vec<&str> = set.trim().split('-').collect();
    let [first, last] = parts[..] else { return Wanted::Nonsense };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_bytes = unit.trim().eq_ignore_ascii_case("bytes");
    if !is_bytes || !is_number(first) || !is_number(last) {
        return Wanted::Nonsense;
    }
    // Beyond 64 bits all numbers are alike.
    let number = |text: &str| {
        text.bytes().fold(0, |value: u128, digit| {
            (value * 10 + u128::from(digit - b'0')).min(u128::from(u64::MAX))
        })
    };
    match (first, last) {
        ("", "") => Wanted::Nonsense,
        ("", last) => Wanted::Last(number(last)),
        (first, "") => Wanted::Between(number(first), u128::MAX),
        (first, last) if number(last) < number(first) => Wanted::Nonsense,
        (first, last) => Wanted::Between(number(first), number(last)),
    }
}

fn check(text: &str, size: u64, wanted: Wanted) {
    let found = parse_range(text, size);
    if let Wanted::Nonsense = wanted {
        assert_eq!(found, Requested::Whole, "{text:?} of {size}");
        return;
    }
    let part = match &found {
        Requested::Part(part) => part.clone(),
        Requested::Nothing => 0..0,
        Requested::Whole => panic!("{text:?} of {size} is a range"),
    };
    assert!(part.start <= part.end && part.end <= size, "{part:?} of {size}");
    assert_eq!(part.is_empty(), found == Requested::Nothing, "{text:?} of {size}");
    let edges = [0, part.start.wrapping_sub(1), part.start, part.end.wrapping_sub(1), part.end];
    for at in edges.into_iter().chain([size / 2, size.wrapping_sub(1)]).filter(|at| *at < size) {
        assert_eq!(part.contains(&at), wanted.has(at, size), "byte {at} of {size}, {text:?}");
    }
}
