//! Originals that are not kept: they go when their variants are made.
//!
//! Such a blob belongs to one image alone, so nothing of it tells of other owners.

use uuid::Uuid;

use super::{make, sql};
use crate::app::App;
use crate::blobs::{BlobKey, Original};
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::ids::{AccountId, BlobId, ImageId};
use crate::jobs::{self, JobError, Lease};
use crate::links::ORIGINAL;
use crate::{execute, fetch_all, fetch_one, fetch_optional, images, links};

/// Its image and account, hash and generation, bytes, and whether it was discarded before.
type DiscardableRow = (ImageId, AccountId, Vec<u8>, Uuid, i64, bool);

/// The job: the rows first, so that nobody is promised what is not there any more; then the files.
pub async fn discard(app: &App, lease: &Lease, blob: BlobId) -> Result<(), JobError> {
    let mut conn = app.db.read().await?;
    let (at_work,) = fetch_one!(&mut conn, (i64,), jobs::sql::COUNT_STARTED, blob)?;
    drop(conn);
    if at_work > 0 {
        return Err(JobError::retry(anyhow::anyhow!("the original is still being read")));
    }
    let args = (blob, app.clock.now_ms());
    let gone = app.db.write(args, |tx, &(blob, now_ms)| Box::pin(discard_rows(tx, blob, now_ms)));
    if let Some((original, copies)) = gone.await? {
        for (version, pixels_version, _) in copies {
            let (original, preset) = (&original, ORIGINAL);
            let key = BlobKey::Variant { original, preset, version, pixels_version };
            app.blobs.remove_path(&key.path()).await?;
        }
        app.blobs.remove_path(&BlobKey::Original(&original).path()).await?;
    }
    Ok(jobs::complete_alone(&app.db, &app.clock, lease).await?)
}

/// The original, and its copies without the place: versions and bytes.
type Gone = (Original, Vec<(i64, i64, i64)>);

async fn discard_rows(tx: &mut Conn, blob: BlobId, now_ms: i64) -> anyhow::Result<Option<Gone>> {
    if !make::lock(tx, blob).await? {
        return Ok(None);
    }
    let found = fetch_optional!(tx, DiscardableRow, images::sql::SELECT_DISCARDABLE, blob)?;
    let Some((image, account, hash, generation, bytes, was_discarded)) = found else {
        return Ok(None);
    };
    let original = Original { hash, generation };
    if was_discarded {
        return Ok(Some((original, Vec::new())));
    }
    execute!(tx, images::sql::SET_DISCARDED, blob)?;
    let copies = fetch_all!(tx, (i64, i64, i64), sql::DELETE_ORIGINALS, blob)?;
    let copied = copies.iter().map(|(_, _, bytes)| bytes).sum::<i64>();
    execute!(tx, links::sql::KILL_VARIANT, image, ORIGINAL, now_ms)?;
    let of_account = CounterScope::Account(account);
    let deltas = [
        (CounterScope::Lab.to_string(), counters::STORED_BYTES, -bytes),
        (CounterScope::Lab.to_string(), counters::VARIANT_BYTES, -copied),
        (of_account.to_string(), counters::STORED_BYTES, -bytes),
        (of_account.to_string(), counters::CHANGES, 1),
    ];
    counters::add_all(tx, &deltas).await?;
    Ok(Some((original, copies)))
}
