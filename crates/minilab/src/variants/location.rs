//! The original without the place it was taken at: made once for each blob, beside its variants.

use anyhow::Context;
use bytes::Bytes;
use uuid::Uuid;

use super::{PIXELS_VERSION, Variant, develop, of_blob, sql};
use crate::app::App;
use crate::blobs::BlobKey;
use crate::counters::{self, Scope};
use crate::cpu;
use crate::db::Conn;
use crate::http::Problem;
use crate::images::Image;
use crate::links::ORIGINAL;
use crate::{execute, fetch_optional};

/// Raised when more, or less, is taken out.
const VERSION: i64 = 2;

/// What finds that there is nothing to take out: whoever looks with another version looks again.
const LOOKED_WITH: i64 = VERSION * 1_000_000 + PIXELS_VERSION;

/// The stripped copy; nothing when there is nothing to strip.
pub async fn without(app: &App, image: &Image) -> Result<Option<Variant>, Problem> {
    if image.blob.place_free == Some(LOOKED_WITH) {
        return Ok(None);
    }
    let made = of_blob(&mut app.db.read().await?, image.blob_id).await?;
    let known = made.into_iter().find(|variant| {
        variant.preset == ORIGINAL
            && variant.version == VERSION
            && variant.pixels_version == PIXELS_VERSION
    });
    match known {
        Some(variant) => Ok(Some(variant)),
        None => strip(app, image).await,
    }
}

async fn strip(app: &App, image: &Image) -> Result<Option<Variant>, Problem> {
    let original = image.blob.original();
    let bytes = app.blobs.bytes(&BlobKey::Original(&original)).await?;
    let given = bytes.clone();
    let stripped = cpu::run(move || Ok(pixels::without_location(bytes.into()))).await?;
    let stripped = stripped.map_err(|error| {
        let detail = format!(
            "the place this was taken at cannot be taken out of the original ({error}); \
             share a variant, or say `keep_location`"
        );
        Problem::unprocessable("location_stays", detail)
    })?;
    if stripped == given {
        remember(app, image.blob_id).await;
        return Ok(None);
    }
    let variant = Variant {
        blob_id: image.blob_id,
        preset: ORIGINAL.to_owned(),
        version: VERSION,
        pixels_version: PIXELS_VERSION,
        format: image.blob.format.clone(),
        width: image.blob.width,
        height: image.blob.height,
        bytes: stripped.len() as i64,
        hash: blake3::hash(&stripped).as_bytes().to_vec(),
    };
    develop::place(app, &original, std::slice::from_ref(&variant), vec![Bytes::from(stripped)])
        .await?;
    let args = (variant.clone(), app.clock.now_ms());
    let kept = app.db.write(args, |tx, (variant, now_ms)| {
        Box::pin(async move {
            let blob = variant.blob_id;
            if !develop::lock(tx, blob).await? || is_discarded(tx, blob).await? {
                return Ok::<_, sqlx::Error>(false);
            }
            let bytes = develop::insert(tx, variant, *now_ms).await?;
            if bytes > 0 {
                counters::add(tx, Scope::Lab, counters::VARIANT_BYTES, bytes).await?;
            }
            Ok(true)
        })
    });
    let kept = kept.await.context("keeping an original without its place")?;
    if kept {
        return Ok(Some(variant));
    }
    // Deleted, or discarded, meanwhile.
    app.blobs.remove_path(&variant.key(&original).path()).await?;
    Err(Problem::not_found("image"))
}

/// Spares the next one the look. Without it the answer is the same, so it may fail.
async fn remember(app: &App, blob: Uuid) {
    let noted = app.db.write(blob, |tx, blob| {
        Box::pin(async move { execute!(tx, sql::SET_PLACE_FREE, *blob, LOOKED_WITH) })
    });
    if let Err(error) = noted.await {
        tracing::warn!(%blob, %error, "could not note that an original tells no place");
    }
}

async fn is_discarded(tx: &mut Conn, blob: Uuid) -> sqlx::Result<bool> {
    Ok(fetch_optional!(tx, (Uuid,), sql::IS_DISCARDED, blob)?.is_some())
}
