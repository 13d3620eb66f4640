//! The jobs that make variants: one decode a picture, every missing preset at once.

use std::time::Instant;

use anyhow::Context;
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{PIXELS_VERSION, Variant, of_blob, owners, sql};
use crate::app::App;
use crate::blobs::{self, BlobKey, Original};
use crate::counters::{self, CounterScope};
use crate::cpu;
use crate::db::Conn;
use crate::events::{self, Event, EventKind};
use crate::http::code::Code;
use crate::http::intact::{self, Damage};
use crate::ids::{AccountId, BlobId, ImageId};
use crate::images::BlobRow;
use crate::jobs::finish::FailureReason;
use crate::jobs::{self, Job, JobError, Lease};
use crate::render_pool::{Death, Load, RenderError};
use crate::tiers::{Catalogue, Preset, TRUNCATED};
use crate::{execute, fetch_all, fetch_optional, measures};

/// Images that come in while a job runs are served by the same job, at most so often.
const ROUNDS_MAX: u32 = 10;

/// Every image of the blob gets what its owner's tier wants at upload, and is `ready`.
pub async fn make_variants(app: &App, lease: &Lease, blob: BlobId) -> Result<(), JobError> {
    for round in 0..ROUNDS_MAX {
        // What is missing by now is settled at the commit; a second round reads all anew.
        let known = if round == 0 { Some(app.catalogues.current(&app.db).await?) } else { None };
        let mut conn = app.db.read().await?;
        let Some(row) = fetch_optional!(&mut conn, BlobRow, sql::SELECT_BLOB, blob)? else {
            return abandon(app, lease).await;
        };
        let catalogue = match known {
            Some(known) => known,
            None => Catalogue::load(&mut conn).await?.into(),
        };
        let wanted = wanted(&mut conn, &catalogue, blob).await?;
        let missing = missing(&mut conn, blob, wanted).await?;
        drop(conn);
        let new = render_missing(app, lease, blob, &row, missing, OnRefusal::GiveUp).await?;
        if commit(app, lease, blob, new, AfterCommit::MarkReady).await? {
            return Ok(());
        }
    }
    Err(JobError::retry(anyhow::anyhow!("images kept coming in for {ROUNDS_MAX} rounds")))
}

/// Every image of the blob that is past its first variants gets what its owner's tier wants now; what
/// cannot be made is left as it is.
pub async fn refine(app: &App, lease: &Lease, blob: BlobId) -> Result<(), JobError> {
    let mut conn = app.db.read().await?;
    let Some(row) = fetch_optional!(&mut conn, BlobRow, sql::SELECT_BLOB, blob)? else {
        return abandon(app, lease).await;
    };
    let catalogue = Catalogue::load(&mut conn).await?;
    let mut wanted = Vec::new();
    for (tier,) in fetch_all!(&mut conn, (String,), sql::SELECT_READY_TIERS, blob)? {
        wanted.extend(catalogue.eager_presets(&tier).cloned());
    }
    for (preset,) in fetch_all!(&mut conn, (String,), sql::SELECT_ASKED_OF_BLOB, blob)? {
        wanted.extend(catalogue.presets.get(&preset).cloned());
    }
    let mut missing = missing(&mut conn, blob, unique(wanted)).await?;
    // What somebody waits for is made by a job of its own, and once.
    let mut awaited = Vec::new();
    for preset in &missing {
        let job = Job::MakeVariant { blob, preset: preset.name.clone(), version: preset.version };
        if jobs::is_live(&mut conn, &job.unique_key()).await? {
            awaited.push(preset.name.clone());
        }
    }
    missing.retain(|preset| !awaited.contains(&preset.name));
    drop(conn);
    let new = render_missing(app, lease, blob, &row, missing, OnRefusal::LeaveOut).await?;
    commit(app, lease, blob, new, AfterCommit::Complete).await?;
    Ok(())
}

/// The blob gets one variant that somebody asked for.
pub async fn make_variant(
    app: &App,
    lease: &Lease,
    blob: BlobId,
    preset: &str,
) -> Result<(), JobError> {
    let mut conn = app.db.read().await?;
    let row = fetch_optional!(&mut conn, BlobRow, sql::SELECT_BLOB, blob)?;
    let catalogue = Catalogue::load(&mut conn).await?;
    let (Some(row), Some(preset)) = (row, catalogue.presets.get(preset)) else {
        drop(conn);
        return abandon(app, lease).await;
    };
    let missing = missing(&mut conn, blob, vec![preset.clone()]).await?;
    drop(conn);
    let new = render_missing(app, lease, blob, &row, missing, OnRefusal::GiveUp).await?;
    commit(app, lease, blob, new, AfterCommit::Complete).await?;
    Ok(())
}

