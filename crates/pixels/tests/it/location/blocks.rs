//! Builds blocks of notes, and looks for positions without the reader under test.

/// A position nobody else uses: 48 degrees, 51 minutes, 29.6 seconds north, and so on.
pub(crate) const LAT: [u32; 6] = [48, 1, 51, 1, 296, 10];
pub(crate) const LON: [u32; 6] = [2, 1, 17, 1, 402, 10];

pub(crate) fn rationals(numbers: [u32; 6]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A directory's entry: tag, kind, count and value.
pub(crate) type Entry = (u16, u16, u32, Vec<u8>);

/// A directory at an offset, little-endian, its long values behind it.
pub(crate) fn directory(at: u32, entries: &[Entry], next: u32) -> Vec<u8> {
    let mut table = (entries.len() as u16).to_le_bytes().to_vec();
    let mut values: Vec<u8> = Vec::new();
    let values_at = at + 2 + 12 * entries.len() as u32 + 4;
    for (tag, kind, count, value) in entries {
        table.extend(tag.to_le_bytes());
        table.extend(kind.to_le_bytes());
        table.extend(count.to_le_bytes());
        if value.len() <= 4 {
            table.extend(value);
            table.resize(table.len() + 4 - value.len(), 0);
        } else {
            table.extend((values_at + values.len() as u32).to_le_bytes());
            values.extend(value);
        }
    }
    table.extend(next.to_le_bytes());
    [table, values].concat()
}

pub(crate) fn text(tag: u16, text: &str) -> Entry {
    let value = [text.as_bytes(), b"\0"].concat();
    (tag, 2, value.len() as u32, value)
}

pub(crate) fn long(tag: u16, value: u32) -> Entry {
    (tag, 4, 1, value.to_le_bytes().to_vec())
}

pub(crate) fn bytes(tag: u16, value: &[u8]) -> Entry {
    (tag, 7, value.len() as u32, value.to_vec())
}

/// The entries of a GPS directory.
pub(crate) fn position() -> Vec<Entry> {
    vec![text(1, "N"), (2, 5, 3, rationals(LAT)), text(3, "E"), (4, 5, 3, rationals(LON))]
}

/// A block with maker, model, the given entries, and a position at the end.
pub(crate) fn exif(more: &[Entry]) -> Vec<u8> {
    block(more, &position())
}

pub(crate) fn block(more: &[Entry], place: &[Entry]) -> Vec<u8> {
    let entries = |place: u32| {
        let mut all = vec![text(0x10F, "Minilab"), text(0x110, "Test camera"), long(0x8825, place)];
        all.extend(more.iter().cloned());
        all.sort_by_key(|entry| entry.0);
        all
    };
    let place_at = 8 + directory(8, &entries(0), 0).len() as u32;
    let header = [b"II\x2A\0".as_slice(), &8_u32.to_le_bytes()].concat();
    [header, directory(8, &entries(place_at), 0), directory(place_at, place, 0)].concat()
}

/// Whether the position is in a file, as numbers.
pub(crate) fn holds_position(file: &[u8]) -> bool {
    [LAT, LON].iter().any(|numbers| contains(file, &rationals(*numbers)))
}

pub(crate) fn contains(file: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(file, wanted).is_some()
}

/// The raw bytes of every latitude in a file: by brute force, in every TIFF block, at every byte,
/// whatever structure is around it.
pub(crate) fn latitudes(file: &[u8]) -> Vec<(f64, Vec<u8>)> {
    let mut found = Vec::new();
    for big_endian in [false, true] {
        let (header, entry): (&[u8], &[u8]) = if big_endian {
            (b"MM\0\x2A", b"\0\x02\0\x05\0\0\0\x03")
        } else {
            (b"II\x2A\0", b"\x02\0\x05\0\x03\0\0\0")
        };
        let number = |bytes: &[u8]| {
            let bytes = bytes.try_into().unwrap();
            if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        let starts =
            |wanted: &[u8]| -> Vec<usize> { memchr::memmem::find_iter(file, wanted).collect() };
        for block in starts(header) {
            for at in starts(entry).into_iter().filter(|at| *at > block) {
                let Some(offset) = file.get(at + 8..at + 12).map(number) else { continue };
                let value = block + offset as usize;
                let Some(raw) = file.get(value..value + 24) else { continue };
                let parts: Vec<f64> = raw.chunks(4).map(|part| f64::from(number(part))).collect();
                let degrees = parts[0] / parts[1] + parts[2] / parts[3] / 60.0;
                found.push((degrees + parts[4] / parts[5] / 3_600.0, raw.to_vec()));
            }
        }
    }
    found
}
