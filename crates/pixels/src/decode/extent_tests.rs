//! Every JPEG of the repository is walked to its end, and a cut one is known for what it is.

use std::{fs, path::PathBuf};

use crate::{
    Limits, Recipe,
    container::jpeg::{Extent, Pixels, SCAN, extent},
    render,
};

const BLOCKS_MAX: u64 = 50_000_000;

/// Sound JPEGs: baseline and progressive, in Huffman and in arithmetic codes, with and without
/// restarts, of 1, 3 and 4 components, in one scan and in many.
fn sound() -> Vec<(PathBuf, Vec<u8>)> {
    let testdata = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata"));
    let folders = ["formats", "orientation", "photos"];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(testdata.join(folder)));
    let paths = entries.flatten().map(|entry| entry.expect("an entry").path());
    let files = paths.map(|path| (path.clone(), fs::read(path).expect("a file")));
    let is_sound = |(_, bytes): &(PathBuf, Vec<u8>)| {
        bytes.starts_with(&[0xFF, 0xD8])
            && render(
                bytes,
                &[Recipe { height: Some(50), ..Recipe::default() }],
                &Limits::default(),
            )
            .is_ok()
    };
    files.filter(is_sound).collect()
}

#[test]
fn a_sound_picture_is_whole_up_to_its_end_marker() {
    let all = sound();
    // Fewer are not every kind of them.
    assert!(all.len() >= 40, "only {} pictures", all.len());
    for (path, bytes) in all {
        let Extent { end, is_ended, pixels, .. } = extent(&bytes, BLOCKS_MAX).expect("a JPEG");
        let path = path.display();
        assert_eq!((pixels, is_ended), (Pixels::Whole, true), "{path}");
        assert_eq!(bytes[end - 2..end], [0xFF, 0xD9], "{path}");
        // Without its marker, and with something else behind it.
        let endless = [&bytes[..end - 2], b"\0\0\0\x18ftypmp42 and more"].concat();
        let found = extent(&endless, BLOCKS_MAX).expect("a JPEG");
        assert_eq!((found.pixels, found.is_ended), (Pixels::Whole, false), "{path}");
        // In arithmetic coding the last bytes may be needed by nobody.
        assert!(end - 2 - found.end <= 8, "{path}: {} bytes before the end", end - 2 - found.end);
    }
}

#[test]
fn a_cut_picture_is_never_whole() {
    for (path, bytes) in sound() {
        let whole = extent(&bytes, BLOCKS_MAX).expect("a JPEG");
        let start = whole.segments.iter().rfind(|segment| segment.marker == SCAN);
        let start = start.expect("a scan").body.end as usize;
        let pixels = whole.end - 2 - start;
        for part in [1, 4, 9] {
            let cut = start + pixels * part / 10;
            if whole.end - 2 - cut < 64 {
                continue;
            }
            for behind in [&[][..], &[0xFF, 0xD9]] {
                let file = [&bytes[..cut], behind].concat();
                let found = extent(&file, BLOCKS_MAX).expect("a JPEG").pixels;
                assert_ne!(found, Pixels::Whole, "{} at {part}/10", path.display());
            }
        }
    }
}
