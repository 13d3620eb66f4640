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

/// A picture whose header is fine and whose pixels end too early.
pub(crate) fn truncated(seed: u8) -> Vec<u8> {
    let mut file = bmp(300, 300, seed);
    file.truncate(1000);
    file
}

/// A file of the corpus that `MINILAB_CORPUS` names, or else of the one that is checked in.
pub(crate) fn corpus(path: &str) -> Vec<u8> {
    let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");
    let corpus = std::env::var_os("MINILAB_CORPUS").unwrap_or_else(|| testdata.into());
    let file = std::path::Path::new(&corpus).join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
