//! Reads over all that is stored, slowly and again and again: what rots is known before it is needed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use uuid::Uuid;

use super::rows::{Comparison, compare};
use super::{Difference, repair, sql};
use crate::app::App;
use crate::blobs::{self, BlobKey, Original, Suspect};
use crate::db::Conn;
use crate::http::intact;
use crate::ids::BlobId;
use crate::variants::{Variant, of_blob};
use crate::{execute, fetch_all, fetch_one, fetch_optional};

/// What this process found so far.
#[derive(Debug)]
pub struct ScrubCounts {
    /// Files read over.
    pub files: AtomicU64,
    pub damaged_originals: AtomicU64,
    pub damaged_variants: AtomicU64,
}

pub static COUNTS: ScrubCounts = ScrubCounts {
    files: AtomicU64::new(0),
    damaged_originals: AtomicU64::new(0),
    damaged_variants: AtomicU64::new(0),
};

/// When there is nothing to read over, it is looked again after so long.
const IDLE: Duration = Duration::from_mins(1);

type Blob = (BlobId, Vec<u8>, Uuid, i64, bool);

/// Reads over what is stored until the process is to stop.
pub async fn run(app: App) {
    let rate = app.config.scrub.rate_bytes;
    if rate == 0 {
        return;
    }
    let reading = async {
        loop {
            match read_over(&app, Comparison::Paced(rate)).await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(IDLE).await,
                Err(cause) => {
                    tracing::warn!(
                        cause = format!("{cause:#}"),
                        "could not read over what is stored"
                    );
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
    };
    tokio::select! { () = app.stop.cancelled() => {} () = reading => {} }
}

/// Looks at what was found wrong on its way out, until the process is to stop: an original is marked, a
/// variant forgotten if it can be made anew.
pub async fn examine(app: App) {
    let looking = async {
        while let Some(suspect) = app.blobs.suspects.next().await {
            if let Err(cause) = examine_one(&app, &suspect).await {
                tracing::warn!(cause = format!("{cause:#}"), "could not look at a damaged file");
            }
        }
    };
    tokio::select! { () = app.stop.cancelled() => {} () = looking => {} }
}

/// Looks at those that wait. For tests.
pub async fn examine_now(app: &App) -> anyhow::Result<()> {
    while let Some(suspect) = app.blobs.suspects.waiting().await {
        examine_one(app, &suspect).await?;
    }
    Ok(())
}

async fn examine_one(app: &App, suspect: &Suspect) -> anyhow::Result<()> {
    let Suspect { original, variant } = suspect;
    let mut conn = app.db.read().await?;
    let row =
        fetch_optional!(&mut conn, (BlobId, i64, bool), sql::SELECT_SUSPECT, original.generation)?;
    drop(conn);
    let Some((blob, bytes, is_discarded)) = row else { return Ok(()) };
    let Some((preset, version, pixels_version)) = variant else {
        read_over_original(app, blob, original, bytes, Comparison::Bytes).await?;
        return Ok(());
    };
    let made = of_blob(&mut app.db.read().await?, blob).await?;
    let is_it = |made: &Variant| {
        (&made.preset, made.version, made.pixels_version) == (preset, *version, *pixels_version)
    };
    let Some(variant) = made.into_iter().find(is_it) else { return Ok(()) };
    let key = BlobKey::Original(original);
    let makes_anew =
        !is_discarded && intact::find_damage(&app.blobs, &key, bytes as u64).await?.is_none();
    read_over_variant(app, original, variant, makes_anew, Comparison::Bytes).await
}

/// Reads over a stretch of blobs, as fast as it can; false when it is not time yet. For tests.
pub async fn read_over_now(app: &App) -> anyhow::Result<bool> {
    read_over(app, Comparison::Bytes).await
}

async fn read_over(app: &App, look: Comparison) -> anyhow::Result<bool> {
    let every_ms = Duration::from_hours(app.config.scrub.every_hours).as_millis() as i64;
    let args = (app.clock.now_ms(), every_ms);
    let stretch =
        app.db.write(args, |tx, &(now_ms, every_ms)| Box::pin(next_stretch(tx, now_ms, every_ms)));
    let Some(stretch) = stretch.await? else { return Ok(false) };
    for (blob, hash, generation, bytes, is_discarded) in stretch {
        let original = Original { hash, generation };
        let is_whole =
            is_discarded || read_over_original(app, blob, &original, bytes, look).await?;
        for variant in of_blob(&mut app.db.read().await?, blob).await? {
            let makes_anew = is_whole && !is_discarded;
            read_over_variant(app, &original, variant, makes_anew, look).await?;
        }
    }
    Ok(true)
}

/// The next blobs; the next process, or the next start, goes on behind them. Nothing between two passes.
async fn next_stretch(
    tx: &mut Conn,
    now_ms: i64,
    every_ms: i64,
) -> sqlx::Result<Option<Vec<Blob>>> {
    let (after, began_ms) = fetch_one!(tx, (Option<BlobId>, i64), sql::SELECT_SCRUB)?;
    let (after, began_ms) = match after {
        Some(after) => (after, began_ms),
        None if now_ms - began_ms >= every_ms => (BlobId::nil(), now_ms),
        None => return Ok(None),
    };
    let stretch = fetch_all!(tx, Blob, sql::SELECT_STRETCH, after)?;
    execute!(tx, sql::SET_SCRUB, stretch.last().map(|blob| blob.0), began_ms)?;
    Ok(Some(stretch))
}

/// Whether an original is what it was. Others see what was found.
async fn read_over_original(
    app: &App,
    blob: BlobId,
    original: &Original,
    bytes: i64,
    look: Comparison,
) -> anyhow::Result<bool> {
    let key = BlobKey::Original(original);
    let wrong = read_file(app, &key, bytes, &original.hash, look).await?;
    let mut conn = app.db.read().await?;
    let live = fetch_optional!(&mut conn, (Uuid,), sql::IS_LIVE, blob, original.generation)?;
    drop(conn);
    if live.is_none() {
        // Deleted, or put back, meanwhile.
        return Ok(true);
    }
    if let Some(wrong) = &wrong {
        COUNTS.damaged_originals.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(%blob, path = %key.path(), %wrong, "an original is damaged");
    }
    mark(app, blob, original.generation, wrong.is_some()).await?;
    Ok(wrong.is_none())
}

/// A variant that is not what it was is forgotten if it can be made anew.
async fn read_over_variant(
    app: &App,
    original: &Original,
    variant: Variant,
    makes_anew: bool,
    look: Comparison,
) -> anyhow::Result<()> {
    let key = variant.key(original);
    let path = key.path().to_string();
    let Some(wrong) = read_file(app, &key, variant.bytes, &variant.hash, look).await? else {
        return Ok(());
    };
    let made = of_blob(&mut app.db.read().await?, variant.blob_id).await?;
    if !made.iter().any(|now| now.hash == variant.hash && now.preset == variant.preset) {
        return Ok(());
    }
    COUNTS.damaged_variants.fetch_add(1, Ordering::Relaxed);
    let Variant { blob_id: blob, preset, version, pixels_version, .. } = variant;
    let is_all_there_is = !makes_anew;
    let difference =
        Difference::Variant { blob, preset, version, pixels_version, path, wrong, is_all_there_is };
    let mended = repair(app, &difference, Duration::ZERO).await?;
    tracing::warn!(%difference, ?mended, "a variant is damaged");
    Ok(())
}

async fn read_file(
    app: &App,
    key: &BlobKey<'_>,
    bytes: i64,
    hash: &[u8],
    look: Comparison,
) -> anyhow::Result<Option<super::FileFault>> {
    COUNTS.files.fetch_add(1, Ordering::Relaxed);
    let wrong = compare(app, key, bytes, hash, look).await?;
    if let Ok(file) = app.blobs.file(key).await {
        blobs::forget(&file);
    }
    Ok(wrong)
}

/// Notes whether an original is damaged: then the next upload of its bytes puts them back.
pub async fn mark(
    app: &App,
    blob: BlobId,
    generation: Uuid,
    is_damaged: bool,
) -> anyhow::Result<()> {
    let sql = sql::IS_MARKED;
    let mut conn = app.db.read().await?;
    let was_damaged = fetch_optional!(&mut conn, (Uuid,), sql, blob)?.is_some();
    drop(conn);
    if was_damaged == is_damaged {
        return Ok(());
    }
    let damaged_ms = is_damaged.then(|| app.clock.now_ms());
    let args = (blob, generation, damaged_ms);
    let marked = app.db.write(args, |tx, &(blob, generation, damaged_ms)| {
        Box::pin(
            async move { execute!(tx, sql::SET_DAMAGED, blob, generation, damaged_ms).map(|_| ()) },
        )
    });
    Ok(marked.await?)
}
