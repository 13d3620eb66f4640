//! `minilab check`: compares all that is stored with all that is counted, in both directions.
//!
//! It may run beside a working server: what looks wrong only because an upload is under way is
//! looked at twice.

pub mod config;
mod files;
mod repair;
mod rows;
pub mod scrub;
pub mod sql;
mod whose;

pub use repair::{Mended, repair};
pub use whose::whose;

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::events;
use crate::ids::{BlobId, ImageId};
use crate::jobs::{self, JobError, Lease};
use crate::{accounts, counters, execute, fetch_all, links, upload_links, variants};

/// One thing that is not as it should be, with what is needed to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A row speaks of bytes that are not there, or not those.
    Original {
        blob: BlobId,
        generation: Uuid,
        path: String,
        wrong: FileFault,
    },
    Variant {
        blob: BlobId,
        preset: String,
        version: i64,
        pixels_version: i64,
        path: String,
        wrong: FileFault,
        /// There is no original that it could be made from again.
        is_all_there_is: bool,
    },
    /// Bytes that no row speaks of.
    OrphanFile {
        path: String,
        bytes: u64,
        modified_ms: i64,
    },
    /// Something that Minilab did not put there. It is never touched.
    ForeignFile {
        path: String,
    },
    /// A blob that no image shows.
    OrphanBlob {
        blob: BlobId,
    },
    /// A blob marked for deletion that no job will delete.
    ForgottenBlob {
        blob: BlobId,
    },
    /// An image that waits for a job that is not there.
    StuckImage {
        image: ImageId,
        blob: BlobId,
    },
    Counter {
        scope: String,
        name: String,
        counted: i64,
        actual: i64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    Missing,
    Size { stored: u64, expected: u64 },
    Content,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the file is missing"),
            Self::Size { stored, expected } => {
                write!(f, "the file has {stored} bytes, its row says {expected}")
            }
            Self::Content => f.write_str("the file's content is not what its row says"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Original { blob, path, wrong, .. } => {
                write!(f, "original of blob {blob}: {wrong} ({path})")
            }
            Self::Variant { blob, preset, path, wrong, is_all_there_is, .. } => {
                write!(f, "variant {preset} of blob {blob}: {wrong} ({path})")?;
                if *is_all_there_is { f.write_str("; its original was not kept") } else { Ok(()) }
            }
            Self::OrphanFile { path, bytes, .. } => {
                write!(f, "orphan file: no row speaks of {path} ({bytes} bytes)")
            }
            Self::ForeignFile { path } => {
                write!(f, "foreign file: {path} is not one of ours, and is left alone")
            }
            Self::OrphanBlob { blob } => write!(f, "orphan blob: no image shows {blob}"),
            Self::ForgottenBlob { blob } => {
                write!(f, "forgotten blob: {blob} is marked for deletion, but no job will do it")
            }
            Self::StuckImage { image, .. } => {
                write!(f, "stuck image: {image} is processing, but no job will finish it")
            }
            Self::Counter { scope, name, counted, actual } => {
                write!(f, "counter {name} of {scope}: counted {counted}, there are {actual}")
            }
        }
    }
}

impl Difference {
    /// Whether two looks saw the same thing. Others may have counted on between them: a drift is
    /// the same when it is as large.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Counter { scope, name, counted, actual },
                Self::Counter {
                    scope: scope_2,
                    name: name_2,
                    counted: counted_2,
                    actual: actual_2,
                },
            ) => (scope, name, counted - actual) == (scope_2, name_2, counted_2 - actual_2),
            _ => self == other,
        }
    }
}

/// Transactions under way have ended by then.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// Everything that is wrong now. With `deep`, every stored byte is read and hashed.
pub async fn differences(app: &App, deep: bool) -> anyhow::Result<Vec<Difference>> {
    let mut found = find_differences(app, deep).await?;
    if !found.is_empty() {
        tokio::time::sleep(SECOND_LOOK).await;
        let first = std::mem::replace(&mut found, find_differences(app, deep).await?);
        found.retain(|difference| first.iter().any(|seen| seen.is_same(difference)));
    }
    if deep {
        note_damage(app, &found).await?;
    }
    Ok(found)
}

