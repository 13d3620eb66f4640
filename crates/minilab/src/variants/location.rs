//! The original without the place it was taken at: made once for each blob, beside its variants.

use std::slice;
use std::time::Duration;

use anyhow::Context;
use uuid::Uuid;

use super::{PIXELS_VERSION, Variant, make, of_blob, sql};
use crate::app::App;
use crate::blobs::{self, BlobKey};
use crate::counters::{self, CounterScope};
use crate::cpu;
use crate::db::Conn;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::intact::{self, Damage};
use crate::ids::BlobId;
use crate::images::{BlobRow, Image};
use crate::limits::Limit;
use crate::links::ORIGINAL;
use crate::render_pool::{Load, RenderError};
use crate::shares::Full;
use crate::{execute, fetch_optional};

/// Raised when more, or less, is taken out.
const VERSION: i64 = 4;

/// What finds that there is nothing to take out: whoever looks with another version looks again.
const LOOKED_WITH: i64 = VERSION * 1_000_000 + PIXELS_VERSION;

/// When whoever found no place may come again.
const RETRY_SECS: u32 = 2;
/// How long a request waits for others that ask for the same copy.
const PATIENCE: Duration = Duration::from_mins(1);

/// The stripped copy; nothing when there is nothing to strip.
///
/// Made once, however many ask: who waits has a waiting place of the image's owner, and looks again
/// when it is their turn.
pub async fn without(app: &App, image: &Image) -> Result<Option<Variant>, Problem> {
    if image.blob.place_free == Some(LOOKED_WITH) {
        return Ok(None);
    }
    let known = find(app, image.blob_id).await?;
    if known.is_some() {
        return Ok(known);
    }
    let _place = app.waiters.try_take(image.account_id).map_err(crowded)?;
    let _only = app.strips.take(image.blob_id, PATIENCE).await.map_err(crowded)?;
    let known = find(app, image.blob_id).await?;
    if known.is_some() || is_place_free(app, image.blob_id).await? {
        return Ok(known);
    }
    strip(app, image).await
}

async fn find(app: &App, blob: BlobId) -> sqlx::Result<Option<Variant>> {
    let made = of_blob(&mut app.db.read().await?, blob).await?;
    Ok(made.into_iter().find(|variant| {
        variant.preset == ORIGINAL
            && variant.version == VERSION
            && variant.pixels_version == PIXELS_VERSION
    }))
}

async fn is_place_free(app: &App, blob: BlobId) -> sqlx::Result<bool> {
    let row = fetch_optional!(&mut app.db.read().await?, BlobRow, sql::SELECT_BLOB, blob)?;
    Ok(row.is_some_and(|row| row.place_free == Some(LOOKED_WITH)))
}

fn crowded(full: Full) -> Problem {
    let detail = "too many wait for pictures to be made; come again in a moment";
    Problem::crowded(full, Limit::Waiters, Code::TooManyWaiting, detail, RETRY_SECS)
}

async fn strip(app: &App, image: &Image) -> Result<Option<Variant>, Problem> {
    let original = image.blob.original();
    let key = BlobKey::Original(&original);
    let bytes = image.blob.bytes as u64;
    // The file, what it becomes, and a second look at that.
    let load = Load { holder: image.account_id, memory_bytes: 3 * bytes, effort: bytes };
    let turn = app.render_pool.turn(&load).await;
    if let Some(damage) = intact::find_damage(&app.blobs, &key, bytes).await? {
        return Err(damage.problem(&key));
    }
    let picture = app.blobs.file(&key).await?;
    let spool = app.spool.clone();
    let (spooled, file) = cpu::run(move || spool.create()).await?;
    let stripped = turn.strip_location(&picture, bytes, file).await;
    blobs::forget(&picture);
    let stripped = match stripped {
        // What is damaged cannot be read: that is told, and not that its place stays.
        Err(RenderError::Picture(_))
            if !intact::is_right(&app.blobs, &key, &image.blob.hash).await? =>
        {
            return Err(Damage::Changed.problem(&key));
        }
        stripped => stripped.map_err(refusal)?,
    };
    if stripped.read[..] != image.blob.hash[..] {
        return Err(Damage::Changed.problem(&key));
    }
    if stripped.hash.as_bytes()[..] == image.blob.hash[..] {
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
        bytes: stripped.bytes as i64,
        hash: stripped.hash.as_bytes().to_vec(),
    };
    cpu::run(move || stripped.file.sync_all().context("syncing the spool")).await?;
    app.blobs.place(vec![(spooled.path.clone(), variant.key(&original).path())]).await?;
    let args = (variant.clone(), app.clock.now_ms());
    let kept = app.db.write(args, |tx, (variant, now_ms)| {
        Box::pin(async move {
            let blob = variant.blob_id;
            if !make::lock(tx, blob).await? || is_discarded(tx, blob).await? {
                return Ok::<_, sqlx::Error>(false);
            }
            let bytes = make::insert(tx, blob, slice::from_ref(variant), *now_ms).await?;
            if bytes > 0 {
                counters::add(tx, CounterScope::Lab, counters::VARIANT_BYTES, bytes).await?;
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

fn refusal(error: RenderError) -> Problem {
    if let RenderError::Failed(cause) = error {
        return cause.into();
    }
    let detail = format!(
        "the place this was taken at cannot be taken out of the original ({error}); \
         share a variant, or say `keep_location`"
    );
    Problem::new(Code::LocationStays, detail)
}

/// Spares the next one the look. Without it the answer is the same, so it may fail.
async fn remember(app: &App, blob: BlobId) {
    let noted = app.db.write(blob, |tx, blob| {
        Box::pin(async move { execute!(tx, sql::SET_PLACE_FREE, *blob, LOOKED_WITH) })
    });
    if let Err(error) = noted.await {
        tracing::warn!(%blob, %error, "could not note that an original tells no place");
    }
}

async fn is_discarded(tx: &mut Conn, blob: BlobId) -> sqlx::Result<bool> {
    Ok(fetch_optional!(tx, (Uuid,), sql::IS_DISCARDED, blob)?.is_some())
}
