//! Stored bytes that were lost or have changed: nothing wrong goes out as if it were right.
//!
//! Before an answer one look at the file's size; of a whole answer the last bytes are held back until the
//! hash of all is known, and if it is not the right one, the connection breaks.

use std::collections::VecDeque;

use anyhow::bail;
use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};

use super::Problem;
use super::code::Code;
use super::tag::short_tag;
use crate::blobs::{BlobKey, Blobs, Suspect, Suspects};
use crate::seldom::Seldom;

/// Whoever asks for it again and again need not be told of each time.
static TOLD: Seldom = Seldom::new();

/// So much of a whole answer waits for the hash.
const HELD_BACK_BYTES: u64 = 64 * 1024;

/// What became of stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("the stored file is missing")]
    Lost,
    #[error("the stored file is not what its row says")]
    Changed,
}

impl Damage {
    /// What is answered instead of the bytes.
    pub fn problem(self, key: &BlobKey<'_>) -> Problem {
        if TOLD.speaks() {
            tracing::warn!(path = %key.path(), damage = %self, "stored bytes are damaged");
        }
        match (key, self) {
            (BlobKey::Variant { .. }, _) => {
                let detail = "the variant was lost, and there is no original to make it from again";
                Problem::new(Code::VariantLost, detail)
            }
            (BlobKey::Original(_), Self::Lost) => {
                let detail = "the original was lost; uploading the same file puts it back";
                Problem::new(Code::OriginalLost, detail)
            }
            (BlobKey::Original(_), Self::Changed) => {
                let detail = "the stored original is damaged; uploading the same file puts it back";
                Problem::new(Code::OriginalDamaged, detail)
            }
        }
    }

    /// The damage that is at the root of a failure, told as such; anything else is a fault of ours.
    pub fn explain(cause: &anyhow::Error, key: &BlobKey<'_>) -> Problem {
        match cause.chain().find_map(|cause| cause.downcast_ref::<Self>()) {
            Some(damage) => damage.problem(key),
            None => Problem::internal(cause),
        }
    }
}

/// Looks whether a file is there at its size; reads nothing.
pub async fn find_damage(
    blobs: &Blobs,
    key: &BlobKey<'_>,
    bytes: u64,
) -> anyhow::Result<Option<Damage>> {
    Ok(match blobs.size(key).await? {
        Some(stored) if stored == bytes => None,
        Some(_) => Some(Damage::Changed),
        None => Some(Damage::Lost),
    })
}

/// All bytes of a blob, if they are what `hash` says, or its first 16 bytes.
pub async fn read(
    blobs: &Blobs,
    key: &BlobKey<'_>,
    bytes: u64,
    hash: &[u8],
) -> anyhow::Result<Bytes> {
    if let Some(damage) = find_damage(blobs, key, bytes).await? {
        bail!(damage);
    }
    let found = blobs.bytes(key).await?;
    if short_tag(blake3::hash(&found).as_bytes()) != short_tag(hash) {
        blobs.suspects.report(key);
        bail!(Damage::Changed);
    }
    Ok(found)
}

/// Whether the bytes are what `hash` says; they are read in pieces.
pub async fn is_right(blobs: &Blobs, key: &BlobKey<'_>, hash: &[u8]) -> anyhow::Result<bool> {
    let (mut chunks, mut hasher) = (blobs.stream(key).await?, blake3::Hasher::new());
    while let Some(chunk) = chunks.next().await {
        hasher.update(&chunk?);
    }
    Ok(hasher.finalize().as_bytes()[..] == *hash)
}

/// A whole answer of `bytes` bytes on its way out.
struct Verified {
    body: BodyDataStream,
    hasher: blake3::Hasher,
    tag: [u8; 16],
    suspect: Suspect,
    suspects: Suspects,
    /// Bytes that may go before the hash is known.
    free: u64,
    /// Bytes that are to come.
    left: u64,
    held: BytesMut,
    /// Parts that may go now.
    ready: VecDeque<Bytes>,
}

