//! From the rows to the files: what rows speak of that is not there, or not those bytes.

use std::time::Duration;

use futures_util::StreamExt;
use uuid::Uuid;

use super::{Difference, FileFault, sql};
use crate::app::App;
use crate::blobs::{BlobKey, Original};
use crate::fetch_all;
use crate::ids::BlobId;
use crate::variants::of_blob;

/// Hash and generation, bytes, and whether the original was not kept.
type StoredBlobRow = (BlobId, Vec<u8>, Uuid, i64, bool);

pub(super) async fn find_missing(
    app: &App,
    deep: bool,
    found: &mut Vec<Difference>,
) -> anyhow::Result<()> {
    let look = if deep { Comparison::Bytes } else { Comparison::Size };
    let mut after = BlobId::nil();
    loop {
        let mut conn = app.db.read().await?;
        let blobs = fetch_all!(&mut conn, StoredBlobRow, sql::SELECT_BLOBS_AFTER, after)?;
        let Some(last) = blobs.last() else {
            return Ok(());
        };
        after = last.0;
        for (blob, hash, generation, bytes, is_discarded) in blobs {
            let original = Original { hash, generation };
            let key = BlobKey::Original(&original);
            let wrong = if is_discarded {
                None
            } else {
                compare(app, &key, bytes, &original.hash, look).await?
            };
            if let Some(wrong) = wrong {
                let path = key.path().to_string();
                let generation = original.generation;
                found.push(Difference::Original { blob, generation, path, wrong });
            }
            for variant in of_blob(&mut conn, blob).await? {
                let key = BlobKey::Variant {
                    original: &original,
                    preset: &variant.preset,
                    version: variant.version,
                    pixels_version: variant.pixels_version,
                };
                let (version, pixels_version) = (variant.version, variant.pixels_version);
                let path = key.path().to_string();
                if let Some(wrong) = compare(app, &key, variant.bytes, &variant.hash, look).await? {
                    let preset = variant.preset;
                    found.push(Difference::Variant {
                        blob,
                        preset,
                        version,
                        pixels_version,
                        path,
                        wrong,
                        is_all_there_is: is_discarded,
                    });
                }
            }
        }
    }
}

/// How a file is compared with its row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Whether it is there, at its size.
    Size,
    /// Every byte.
    Bytes,
    /// Every byte, so many a second.
    Paced(u64),
}

/// What is wrong with a file, if anything.
pub(super) async fn compare(
    app: &App,
    key: &BlobKey<'_>,
    bytes: i64,
    hash: &[u8],
    look: Comparison,
) -> anyhow::Result<Option<FileFault>> {
    let expected = bytes as u64;
    match app.blobs.size(key).await? {
        None => return Ok(Some(FileFault::Missing)),
        Some(stored) if stored != expected => {
            return Ok(Some(FileFault::Size { stored, expected }));
        }
        Some(_) if look == Comparison::Size => return Ok(None),
        Some(_) => {}
    }
    let mut hasher = blake3::Hasher::new();
    let mut chunks = app.blobs.stream(key).await?;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        hasher.update(&chunk);
        if let Comparison::Paced(rate) = look {
            tokio::time::sleep(Duration::from_secs_f64(chunk.len() as f64 / rate as f64)).await;
        }
    }
    Ok((hasher.finalize().as_bytes() != hash).then_some(FileFault::Content))
}
