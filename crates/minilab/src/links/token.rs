//! What a link's token says, byte by byte. It is read only after the seal was found unbroken.

use uuid::Uuid;

use crate::blobs::{BlobKey, Original};
use crate::ids::{ImageId, LinkId};

/// All that is needed to serve a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    pub link: LinkId,
    pub expires_ms: i64,
    pub original: Original,
    pub subject: Subject,
    /// Of the bytes that are served.
    pub bytes: u64,
    /// The first 16 bytes of their hash.
    pub tag: [u8; 16],
    /// A word such as `jpeg`.
    pub format: String,
    pub filename: String,
    /// The image, if it goes after its first download.
    pub delete_after_download: Option<ImageId>,
}

/// Which of the stored bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Original,
    Variant { preset: String, version: i64, pixels_version: i64 },
}

impl Payload {
    pub fn key(&self) -> BlobKey<'_> {
        match &self.subject {
            Subject::Original => BlobKey::Original(&self.original),
            Subject::Variant { preset, version, pixels_version } => BlobKey::Variant {
                original: &self.original,
                preset,
                version: *version,
                pixels_version: *pixels_version,
            },
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(192 + self.filename.len());
        out.extend(self.link.as_bytes());
        out.extend(self.expires_ms.to_be_bytes());
        put(&mut out, &self.original.hash);
        out.extend(self.original.generation.as_bytes());
        let (preset, version, pixels_version) = match &self.subject {
            Subject::Original => ("", 0, 0),
            Subject::Variant { preset, version, pixels_version } => {
                (&**preset, *version, *pixels_version)
            }
        };
        put(&mut out, preset.as_bytes());
        out.extend(version.to_be_bytes());
        out.extend(pixels_version.to_be_bytes());
        out.extend(self.bytes.to_be_bytes());
        out.extend(self.tag);
        put(&mut out, self.format.as_bytes());
        put(&mut out, self.filename.as_bytes());
        out.extend(self.delete_after_download.iter().flat_map(|image| *image.as_bytes()));
        out
    }

    /// `None` for anything that [`to_bytes`](Self::to_bytes) did not write.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let link = Uuid::from_bytes(*take(&mut rest)?).into();
        let expires_ms = i64::from_be_bytes(*take(&mut rest)?);
        let hash = take_part(&mut rest)?.to_vec();
        let original = Original { hash, generation: Uuid::from_bytes(*take(&mut rest)?) };
        let preset = take_text(&mut rest)?;
        let version = i64::from_be_bytes(*take(&mut rest)?);
        let pixels_version = i64::from_be_bytes(*take(&mut rest)?);
        let subject = if preset.is_empty() {
            Subject::Original
        } else {
            Subject::Variant { preset, version, pixels_version }
        };
        let bytes = u64::from_be_bytes(*take(&mut rest)?);
        let tag = *take(&mut rest)?;
        let (format, filename) = (take_text(&mut rest)?, take_text(&mut rest)?);
        let delete_after_download = match rest {
            [] => None,
            image => Some(Uuid::from_slice(image).ok()?.into()),
        };
        Some(Self {
            link,
            expires_ms,
            original,
            subject,
            bytes,
            tag,
            format,
            filename,
            delete_after_download,
        })
    }
}

/// A part and its length; names are at most 200 bytes.
fn put(out: &mut Vec<u8>, part: &[u8]) {
    let part = &part[..part.len().min(usize::from(u8::MAX))];
    out.push(part.len() as u8);
    out.extend(part);
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(taken)
}

fn take_part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let [length] = *take::<1>(rest)?;
    let (part, left) = rest.split_at_checked(usize::from(length))?;
    *rest = left;
    Some(part)
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    String::from_utf8(take_part(rest)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(subject: Subject) -> Payload {
        Payload {
            link: Uuid::from_u128(7).into(),
            expires_ms: 1_800_000_000_123,
            original: Original { hash: vec![9; 32], generation: Uuid::from_u128(8) },
            subject,
            bytes: 12_345,
            tag: [3; 16],
            format: "jpeg".to_owned(),
            filename: "naïve 猫.h200.jpg".to_owned(),
            delete_after_download: None,
        }
    }

    #[test]
    fn what_is_written_is_read_and_nothing_shorter_or_longer() {
        let variant = Subject::Variant { preset: "h200".to_owned(), version: 3, pixels_version: 2 };
        for subject in [Subject::Original, variant] {
            let payload = payload(subject);
            let mut bytes = payload.to_bytes();
            assert_eq!(Payload::from_bytes(&bytes), Some(payload));
            for length in 0..bytes.len() {
                assert_eq!(Payload::from_bytes(&bytes[..length]), None, "{length}");
            }
            bytes.push(0);
            assert_eq!(Payload::from_bytes(&bytes), None);
        }
    }

    #[test]
    fn an_image_that_goes_after_its_download_is_named_at_the_end() {
        let payload = Payload {
            delete_after_download: Some(Uuid::from_u128(5).into()),
            ..payload(Subject::Original)
        };
        assert_eq!(Payload::from_bytes(&payload.to_bytes()), Some(payload));
    }
}