/// What the images that wait for their first variants want, each preset once.
async fn wanted(conn: &mut Conn, catalogue: &Catalogue, blob: BlobId) -> sqlx::Result<Vec<Preset>> {
    let waiting = fetch_all!(conn, (ImageId, String), sql::SELECT_PROCESSING, blob)?;
    let tiers = waiting.iter().map(|(_, tier)| tier);
    Ok(unique(tiers.flat_map(|tier| catalogue.eager_presets(tier)).cloned().collect()))
}

fn unique(presets: Vec<Preset>) -> Vec<Preset> {
    let mut once = Vec::<Preset>::with_capacity(presets.len());
    for preset in presets {
        if !once.contains(&preset) {
            once.push(preset);
        }
    }
    once
}

/// Those of `wanted` that are not made in the versions of now.
async fn missing(
    conn: &mut Conn,
    blob: BlobId,
    mut wanted: Vec<Preset>,
) -> sqlx::Result<Vec<Preset>> {
    let made = of_blob(conn, blob).await?;
    wanted.retain(|preset| !made.iter().any(|variant| variant.is_current(preset)));
    Ok(wanted)
}

/// What one preset that cannot be made means for the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnRefusal {
    /// All or none: nothing is stored of a picture that is going to be refused.
    GiveUp,
    /// The old ones still serve.
    LeaveOut,
}

/// What a job made.
#[derive(Clone, Default)]
struct MadeVariants {
    variants: Vec<Variant>,
    /// A part of the picture turned out to be missing.
    truncated: bool,
}

/// Pixels of all frames.
fn drawn_pixels(facts: &pixels::Facts) -> u64 {
    u64::from(facts.width) * u64::from(facts.height) * u64::from(facts.frames)
}

/// Fails when the original is not what was brought.
async fn must_be_intact(
    app: &App,
    lease: &Lease,
    row: &BlobRow,
    key: &BlobKey<'_>,
) -> Result<(), JobError> {
    if let Some(damage) = intact::find_damage(&app.blobs, key, row.bytes as u64).await? {
        return Err(JobError::damage(damage.problem(key).code.as_str(), damage.to_string()));
    }
    // What was just brought was just hashed; what has lain there may have changed.
    let is_new = matches!(lease.job, Job::Develop { .. });
    if row.damaged_ms.is_some() || !is_new && !intact::is_right(&app.blobs, key, &row.hash).await? {
        app.blobs.suspects.report(key);
        return Err(JobError::damage(Code::OriginalDamaged.as_str(), Damage::Changed.to_string()));
    }
    Ok(())
}

/// Renders and stores; the rows are still to be committed.
async fn render_missing(
    app: &App,
    lease: &Lease,
    blob: BlobId,
    row: &BlobRow,
    presets: Vec<Preset>,
    on_refusal: OnRefusal,
) -> Result<MadeVariants, JobError> {
    if presets.is_empty() {
        return Ok(MadeVariants::default());
    }
    if row.discarded {
        let gone = JobError::fail("original_discarded", "the original was not kept");
        return if on_refusal == OnRefusal::LeaveOut {
            Ok(MadeVariants::default())
        } else {
            Err(gone)
        };
    }
    lease.stages.enter("read");
    let original = row.original();
    let key = BlobKey::Original(&original);
    must_be_intact(app, lease, row, &key).await?;
    let recipes = presets.iter().map(|preset| preset.recipe.clone()).collect::<Vec<_>>();
    // The upload was held to its tier's size; what is stored may be rendered.
    let limits = app.config.pictures.limits(row.bytes as u64);
    let facts = row.facts()?;
    let load = Load {
        holder: lease.account.unwrap_or_default(),
        // The file, and what the decoder of thumbnails makes of it before it reads it.
        memory_bytes: facts.render_bytes(&recipes) + 2 * row.bytes as u64,
        effort: drawn_pixels(&facts) + row.bytes as u64,
    };
    lease.stages.expect_memory(load.memory_bytes);
    lease.stages.enter("line");
    let turn = app.render_pool.turn(&load).await;
    lease.stages.enter("render");
    let picture = app.blobs.file(&key).await?;
    let started = Instant::now();
    let rendered = turn.render(recipes, limits, &picture).await;
    measures::RENDERS.note([&row.format], started.elapsed());
    blobs::forget(&picture);
    let outcomes = rendered.map_err(job_error)?;

    lease.stages.enter("store");
    let (mut variants, mut files, mut truncated) = (Vec::new(), Vec::new(), false);
    for (preset, rendered) in presets.iter().zip(outcomes) {
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(error) if on_refusal == OnRefusal::LeaveOut => {
                tracing::warn!(%blob, preset = preset.name, %error, "could not be made anew");
                continue;
            }
            Err(error) => {
                return Err(JobError::fail(error.code(), format!("{}: {error}", preset.name)));
            }
        };
        truncated |= rendered.is_truncated;
        let bytes = Bytes::from(rendered.bytes);
        variants.push(Variant {
            blob_id: blob,
            preset: preset.name.clone(),
            version: preset.version,
            pixels_version: PIXELS_VERSION,
            format: rendered.format.to_string(),
            width: i64::from(rendered.width),
            height: i64::from(rendered.height),
            bytes: bytes.len() as i64,
            hash: blake3::hash(&bytes).as_bytes().to_vec(),
        });
        files.push(bytes);
    }
    place(app, &original, &variants, files).await?;
    Ok(MadeVariants { variants, truncated })
}