/// The same body, whose end goes out only if all of it was right. A body that ends early breaks as well.
pub fn verified(blobs: &Blobs, body: Body, bytes: u64, tag: [u8; 16], key: &BlobKey<'_>) -> Body {
    let verified = Verified {
        body: body.into_data_stream(),
        hasher: blake3::Hasher::new(),
        tag,
        suspect: key.into(),
        suspects: blobs.suspects.clone(),
        free: bytes.saturating_sub(HELD_BACK_BYTES),
        left: bytes,
        held: BytesMut::new(),
        ready: VecDeque::new(),
    };
    Body::from_stream(stream::try_unfold(verified, |mut verified| async move {
        Ok::<_, anyhow::Error>(verified.next().await?.map(|chunk| (chunk, verified)))
    }))
}

impl Verified {
    async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Ok(Some(chunk));
            }
            if self.left == 0 {
                return Ok(None);
            }
            match self.body.next().await {
                Some(chunk) => self.take(chunk?)?,
                None => return Err(self.broken()),
            }
        }
    }

    fn take(&mut self, mut chunk: Bytes) -> anyhow::Result<()> {
        let length = chunk.len() as u64;
        if length > self.left {
            return Err(self.broken());
        }
        // Here, not on another thread: handing chunks over takes longer than hashing them.
        self.hasher.update(&chunk);
        self.left -= length;
        let now = chunk.split_to(self.free.min(length) as usize);
        self.free -= now.len() as u64;
        if !now.is_empty() {
            self.ready.push_back(now);
        }
        self.held.extend_from_slice(&chunk);
        if self.left == 0 {
            if short_tag(self.hasher.finalize().as_bytes()) != self.tag {
                return Err(self.broken());
            }
            self.ready.push_back(std::mem::take(&mut self.held).freeze());
        }
        Ok(())
    }

    fn broken(&self) -> anyhow::Error {
        self.suspects.report_one(self.suspect.clone());
        if TOLD.speaks() {
            let suspect = &self.suspect;
            tracing::warn!(?suspect, "stored bytes are damaged; an answer was broken off");
        }
        Damage::Changed.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out of a body that is sent in chunks of `size`, and whether it ended well.
    async fn pass(bytes: &[u8], size: usize, said: u64, hash: blake3::Hash) -> (Vec<u8>, bool) {
        let chunks = bytes.chunks(size).map(|chunk| anyhow::Ok(Bytes::copy_from_slice(chunk)));
        let body = Body::from_stream(stream::iter(chunks.collect::<Vec<_>>()));
        let original = crate::blobs::Original { hash: vec![0; 32], generation: uuid::Uuid::nil() };
        let tag = short_tag(hash.as_bytes());
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&crate::blobs::BlobsConfig::default(), folder.path()).unwrap();
        let key = BlobKey::Original(&original);
        let mut out = verified(&blobs, body, said, tag, &key).into_data_stream();
        let mut all = Vec::new();
        while let Some(chunk) = out.next().await {
            let Ok(chunk) = chunk else { return (all, false) };
            all.extend(chunk);
        }
        (all, true)
    }

    #[tokio::test]
    async fn the_end_goes_out_only_if_all_was_right() {
        let bytes = (0..300_000_u32).map(|at| ((at * 31) >> 3) as u8).collect::<Vec<_>>();
        for length in [1, 1000, 65_535, 65_536, 65_537, 300_000] {
            let right = &bytes[..length];
            let hash = blake3::hash(right);
            let held = length.saturating_sub(65_536);
            for size in [1000, 65_536, 400_000] {
                let said = length as u64;
                assert_eq!(pass(right, size, said, hash).await, (right.to_vec(), true));
                let mut wrong = right.to_vec();
                wrong[0] ^= 1;
                let (out, ended_well) = pass(&wrong, size, said, hash).await;
                assert!(out.len() <= held && !ended_well, "{length} {size}: wrong");
                assert_eq!(out, wrong[..out.len()], "{length} {size}");
                let (out, ended_well) = pass(&right[1..], size, said, hash).await;
                assert!(out.len() <= held && !ended_well, "{length} {size}: cut");
            }
        }
    }
}