/// Marks the originals that are damaged, so that the next upload of their bytes puts them back; and no
/// others.
async fn note_damage(app: &App, found: &[Difference]) -> anyhow::Result<()> {
    let mut conn = app.db.read().await?;
    let marked = fetch_all!(&mut conn, (BlobId, Uuid), sql::SELECT_DAMAGED)?;
    drop(conn);
    let damaged = found.iter().filter_map(|difference| match difference {
        Difference::Original { blob, generation, .. } => Some((*blob, *generation)),
        _ => None,
    });
    let damaged = damaged.collect::<Vec<_>>();
    for (blob, generation) in marked.iter().filter(|marked| !damaged.contains(marked)) {
        scrub::mark(app, *blob, *generation, false).await?;
    }
    for (blob, generation) in damaged.iter().filter(|damaged| !marked.contains(damaged)) {
        scrub::mark(app, *blob, *generation, true).await?;
    }
    Ok(())
}

async fn find_differences(app: &App, deep: bool) -> anyhow::Result<Vec<Difference>> {
    let mut found = Vec::new();
    files::find_orphans(app, &mut found).await?;
    rows::find_missing(app, deep, &mut found).await?;
    let mut conn = app.db.read().await?;
    for (blob,) in fetch_all!(&mut conn, (BlobId,), sql::SELECT_ORPHAN_BLOBS)? {
        found.push(Difference::OrphanBlob { blob });
    }
    for (blob,) in fetch_all!(&mut conn, (BlobId,), sql::SELECT_FORGOTTEN_BLOBS)? {
        found.push(Difference::ForgottenBlob { blob });
    }
    for (image, blob) in fetch_all!(&mut conn, (ImageId, BlobId), sql::SELECT_STUCK_IMAGES)? {
        found.push(Difference::StuckImage { image, blob });
    }
    let drifts = fetch_all!(&mut conn, (String, String, i64, i64), sql::SELECT_DRIFTS)?;
    found.extend(drifts.into_iter().map(|(scope, name, counted, actual)| Difference::Counter {
        scope,
        name,
        counted,
        actual,
    }));
    Ok(found)
}

/// How often the sweep comes.
pub const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// An orphan may be an upload between its bytes and its row for this long.
const SWEEP_GRACE: Duration = Duration::from_hours(24);

/// Failed jobs that are about no image are kept so long; others as long as their image.
const FAILED_KEPT: Duration = Duration::from_hours(30 * 24);

/// Upload links that ended are listed so long.
const ENDED_KEPT: Duration = Duration::from_hours(30 * 24);

/// Rows of keys and links that expired are kept so long.
const EXPIRED_KEPT: Duration = Duration::from_hours(24);

/// The job: mends what can be mended without a person, and drops old job rows.
pub async fn sweep(app: &App, lease: &Lease) -> Result<(), JobError> {
    for difference in differences(app, false).await? {
        let mended = repair(app, &difference, SWEEP_GRACE).await?;
        match mended {
            Mended::No => tracing::warn!(%difference, "the sweep found what it cannot mend"),
            Mended::Yes | Mended::Later => {
                tracing::info!(%difference, ?mended, "the sweep found a difference");
            }
        }
    }
    variants::prune::prune(app).await?;
    let now_ms = app.clock.now_ms();
    events::prune(&app.db, &app.config.events, now_ms).await?;
    jobs::prune(&app.db, &app.config.jobs, now_ms).await?;
    app.db
        .write((lease.clone(), now_ms), |tx, (lease, now_ms)| {
            Box::pin(async move {
                execute!(tx, jobs::sql::DELETE_FAILED_OF_GONE)?;
                let before_ms = *now_ms - FAILED_KEPT.as_millis() as i64;
                execute!(tx, jobs::sql::DELETE_FAILED_OF_NONE, before_ms)?;
                let before_ms = *now_ms - EXPIRED_KEPT.as_millis() as i64;
                execute!(tx, accounts::sql::DELETE_EXPIRED, before_ms)?;
                execute!(tx, links::sql::DELETE_EXPIRED, before_ms)?;
                execute!(tx, counters::sql::DELETE_ZEROES)?;
                let before_ms = *now_ms - ENDED_KEPT.as_millis() as i64;
                execute!(tx, upload_links::sql::DELETE_ENDED, before_ms)?;
                jobs::complete(tx, lease, *now_ms).await
            })
        })
        .await?;
    Ok(())
}
