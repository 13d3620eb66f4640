//! BMP: rows that are not where the file says.

use pixels::{Limits, Recipe, probe};
use std::io::Cursor;

use crate::support::{file, look};

/// Says in the header of a file that its rows begin elsewhere.
fn with_offset(name: &str, offset: u32) -> Vec<u8> {
    let mut bytes = file(name);
    bytes[10..14].copy_from_slice(&offset.to_le_bytes());
    bytes
}

#[test]
fn rows_without_a_place_follow_the_header() {
    for name in ["formats/image__Info_8_Bit.bmp", "formats/image__rgb24.bmp"] {
        let wanted = look(&file(name), &Recipe::default());
        assert_eq!(look(&with_offset(name, 0), &Recipe::default()), wanted, "{name}");
    }
}

#[test]
fn rows_said_to_be_where_the_colours_are_follow_them() {
    for name in ["formats/image__Info_8_Bit.bmp", "formats/image__Info_4_Bit.bmp"] {
        let bytes = file(name);
        let header = u32::from_le_bytes(*bytes[14..].first_chunk().unwrap());
        let wanted = look(&bytes, &Recipe::default());
        assert_eq!(look(&with_offset(name, 14 + header), &Recipe::default()), wanted, "{name}");
    }
}

#[test]
fn rows_behind_the_end_are_refused_before_anything_is_decoded() {
    let bytes = with_offset("formats/image__rgb24.bmp", 1 << 30);
    let refused = probe(Cursor::new(&bytes), &Limits::default()).unwrap_err();
    assert!(refused.to_string().contains("ends inside the picture"), "{refused}");
}
