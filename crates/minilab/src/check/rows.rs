//! From the rows to the files: what rows speak of that is not there, or not those bytes.

use futures_util::StreamExt;
use uuid::Uuid;

use super::{Difference, Wrong, sql};
use crate::app::App;
use crate::blobs::{BlobKey, Original};
use crate::fetch_all;
use crate::variants::of_blob;

/// Hash and generation, bytes, and whether the original was not kept.
type BlobLine = (Uuid, Vec<u8>, Uuid, i64, bool);

pub(super) async fn find_missing(
    app: &App,
    deep: bool,
    found: &mut Vec<Difference>,
) -> anyhow::Result<()> {
    let mut after = Uuid::nil();
    loop {
        let mut conn = app.db.read().await?;
        let blobs = fetch_all!(&mut conn, BlobLine, sql::SELECT_BLOBS_AFTER, after)?;
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
                compare(app, &key, bytes, &original.hash, deep).await?
            };
            if let Some(wrong) = wrong {
                let path = key.path().to_string();
                found.push(Difference::Original { blob, path, wrong });
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
                if let Some(wrong) = compare(app, &key, variant.bytes, &variant.hash, deep).await? {
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

async fn compare(
    app: &App,
    key: &BlobKey<'_>,
    bytes: i64,
    hash: &[u8],
    deep: bool,
) -> anyhow::Result<Option<Wrong>> {
    let expected = bytes as u64;
    match app.blobs.size(key).await? {
        None => return Ok(Some(Wrong::Missing)),
        Some(stored) if stored != expected => return Ok(Some(Wrong::Size { stored, expected })),
        Some(_) if !deep => return Ok(None),
        Some(_) => {}
    }
    let mut hasher = blake3::Hasher::new();
    let mut chunks = app.blobs.stream(key).await?;
    while let Some(chunk) = chunks.next().await {
        hasher.update(&chunk?);
    }
    Ok((hasher.finalize().as_bytes() != hash).then_some(Wrong::Content))
}