/// What a picture that was not rendered means for its job.
fn job_error(error: RenderError) -> JobError {
    let told = error.to_string();
    match error {
        RenderError::Picture(error) => JobError::fail(error.code(), told),
        RenderError::TimedOut(_) => JobError::crash("render_timeout", told),
        RenderError::Crashed(Death { words, .. }) => {
            JobError { words, ..JobError::crash("render_crashed", told) }
        }
        RenderError::Failed(error) => JobError::retry(error),
    }
}

/// Puts the bytes of new variants where their rows will say they are.
async fn place(
    app: &App,
    original: &Original,
    variants: &[Variant],
    files: Vec<Bytes>,
) -> anyhow::Result<()> {
    let spool = app.spool.clone();
    let spooled = cpu::run(move || spool.write_all(files)).await?;
    let from = spooled.iter().map(|spooled| spooled.path.clone());
    let to = variants.iter().map(|variant| variant.key(original).path());
    app.blobs.place(from.zip(to).collect()).await
}

/// What a job does in the transaction of its new variants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterCommit {
    Complete,
    /// Marks the images that have all they want; the job is complete when none is left waiting.
    MarkReady,
}

/// Commits new variants; true when the job is complete with that.
async fn commit(
    app: &App,
    lease: &Lease,
    blob: BlobId,
    new: MadeVariants,
    after: AfterCommit,
) -> anyhow::Result<bool> {
    lease.stages.enter("commit");
    let args = (lease.clone(), blob, new, after, app.clock.now_ms());
    app.db
        .write(args, |tx, (lease, blob, new, after, now_ms)| {
            Box::pin(async move {
                // An upload of the same bytes locks this row as well: either its image is seen
                // below, or it sees that this job is done and enqueues another.
                let Some((truncated,)) = fetch_optional!(tx, (bool,), sql::LOCK_BLOB, *blob)?
                else {
                    jobs::complete(tx, lease, *now_ms).await?;
                    return Ok(true);
                };
                let stored_bytes = insert(tx, *blob, &new.variants, *now_ms).await?;
                if stored_bytes > 0 {
                    counters::add(tx, CounterScope::Lab, counters::VARIANT_BYTES, stored_bytes)
                        .await?;
                }
                if new.truncated {
                    execute!(tx, sql::SET_TRUNCATED, *blob)?;
                    execute!(tx, sql::SET_TRUNCATED_IMAGES, *blob)?;
                }
                let is_truncated = truncated || new.truncated;
                let is_done = *after == AfterCommit::Complete
                    || mark_ready(tx, *blob, is_truncated, *now_ms).await?;
                owners::recount_owners(tx, *blob).await?;
                if !is_done {
                    return Ok(false);
                }
                if *after == AfterCommit::MarkReady && is_private(tx, *blob).await? {
                    jobs::enqueue(tx, &Job::Discard { blob: *blob }, None, *now_ms).await?;
                }
                jobs::complete(tx, lease, *now_ms).await?;
                Ok(true)
            })
        })
        .await
}

