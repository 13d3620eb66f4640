//! Names of stored bytes. A new kind of blob does not compile until every question is answered.

use object_store::path::Path;
use uuid::Uuid;

/// One physical original: what it contains, and which writing of it this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// BLAKE3 of the bytes.
    pub hash: Vec<u8>,
    pub generation: Uuid,
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// What a stored object is.
#[derive(Clone, Copy, Debug)]
pub enum BlobKey<'a> {
    Original(&'a Original),
    /// What `preset` at `version` made of the original, by `pixels` of that version.
    Variant {
        original: &'a Original,
        preset: &'a str,
        version: i64,
        pixels_version: i64,
    },
}

impl Original {
    /// `ab/<hash>.<generation>`: 256 folders, and equal originals side by side.
    fn name(&self) -> String {
        let hash = hex(&self.hash);
        format!("{}/{hash}.{}", &hash[..2], self.generation.simple())
    }

    /// Where all variants of this original are.
    pub fn variants_prefix(&self) -> Path {
        Path::from(format!("variants/{}", self.name()))
    }
}

impl BlobKey<'_> {
    pub fn path(&self) -> Path {
        match self {
            Self::Original(original) => Path::from(format!("originals/{}", original.name())),
            Self::Variant { original, preset, version, pixels_version } => {
                let prefix = original.variants_prefix();
                prefix.join(format!("{preset}.{version}.{pixels_version}"))
            }
        }
    }
}
