//! What stands behind the end of a JPEG.

use pixels::{Recipe, without_location};

use super::{
    blocks::{contains, exif, holds_position},
    formats::{jpeg, segment},
};
use crate::support::look;

fn view() -> Vec<u8> {
    jpeg(&[segment(0xE1, &[b"Exif\0\0".as_slice(), &exif(&[])].concat())])
}

#[test]
fn pictures_behind_the_picture_are_cleaned_where_they_stand() {
    let padded = [view(), vec![0; 300], view(), view()].concat();
    let clean = without_location(padded.clone()).unwrap();
    assert_eq!(clean.len(), padded.len());
    assert!(holds_position(&padded) && !holds_position(&clean));
    let one = without_location(view()).unwrap();
    assert_eq!(clean, [one.clone(), vec![0; 300], one.clone(), one].concat());
}

#[test]
fn what_is_no_picture_is_cut_off() {
    let film =
        [b"\0\0\0\x18ftypmp42", b"\0\0\0\0\xA9xyz".as_slice(), b"+48.8577+002.295/"].concat();
    let pair = [view(), view()].concat();
    let clean = without_location([pair.clone(), film].concat()).unwrap();
    assert_eq!(clean, without_location(pair).unwrap());
    assert_eq!(look(&clean, &Recipe::default()), look(&view(), &Recipe::default()));
}

#[test]
fn a_second_picture_that_does_not_end_is_cut_off() {
    let half = &view()[..view().len() - 2];
    let clean = without_location([view().as_slice(), half].concat()).unwrap();
    assert_eq!(clean, without_location(view()).unwrap());
}

#[test]
fn a_thumbnail_is_cleaned_too() {
    let thumbnail = view();
    let with = |at: u32| {
        let pointer = super::blocks::long(0x201, at);
        let size = super::blocks::long(0x202, thumbnail.len() as u32);
        exif(&[pointer, size])
    };
    let block = [with(with(0).len() as u32).as_slice(), &thumbnail].concat();
    let file = jpeg(&[segment(0xE1, &[b"Exif\0\0".as_slice(), &block].concat())]);
    let clean = without_location(file.clone()).unwrap();
    assert!(holds_position(&file) && !holds_position(&clean));
    assert_eq!(clean.len(), file.len());
}

/// A film that tells the place.
fn film() -> Vec<u8> {
    [b"\0\0\0\x18ftypmp42\0\0\0\0mp42", b"\0\0\0\0\xA9xyz".as_slice(), b"+48.8577+002.295/"]
        .concat()
}

#[test]
fn a_film_behind_a_picture_without_an_end_is_cut_off() {
    let whole = view();
    let endless = &whole[..whole.len() - 2];
    let clean = without_location(endless.to_vec()).unwrap();
    for (what, behind) in [
        ("at once", film()),
        ("behind half a marker", [&[0xFF], film().as_slice()].concat()),
        ("with a marker of an end", [film().as_slice(), &[0xFF, 0xD9]].concat()),
        ("with markers of anything", [&[0x12, 0xFF, 0x42, 0, 90], film().as_slice()].concat()),
        ("with a comment", [&[0xFF, 0xFE, 0, 60], film().as_slice()].concat()),
        ("behind a picture that is none", [&[0xFF, 0xD8, 0xFF, 0xE0], film().as_slice()].concat()),
    ] {
        let made = without_location([endless, &behind].concat()).unwrap();
        assert!(!contains(&made, b"48.8577") && !contains(&made, b"ftyp"), "{what}");
        assert!(made.starts_with(&clean), "{what}");
        assert_eq!(look(&made, &Recipe::default()), look(&view(), &Recipe::default()), "{what}");
    }
}

#[test]
fn a_film_behind_a_picture_that_was_cut_is_cut_off() {
    let whole = view();
    for missing in [3, 40, 200, 400] {
        for behind in [film(), [film(), b"\xFF\xD9".to_vec()].concat()] {
            let made = without_location([&whole[..whole.len() - missing], &behind].concat());
            let Ok(made) = made else { continue };
            assert!(!contains(&made, b"48.8577"), "without {missing} bytes");
        }
    }
}

#[test]
fn what_stands_between_segments_is_emptied() {
    let words = b"GPSLatitude 48.8577";
    let mut file = view();
    let at = 4 + usize::from(u16::from_be_bytes([file[4], file[5]]));
    file.splice(at..at, words.iter().copied());
    let clean = without_location(file.clone()).unwrap();
    assert!(contains(&file, b"48.8577") && !contains(&clean, b"48.8577"));
    assert_eq!(clean.len(), file.len());
    assert_eq!(look(&clean, &Recipe::default()), look(&view(), &Recipe::default()));
    let mut behind_pixels = view();
    let end = behind_pixels.len() - 2;
    behind_pixels.splice(end..end, words.iter().copied());
    assert!(!contains(&without_location(behind_pixels).unwrap(), b"48.8577"));
}

#[test]
fn directories_that_announce_too_much_are_cleaned_as_they_are_read() {
    for announced in [4, 100, 65_535_u16] {
        let mut block = exif(&[]);
        block[8..10].copy_from_slice(&announced.to_le_bytes());
        let file = jpeg(&[segment(0xE1, &[b"Exif\0\0".as_slice(), &block].concat())]);
        let clean = without_location(file).unwrap();
        assert!(!holds_position(&clean), "{announced}");
        assert!(contains(&clean, b"Minilab") && contains(&clean, b"Test camera"), "{announced}");
    }
}
