//! Mending what can be mended. What anything still refers to is never removed.

use std::fmt;
use std::time::Duration;

use object_store::path::Path;

use super::files::is_orphan;
use super::{Difference, sql};
use crate::app::App;
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::ids::BlobId;
use crate::jobs::{self, Job};
use crate::{execute, fetch_all, fetch_one, images, variants};

/// What became of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mended {
    Yes,
    /// Too young: it may belong to something under way.
    Later,
    /// Only a person with a backup can.
    No,
}

impl fmt::Display for Mended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "mended",
            Self::Later => "left for now: it may belong to something under way; try in an hour",
            Self::No => "not mended: this is for a person to decide",
        })
    }
}

/// Mends one difference. Files younger than `grace` are left for later.
pub async fn repair(app: &App, difference: &Difference, grace: Duration) -> anyhow::Result<Mended> {
    let now_ms = app.clock.now_ms();
    match difference {
        Difference::Original { .. }
        | Difference::ForeignFile { .. }
        | Difference::Variant { is_all_there_is: true, .. } => return Ok(Mended::No),
        Difference::OrphanFile { path, modified_ms, .. } => {
            if now_ms - modified_ms < grace.as_millis() as i64 {
                return Ok(Mended::Later);
            }
            // The look may be minutes old, and a job that was tried again may have got here since.
            if is_orphan(&mut app.db.read().await?, path).await? != Some(true) {
                return Ok(Mended::Later);
            }
            app.blobs.remove_path(&Path::parse(path)?).await?;
            return Ok(Mended::Yes);
        }
        // The file goes first: as long as its row is there, nobody makes it anew.
        Difference::Variant { path, .. } => {
            app.blobs.remove_path(&Path::parse(path)?).await?;
        }
        Difference::OrphanBlob { .. }
        | Difference::ForgottenBlob { .. }
        | Difference::StuckImage { .. }
        | Difference::Counter { .. } => {}
    }
    let args = (difference.clone(), now_ms);
    app.db
        .write(args, |tx, (difference, now_ms)| Box::pin(repair_rows(tx, difference, *now_ms)))
        .await?;
    Ok(Mended::Yes)
}

async fn repair_rows(tx: &mut Conn, difference: &Difference, now_ms: i64) -> anyhow::Result<()> {
    match difference {
        Difference::Original { .. }
        | Difference::ForeignFile { .. }
        | Difference::OrphanFile { .. } => {}
        // It is made again when somebody asks for it.
        Difference::Variant { blob, preset, version, pixels_version, .. } => {
            if !variants::make::lock(tx, *blob).await? {
                return Ok(());
            }
            let gone = fetch_all!(
                tx,
                (i64,),
                sql::DELETE_VARIANT,
                *blob,
                preset,
                *version,
                *pixels_version
            )?;
            let bytes = gone.iter().map(|(bytes,)| bytes).sum::<i64>();
            variants::owners::recount_owners(tx, *blob).await?;
            counters::add(tx, CounterScope::Lab, counters::VARIANT_BYTES, -bytes).await?;
        }
        Difference::OrphanBlob { blob } => doom_unless_used(tx, *blob, now_ms).await?,
        Difference::ForgottenBlob { blob } => {
            jobs::enqueue(tx, &Job::DeleteBlob { blob: *blob }, None, now_ms).await?;
        }
        Difference::StuckImage { blob, .. } => {
            jobs::enqueue(tx, &Job::Develop { blob: *blob }, None, now_ms).await?;
        }
        // The drift does not change while others write, so it may be added at any time.
        Difference::Counter { scope, name, counted, actual } => {
            execute!(tx, counters::sql::INSERT_DELTA, scope, name, actual - counted)?;
        }
    }
    Ok(())
}

async fn doom_unless_used(tx: &mut Conn, blob: BlobId, now_ms: i64) -> anyhow::Result<()> {
    let row = fetch_one!(tx, images::delete::LockedBlob, images::sql::LOCK_BLOB, blob)?;
    let (images,) = fetch_one!(tx, (i64,), images::sql::COUNT_BY_BLOB, blob)?;
    if images == 0 && !row.doomed {
        images::delete::doom(tx, blob, &row, now_ms).await?;
    }
    Ok(())
}
