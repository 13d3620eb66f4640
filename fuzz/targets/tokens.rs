//! Any text as an API key: only what we hand out is read, and it is read as what it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minilab_fuzz::key::{Key, Kind};

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let key = Key::parse(text);
        assert_eq!(key.is_some(), is_key(bytes), "{text:?}");
        if let Some(key) = key {
            assert_eq!(key.reveal(), text, "not the form in which it was handed out");
            assert!(bytes.starts_with(prefix(key.kind)), "taken for another kind: {text:?}");
        }
    }
    if let Some((id, rest)) = bytes.split_first_chunk::<16>()
        && let Some((secret, rest)) = rest.split_first_chunk::<32>()
    {
        check_key(*id, *secret, rest.first().copied().unwrap_or_default());
    }
});

const KINDS: [Kind; 6] =
    [Kind::Api, Kind::Cookie, Kind::Access, Kind::Refresh, Kind::Setup, Kind::Upload];

/// Has an arm for each kind, so that a new one cannot be forgotten here; it also joins [`KINDS`]
/// and gets a seed.
fn prefix(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Api => b"mlk_",
        Kind::Cookie => b"mlc_",
        Kind::Access => b"mla_",
        Kind::Refresh => b"mlr_",
        Kind::Setup => b"mls_",
        Kind::Upload => b"mlu_",
    }
}

/// A prefix, 32 digits, `_`, 43 digits of which the last one carries only four bits.
fn is_key(text: &[u8]) -> bool {
    let Some(rest) = KINDS.iter().find_map(|kind| text.strip_prefix(prefix(*kind))) else {
        return false;
    };
    let Some((id, [b'_', secret @ ..])) = rest.split_at_checked(32) else { return false };
    let digit = |byte: &u8| BASE64.iter().position(|digit| digit == byte);
    id.iter().all(|byte| HEX.contains(byte))
        && secret.len() == 43
        && secret.iter().all(|byte| digit(byte).is_some())
        && secret.last().and_then(digit).is_some_and(|digit| digit % 4 == 0)
}

/// Writes a key by hand and has it read.
fn check_key(id: [u8; 16], secret: [u8; 32], changed_bit: u8) {
    let text = written(id, secret);
    let key = Key::parse(&text).expect("a key is read");
    assert_eq!(key.kind, Kind::Api);
    assert_eq!((key.id.as_bytes(), key.reveal()), (&id, text));
    assert_eq!(key.secret_hash(), *blake3::hash(&secret).as_bytes());
    let mut hash = key.secret_hash();
    assert!(key.matches(&hash) && !key.matches(&hash[1..]));
    hash[usize::from(changed_bit / 8)] ^= 1 << (changed_bit % 8);
    assert!(!key.matches(&hash));
}

fn written(id: [u8; 16], secret: [u8; 32]) -> String {
    let digits = id.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let id: String = digits.map(|digit| char::from(HEX[usize::from(digit)])).collect();
    let bit = |at: usize| secret.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let digit =
        |at: usize| (at * 6..at * 6 + 6).fold(0, |value, at| value * 2 + usize::from(bit(at)));
    let secret: String = (0..43).map(|at| char::from(BASE64[digit(at)])).collect();
    format!("mlk_{id}_{secret}")
}
