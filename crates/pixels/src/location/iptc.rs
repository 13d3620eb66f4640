//! IPTC records and Photoshop's image resources, which hold them.

use super::{Work, bytes, jpeg, tiff, words};
use crate::Error;

/// Datasets of record 2 that name a place: content location code and name, city, sublocation,
/// province, country code, country.
const PLACES: [u8; 7] = [26, 27, 90, 92, 95, 100, 101];

/// What Photoshop's segments of a JPEG begin with.
pub(super) const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

const IPTC: u16 = 0x0404;
const THUMBNAIL: u16 = 0x040C;
const EXIF: [u16; 2] = [0x0422, 0x0423];
const XMP: u16 = 0x0424;
/// Bytes in front of the JPEG of a thumbnail.
const THUMBNAIL_HEADER: usize = 28;

/// Takes the places out of IPTC records, in place: datasets that name one, and captions and the
/// like that hold a position. What follows moves up, zeros fill the end.
pub(super) fn clean_records(records: &mut [u8]) {
    let mut kept = Vec::with_capacity(records.len());
    let mut at = 0;
    // What is no dataset is padding, or nothing that can be vouched for.
    while let Some(end) = dataset_end(records, at) {
        let is_place = records[at + 1] == 2 && PLACES.contains(&records[at + 2]);
        if !is_place && !words::holds_position(&records[at..end]) {
            kept.extend_from_slice(&records[at..end]);
        }
        at = end;
    }
    kept.resize(records.len(), 0);
    records.copy_from_slice(&kept);
}

/// Where the dataset at a position ends, if there is one.
fn dataset_end(records: &[u8], at: usize) -> Option<usize> {
    let [0x1C, _, _] = bytes::array(records, at)? else { return None };
    let length = bytes::be16(records, at + 3)?;
    let (start, length) = if length & 0x8000 == 0 {
        (at + 5, usize::from(length))
    } else {
        // The length of an extended dataset is itself so many bytes long.
        let digits = usize::from(length & 0x7FFF);
        let number = records.get(at + 5..(at + 5).checked_add(digits)?)?;
        let fold = |sum: usize, byte: &u8| sum.checked_mul(256)?.checked_add(usize::from(*byte));
        (at + 5 + digits, number.iter().try_fold(0, fold)?)
    };
    let end = start.checked_add(length)?;
    (end <= records.len()).then_some(end)
}

/// Takes the places out of a list of image resources, in place.
pub(super) fn clean_resources(resources: &mut [u8], work: &mut Work) -> Result<(), Error> {
    work.spend(resources.len())?;
    let mut at = 0;
    while let Some((id, start, end)) = resource(resources, at) {
        if let Some(content) = resources.get_mut(start..end) {
            clean_resource(id, content, work)?;
        }
        at = end + (end - start) % 2;
    }
    // The rest is padding, or a resource that goes on in another segment.
    if let Some(rest) = resources.get_mut(at..) {
        rest.fill(0);
    }
    Ok(())
}

/// Number, start and end of the resource at a position.
fn resource(resources: &[u8], at: usize) -> Option<(u16, usize, usize)> {
    let signature = bytes::array(resources, at)?;
    if !matches!(&signature, b"8BIM" | b"MeSa" | b"PHUT" | b"AgHg" | b"DCSR") {
        return None;
    }
    let id = bytes::be16(resources, at + 4)?;
    // A name with its length, padded to an even number of bytes.
    let name = (1 + usize::from(*resources.get(at + 6)?)).next_multiple_of(2);
    let start = at + 6 + name + 4;
    let end = start.checked_add(bytes::be32(resources, start - 4)? as usize)?;
    (end <= resources.len()).then_some((id, start, end))
}

fn clean_resource(id: u16, content: &mut [u8], work: &mut Work) -> Result<(), Error> {
    match id {
        IPTC => clean_records(content),
        XMP => words::clean_packet(content),
        _ if EXIF.contains(&id) => tiff::clean_block(content, work)?,
        THUMBNAIL => {
            if let Some(picture) = content.get_mut(THUMBNAIL_HEADER..) {
                jpeg::clean_part(picture, work)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Takes the places out of a block that is either: writers disagree.
pub(super) fn clean_either(block: &mut [u8], work: &mut Work) -> Result<(), Error> {
    let start = if block.starts_with(PHOTOSHOP) { PHOTOSHOP.len() } else { 0 };
    match block.get_mut(start..) {
        Some(resources) if resources.starts_with(b"8BIM") => clean_resources(resources, work),
        Some(records) => {
            clean_records(records);
            Ok(())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(number: u8, value: &[u8]) -> Vec<u8> {
        [&[0x1C, 2, number, 0, value.len() as u8], value].concat()
    }

    #[test]
    fn places_go_and_what_follows_moves_up() {
        let (title, city, author) =
            (dataset(5, b"Tower"), dataset(90, b"Paris"), dataset(80, b"Me"));
        let mut records = [&title[..], &city, &author].concat();
        clean_records(&mut records);
        assert_eq!(records, [&title[..], &author, &[0; 10]].concat());
        let once = records.clone();
        clean_records(&mut records);
        assert_eq!(records, once);
    }

    #[test]
    fn a_caption_with_a_position_goes() {
        let (title, caption) = (dataset(5, b"Tower"), dataset(120, b"at 48.8577, 2.2945"));
        let mut records = [&caption[..], &title].concat();
        clean_records(&mut records);
        assert!(records.starts_with(&title) && records[title.len()..].iter().all(|it| *it == 0));
    }

    #[test]
    fn a_dataset_that_does_not_end_is_emptied() {
        let mut records = [&dataset(5, b"Tower")[..], &[0x1C, 2, 90, 0, 9], b"Paris"].concat();
        clean_records(&mut records);
        assert_eq!(records, [&dataset(5, b"Tower")[..], &[0; 10]].concat());
    }
}
