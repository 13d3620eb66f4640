//! Decides by its words, or by a position in figures, whether a text tells a place.
//!
//! Better a packet too many than one too few. Two wordlists, because people write of cities in
//! remarks that are theirs to publish, while a property named `City` is there to tell the place.

use std::borrow::Cow;

use super::{figures, written};

/// Words of a position.
const POSITION: [&[u8]; 5] = [b"gps", b"latitude", b"longitude", b"iso6709", b"geotag"];
/// Words inside the names of properties that tell a place.
const INSIDE: [&[u8]; 4] = [b"location", b"sublocation", b"city", b"country"];
/// Whole names of such properties.
const ALONE: [&[u8]; 5] = [b"geo", b"province", b"provincestate", b"state", b"worldregion"];
/// A longer run of letters and digits is packed data, which holds any word by chance.
const WORD_BYTES_MAX: usize = 64;
/// What Adobe's programs say of every file that was saved elsewhere.
const NO_PLACE: &[u8] = b"saved to new location";
/// A packet without properties; it parses, so that readers do not complain.
const EMPTY_PACKET: &[u8] = b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>";

/// Whether properties (XMP and the like) name a place or a position.
pub(super) fn name_place(text: &[u8]) -> bool {
    let text = &without_zeros(text);
    figures::hold_position(text)
        || written::tell_position(text)
        || any_word(text, |word| {
            POSITION.iter().chain(&INSIDE).any(|wanted| holds(word, wanted))
                || ALONE.iter().any(|wanted| word.eq_ignore_ascii_case(wanted))
        })
}

/// Whether a remark in a person's or a program's words holds a position.
pub(super) fn holds_position(text: &[u8]) -> bool {
    // What stands behind zeros stands apart: the encoding of a remark, for one.
    if written::hold_position(text) {
        return true;
    }
    let text = &without_zeros(text);
    figures::hold_position(text)
        || written::hold_position(text)
        || any_word(text, |word| POSITION.iter().any(|wanted| holds(word, wanted)))
}

/// Empties an XMP packet that names a place.
pub(super) fn clean_packet(packet: &mut [u8]) {
    if !name_place(packet) {
        return;
    }
    packet.fill(b' ');
    if let Some(start) = packet.get_mut(..EMPTY_PACKET.len()) {
        start.copy_from_slice(EMPTY_PACKET);
    }
}

/// A text without its zeros: UTF-16 and UTF-32 then read like ASCII, which all that matters is.
fn without_zeros(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(0, text).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.iter().copied().filter(|byte| *byte != 0).collect())
}

/// Asks about the words of a text.
fn any_word(text: &[u8], wanted: impl Fn(&[u8]) -> bool) -> bool {
    let mut text = text.to_vec();
    let phrases: Vec<usize> = memchr::memmem::find_iter(&text, NO_PLACE).collect();
    for at in phrases {
        text[at..at + NO_PLACE.len()].fill(b' ');
    }
    let is_packed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let mut runs = text.split(|byte| !is_packed(byte)).filter(|run| run.len() <= WORD_BYTES_MAX);
    runs.any(|run| run.split(|byte| !byte.is_ascii_alphanumeric()).any(&wanted))
}

/// Whether a word is made of another one: `GPSLatitude` of `latitude`, but `Opacity` not of `city`.
fn holds(word: &[u8], wanted: &[u8]) -> bool {
    word.windows(wanted.len()).enumerate().any(|(at, part)| {
        let begins = at == 0 || part[0].is_ascii_uppercase() || !word[at - 1].is_ascii_alphabetic();
        begins && part.eq_ignore_ascii_case(wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_that_name_a_place_are_found() {
        for text in [
            &b"<exif:GPSLatitude>48"[..],
            b"drone-dji:GpsLongtitude=\"1\"",
            b"<photoshop:City/>",
            b"<photoshop:State>",
            b"Iptc4xmpCore:CountryCode",
            b"Iptc4xmpExt:LocationShown",
            b"Iptc4xmpExt:Sublocation",
            b"<geo:lat>",
            b"G\0P\0S\0A\0l\0t\0i\0t\0u\0d\0e\0",
        ] {
            assert!(name_place(text), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn other_words_and_packed_data_are_none_of_our_business() {
        for text in [
            &b"crs:Opacity=\"1\" allocation velocity capacity tiff:Orientation"[..],
            b"stEvt:parameters=\"saved to new location\"",
            b"xmpMM:InstanceID hdrgm:GainMapMax geometry pseudocountry",
            format!("{}GPSCity", "x".repeat(80)).as_bytes(),
        ] {
            assert!(!name_place(text), "{}", text.escape_ascii());
        }
        assert!(!holds_position(b"The city at night, the old country"));
        assert!(holds_position(b"{\"latitude\": 48.1}"));
        assert!(holds_position(b"ASCII\0\0\0N48.8577 E2.2945"));
        assert!(holds_position(b"+48.8577+002.2945/") && name_place(b"+48.8577+002.2945/"));
        assert!(holds_position(
            b"+\x004\x008\0.\x008\x005\x007\x007\0+\x000\x000\x002\0.\x002\x009\x004\0"
        ));
    }

    #[test]
    fn an_emptied_packet_says_nothing_and_stays_so() {
        let mut packet =
            b"<x:xmpmeta><exif:GPSLatitude>48,51N</exif:GPSLatitude></x:xmpmeta>".to_vec();
        clean_packet(&mut packet);
        assert!(packet.starts_with(EMPTY_PACKET) && packet.ends_with(b" "));
        assert!(!name_place(&packet));
    }
}