/// Inserts variants of a blob, those that are there already aside; returns the bytes of the others,
/// which are to be counted.
pub async fn insert(
    tx: &mut Conn,
    blob: BlobId,
    variants: &[Variant],
    now_ms: i64,
) -> sqlx::Result<i64> {
    if variants.is_empty() {
        return Ok(0);
    }
    let row = |variant: &Variant| {
        let Variant { preset, version, pixels_version, format, width, height, bytes, hash, .. } =
            variant;
        let hash = blake3::Hash::from_slice(hash).expect("a hash of 32 bytes").to_hex();
        json!([preset, version, pixels_version, format, width, height, bytes, &*hash])
    };
    let rows = variants.iter().map(row).collect::<Value>().to_string();
    let inserted = fetch_all!(tx, (i64,), sql::INSERT, blob, rows, now_ms)?;
    Ok(inserted.into_iter().map(|(bytes,)| bytes).sum())
}

/// Marks the waiting images that have all they want; true when none is left waiting.
async fn mark_ready(
    tx: &mut Conn,
    blob: BlobId,
    is_truncated: bool,
    now_ms: i64,
) -> sqlx::Result<bool> {
    if is_truncated {
        // What one of them may not have is no reason for the others to wait.
        let refused = fetch_all!(tx, Owned, sql::REFUSE_TRUNCATED, blob, TRUNCATED, now_ms)?;
        let data = json!({"code": Code::Truncated});
        record_for_each(tx, EventKind::ImageFailed, refused, &data, now_ms).await?;
    }
    let ready = fetch_all!(tx, Owned, sql::SET_READY, blob, now_ms, PIXELS_VERSION)?;
    record_for_each(tx, EventKind::ImageReady, ready, &json!({}), now_ms).await?;
    Ok(fetch_optional!(tx, (Uuid,), sql::IS_PROCESSING, blob)?.is_none())
}

/// Whether the original is kept only until its variants are made.
async fn is_private(tx: &mut Conn, blob: BlobId) -> sqlx::Result<bool> {
    Ok(fetch_optional!(tx, (Uuid,), sql::IS_PRIVATE, blob, Uuid::nil())?.is_some())
}

/// Locks the blob's row, if it is still there.
pub async fn lock(tx: &mut Conn, blob: BlobId) -> sqlx::Result<bool> {
    Ok(fetch_optional!(tx, (bool,), sql::LOCK_BLOB, blob)?.is_some())
}

/// The blob is on its way out: there is nothing to make.
async fn abandon(app: &App, lease: &Lease) -> Result<(), JobError> {
    let closed = jobs::complete_alone(&app.db, &app.clock, lease).await;
    Ok(closed.context("closing a job without work")?)
}

/// The images of a blob that cannot be rendered: `failed`, with a reason their owners may read.
pub async fn mark_failed(
    tx: &mut Conn,
    blob: BlobId,
    refusal: &FailureReason,
    now_ms: i64,
) -> sqlx::Result<()> {
    let failed =
        fetch_all!(tx, Owned, sql::SET_FAILED, blob, &refusal.code, &refusal.detail, now_ms)?;
    record_for_each(tx, EventKind::ImageFailed, failed, &json!({"code": refusal.code}), now_ms)
        .await?;
    owners::recount_owners(tx, blob).await
}

/// Gives up one image of a blob for its owner; true when no other one waits for its first prints.
pub async fn mark_one_failed(
    tx: &mut Conn,
    blob: BlobId,
    image: ImageId,
    refusal: &FailureReason,
    now_ms: i64,
) -> sqlx::Result<bool> {
    let (code, detail) = (&refusal.code, &refusal.detail);
    let failed = fetch_all!(tx, Owned, sql::SET_ONE_FAILED, image, code, detail, now_ms)?;
    record_for_each(tx, EventKind::ImageFailed, failed, &json!({"code": code}), now_ms).await?;
    owners::recount_owners(tx, blob).await?;
    Ok(fetch_optional!(tx, (Uuid,), sql::IS_PROCESSING, blob)?.is_none())
}

/// Failed images of a blob, or the one named, wait for their first prints once more; false when the blob is
/// on its way out.
pub async fn try_again(tx: &mut Conn, blob: BlobId, image: Option<ImageId>) -> sqlx::Result<bool> {
    if !lock(tx, blob).await? {
        return Ok(false);
    }
    execute!(tx, sql::TRY_AGAIN, blob, image)?;
    owners::recount_owners(tx, blob).await?;
    Ok(true)
}

/// An image and its account.
type Owned = (ImageId, AccountId);

/// Records the same event of several images.
async fn record_for_each(
    tx: &mut Conn,
    kind: EventKind,
    images: Vec<Owned>,
    data: &Value,
    now_ms: i64,
) -> sqlx::Result<()> {
    for (image, account) in images {
        let event = Event::new(kind, now_ms).of(account).image(image).data(data.clone());
        events::record(tx, &event).await?;
    }
    Ok(())
}
