//! Variants whose bytes are lost or cut: forgotten, so that whoever asks next has them made anew.

use super::{Variant, make, owners, sql};
use crate::app::App;
use crate::blobs::BlobKey;
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::execute;
use crate::http::Problem;
use crate::http::intact::{self, Damage};
use crate::images::Image;

/// Sees to it that the original is there, at its size, and not known to be damaged.
pub async fn require_original(app: &App, image: &Image) -> Result<(), Problem> {
    let original = image.blob.original();
    let key = BlobKey::Original(&original);
    match intact::find_damage(&app.blobs, &key, image.blob.bytes as u64).await? {
        Some(damage) => Err(damage.problem(&key)),
        None if image.blob.damaged_ms.is_some() => Err(Damage::Changed.problem(&key)),
        None => Ok(()),
    }
}

/// Forgets a variant whose bytes are not there, or not what they were. It stays as it is when there is nothing to make it from.
pub async fn forget_lost(app: &App, image: &Image, variant: &Variant) -> Result<(), Problem> {
    let original = image.blob.original();
    let (key, bytes) = (variant.key(&original), variant.bytes as u64);
    if intact::find_damage(&app.blobs, &key, bytes).await?.is_none()
        && intact::is_right(&app.blobs, &key, &variant.hash).await?
    {
        // Somebody was faster, or the original was put back and this one made beside it.
        return Ok(());
    }
    if image.blob.discarded || require_original(app, image).await.is_err() {
        return Err(Damage::Lost.problem(&key));
    }
    // The file first: as long as its row is there, nobody makes it anew.
    app.blobs.remove_path(&key.path()).await?;
    let forgotten = app
        .db
        .write(variant.clone(), |tx, variant| Box::pin(async move { forget(tx, variant).await }));
    Ok(forgotten.await?)
}

/// Takes one variant's row away, and what was counted for it.
async fn forget(tx: &mut Conn, variant: &Variant) -> sqlx::Result<()> {
    let Variant { blob_id, preset, version, pixels_version, bytes, .. } = variant;
    if !make::lock(tx, *blob_id).await? {
        return Ok(());
    }
    if execute!(tx, sql::DELETE, *blob_id, preset, *version, *pixels_version)? == 1 {
        counters::add(tx, CounterScope::Lab, counters::VARIANT_BYTES, -bytes).await?;
    }
    owners::recount_owners(tx, *blob_id).await
}
