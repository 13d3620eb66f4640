//! What stands behind the end of a JPEG.

use pixels::{Recipe, without_location};

use super::{
    blocks::{exif, holds_position},
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
