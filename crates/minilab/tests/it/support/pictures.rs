//! Pictures made on the spot: small, valid, and as many different ones as a test wants.

/// An uncompressed picture of one colour, in the format of old Windows.
pub(crate) fn bmp(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let row_bytes = (width * 3).div_ceil(4) * 4;
    let pixel_bytes = row_bytes * height;
    let mut file = Vec::new();
    file.extend(b"BM");
    for number in [54 + pixel_bytes, 0, 54, 40, width, height] {
        file.extend(number.to_le_bytes());
    }
    file.extend([1, 0, 24, 0]);
    for number in [0, pixel_bytes, 2835, 2835, 0, 0] {
        file.extend(u32::to_le_bytes(number));
    }
    for row in 0..height {
        let mut pixels = Vec::with_capacity(row_bytes as usize);
        for column in 0..width {
            pixels.extend([seed, (row % 251) as u8, (column % 241) as u8]);
        }
        pixels.resize(row_bytes as usize, 0);
        file.extend(pixels);
    }
    file
}

/// A PNG whose header is fine, and whose pixels turn out to be none when they are decoded.
pub(crate) fn undecodable(seed: u8) -> Vec<u8> {
    let size = 300_u32.to_be_bytes();
    let header = [&size[..], &size, &[8, 2, 0, 0, 0]].concat();
    let parts = [(b"IHDR", header), (b"IDAT", vec![seed; 900]), (b"IEND", Vec::new())];
    let chunks = parts.map(|(kind, content)| {
        let named = [&kind[..], &content].concat();
        let length = (content.len() as u32).to_be_bytes();
        [&length[..], &named, &crc32(&named).to_be_bytes()].concat()
    });
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}

/// The sum at the end of each chunk of a PNG.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
    })
}

/// A file of the corpus that `MINILAB_CORPUS` names, or else of the one that is checked in.
pub(crate) fn corpus(path: &str) -> Vec<u8> {
    let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    let corpus = std::env::var_os("MINILAB_CORPUS").unwrap_or_else(|| testdata.into());
    let file = std::path::Path::new(&corpus).join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What a made-up camera writes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Notes<'a> {
    pub(crate) model: &'a str,
    /// Such as `2008:05:30 15:56:01`.
    pub(crate) taken: &'a str,
    /// Such as `+02:00`.
    pub(crate) offset: &'a str,
    pub(crate) has_gps: bool,
}

/// A JPEG with notes; another file for each `seed`.
pub(crate) fn photo(notes: Notes<'_>, seed: u16) -> Vec<u8> {
    let exif = [b"Exif\0\0".to_vec(), exif(notes)].concat();
    let before = [segment(0xFE, &seed.to_be_bytes()), segment(0xE1, &exif)].concat();
    let mut file = corpus("formats/image__cat.jpg");
    file.splice(2..2, before);
    file
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&[0xFF, marker][..], &length, content].concat()
}

/// Tag, kind, count, value.
type Field = (u16, u16, u32, Vec<u8>);

fn exif(Notes { model, taken, offset, has_gps }: Notes<'_>) -> Vec<u8> {
    let text = |tag: u16, text: &str| -> Option<Field> {
        let value = [text.as_bytes(), b"\0"].concat();
        (!text.is_empty()).then_some((tag, 2, value.len() as u32, value))
    };
    let place = |tag: u16, hemisphere: u8, degrees: u32| -> [Field; 2] {
        let fractions = [degrees, 1, 30, 1, 0, 1].into_iter().flat_map(u32::to_le_bytes);
        [(tag, 2, 2, vec![hemisphere, 0]), (tag + 1, 5, 3, fractions.collect())]
    };
    let mut block = b"II*\0\0\0\0\0".to_vec();
    let mut first = Vec::from_iter(text(0x0110, model));
    let write = |block: &mut Vec<u8>, fields: &[Field]| {
        let at = block.len() as u32;
        block.extend(directory(at, fields));
        at.to_le_bytes().to_vec()
    };
    let camera = [text(0x9003, taken), text(0x9011, offset)].into_iter().flatten();
    let at = write(&mut block, &camera.collect::<Vec<_>>());
    first.push((0x8769, 4, 1, at));
    if has_gps {
        let at = write(&mut block, &[place(1, b'N', 48), place(3, b'E', 2)].concat());
        first.push((0x8825, 4, 1, at));
    }
    let at = write(&mut block, &first);
    block[4..8].copy_from_slice(&at);
    block
}

/// A directory that will lie at `at`, with its values behind it.
fn directory(at: u32, fields: &[Field]) -> Vec<u8> {
    let mut entries = (fields.len() as u16).to_le_bytes().to_vec();
    let mut values = Vec::new();
    let values_at = at + 2 + 12 * fields.len() as u32 + 4;
    for (tag, kind, count, value) in fields {
        entries.extend(tag.to_le_bytes());
        entries.extend(kind.to_le_bytes());
        entries.extend(count.to_le_bytes());
        if value.len() <= 4 {
            let mut inline = value.clone();
            inline.resize(4, 0);
            entries.extend(inline);
        } else {
            entries.extend((values_at + values.len() as u32).to_le_bytes());
            values.extend(value);
        }
    }
    [entries, vec![0; 4], values].concat()
}
