//! What a `Range` header asks for.

use std::ops::Range;

#[derive(Debug, PartialEq, Eq)]
pub enum Requested {
    Whole,
    /// Never empty, and inside of what there is.
    Part(Range<u64>),
    Nothing,
}

/// RFC 9110 section 14: a malformed or multiple range is ignored, an empty one refused.
pub fn parse_range(range: &str, bytes: u64) -> Requested {
    let number = |digits: &str| {
        let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        // A number too long for 64 bits is past every end.
        all_digits.then(|| digits.parse::<u64>().unwrap_or(u64::MAX))
    };
    let Some((unit, set)) = range.split_once('=') else {
        return Requested::Whole;
    };
    let Some((first, last)) = set.trim().split_once('-') else {
        return Requested::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Requested::Whole;
    }
    match (number(first), number(last)) {
        (None, Some(suffix)) if first.is_empty() => match suffix.min(bytes) {
            0 => Requested::Nothing,
            suffix => Requested::Part(bytes - suffix..bytes),
        },
        (Some(first), Some(last)) if last < first => Requested::Whole,
        (Some(first), _) if first >= bytes && (last.is_empty() || number(last).is_some()) => {
            Requested::Nothing
        }
        (Some(first), Some(last)) => Requested::Part(first..last.saturating_add(1).min(bytes)),
        (Some(first), None) if last.is_empty() => Requested::Part(first..bytes),
        _ => Requested::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        for (range, expected) in [
            ("bytes=0-9", Requested::Part(0..10)),
            ("bytes=90-", Requested::Part(90..100)),
            ("bytes=90-1000", Requested::Part(90..100)),
            ("bytes=-10", Requested::Part(90..100)),
            ("bytes=-1000", Requested::Part(0..100)),
            ("Bytes=99-99", Requested::Part(99..100)),
            ("bytes=100-", Requested::Nothing),
            ("bytes=99999999999999999999999-", Requested::Nothing),
            ("bytes=-0", Requested::Nothing),
            ("bytes=5-2", Requested::Whole),
            ("bytes=0-1,5-6", Requested::Whole),
            ("bytes=-", Requested::Whole),
            ("bytes=a-b", Requested::Whole),
            ("items=0-9", Requested::Whole),
            ("bytes", Requested::Whole),
        ] {
            assert_eq!(parse_range(range, 100), expected, "{range}");
        }
    }
}
