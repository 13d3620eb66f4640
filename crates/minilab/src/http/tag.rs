//! Tags of stored bytes: the first 16 bytes of their hash, as entity tags and in addresses.

use axum::http::HeaderValue;

use crate::blobs::hex;

/// The first 16 bytes of a content hash.
pub fn short_tag(hash: &[u8]) -> [u8; 16] {
    let mut tag = [0; 16];
    tag[..hash.len().min(16)].copy_from_slice(&hash[..hash.len().min(16)]);
    tag
}

/// The first 16 bytes of a content hash, as text: what tags and versioned addresses carry.
pub fn fingerprint(hash: &[u8]) -> String {
    hex(&short_tag(hash))
}

/// `If-None-Match` compares weakly: `*`, or any tag of the list with or without `W/`.
pub fn matches_tag(wanted: &HeaderValue, etag: &str) -> bool {
    let Ok(wanted) = wanted.to_str() else {
        return false;
    };
    wanted.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_tags_matches_weakly() {
        for (wanted, matches) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
        ] {
            assert_eq!(
                matches_tag(&HeaderValue::from_static(wanted), "\"a\""),
                matches,
                "{wanted}"
            );
        }
    }
}
