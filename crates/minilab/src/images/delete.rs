//! Deleting an image: rows and counters at once, bytes by a job within seconds.

use uuid::Uuid;

use super::counted::CountedImage;
use super::sql;
use crate::app::App;
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::events::{self, Event, EventKind};
use crate::ids::{AccountId, BlobId, ImageId};
use crate::jobs::{self, Job, JobError, Lease};
use crate::{execute, fetch_one, fetch_optional, links};

/// Deletes an account's own image; false when it has none of that id.
pub async fn delete(app: &App, account: AccountId, image: ImageId) -> anyhow::Result<bool> {
    delete_if_due(app, account, image, i64::MAX).await
}

/// The same, unless it is to stay longer than until `due_ms`: it may have been brought again. What has no
/// end goes with `i64::MAX` only.
pub async fn delete_if_due(
    app: &App,
    account: AccountId,
    image: ImageId,
    due_ms: i64,
) -> anyhow::Result<bool> {
    let args = (account, image, due_ms, app.clock.now_ms());
    let deleted = app
        .db
        .write(args, |tx, &(account, image, due_ms, now_ms)| {
            Box::pin(delete_rows(tx, account, image, due_ms, now_ms))
        })
        .await?;
    let catalogue = app.catalogues.current(&app.db).await?;
    app.recent_variants.forget(&catalogue, account, image).await;
    Ok(deleted)
}

/// The blob, what its variants take, and when it goes by itself.
type ImageLine = (BlobId, i64, Option<i64>);

async fn delete_rows(
    tx: &mut Conn,
    account: AccountId,
    image: ImageId,
    due_ms: i64,
    now_ms: i64,
) -> anyhow::Result<bool> {
    let found = fetch_optional!(tx, ImageLine, sql::SELECT_BLOB_ID, image, account)?;
    let Some((blob, ..)) = found else { return Ok(false) };
    // The blob is locked before the image, here as by the job that makes it ready. Uploads of the
    // same bytes lock it too: either they come first and keep it alive, or they find it doomed
    // and store their own.
    let Some(row) = fetch_optional!(tx, LockedBlob, sql::LOCK_BLOB, blob)? else {
        return Ok(false);
    };
    // What its variants take is settled under the blob's lock, and so is read again.
    let found = fetch_optional!(tx, ImageLine, sql::SELECT_BLOB_ID, image, account)?;
    let Some((_, variant_bytes, delete_at_ms)) = found else { return Ok(false) };
    if delete_at_ms.unwrap_or(i64::MAX) > due_ms {
        return Ok(false);
    }
    links::kill_of_image(tx, image, now_ms).await?;
    if execute!(tx, sql::LEAVE_GALLERY, image)? > 0 {
        counters::add(tx, CounterScope::Gallery, counters::CHANGES, 1).await?;
    }
    if execute!(tx, sql::DELETE, image)? == 0 {
        return Ok(false);
    }
    let kind = if due_ms == i64::MAX { EventKind::ImageDeleted } else { EventKind::ImageExpired };
    events::record(tx, &Event::new(kind, now_ms).of(account).image(image)).await?;
    let (same,) = fetch_one!(tx, (i64,), sql::COUNT_OF_ACCOUNT, blob, account)?;
    let counted = CountedImage {
        account,
        bytes: row.bytes,
        variant_bytes,
        format: &row.format,
        model: row.model.as_deref(),
        is_only_one: same == 0 && !row.discarded,
    };
    counted.take_back(tx).await?;
    let (others,) = fetch_one!(tx, (i64,), sql::COUNT_BY_BLOB, blob)?;
    if others == 0 {
        doom(tx, blob, &row, now_ms).await?;
    }
    Ok(true)
}

/// What deletion needs to know of a blob, locked.
#[derive(sqlx::FromRow)]
pub struct LockedBlob {
    pub bytes: i64,
    pub doomed: bool,
    pub discarded: bool,
    pub format: String,
    pub model: Option<String>,
}

/// Marks a blob for deletion, with everything made from it. It is never revived.
pub async fn doom(
    tx: &mut Conn,
    blob: BlobId,
    row: &LockedBlob,
    now_ms: i64,
) -> anyhow::Result<()> {
    execute!(tx, sql::DOOM_BLOB, blob)?;
    if !row.discarded {
        counters::add(tx, CounterScope::Lab, counters::STORED_BYTES, -row.bytes).await?;
    }
    crate::variants::forget(tx, blob).await?;
    jobs::cancel_waiting(tx, blob, now_ms).await?;
    // Not behind the account's own waiting jobs: bytes go within seconds.
    jobs::enqueue(tx, &Job::DeleteBlob { blob }, None, now_ms).await
}

/// The job: removes the bytes of a doomed blob, then its row.
pub async fn delete_blob(app: &App, lease: &Lease, blob: BlobId) -> Result<(), JobError> {
    let mut conn = app.db.read().await?;
    let row = fetch_optional!(&mut conn, (Vec<u8>, Uuid), sql::SELECT_DOOMED, blob)?;
    let (at_work,) = fetch_one!(&mut conn, (i64,), jobs::sql::COUNT_STARTED, blob)?;
    drop(conn);
    if at_work > 0 {
        // It may still be writing variants; it will find out that it cannot commit them.
        return Err(JobError::retry(anyhow::anyhow!("work on the blob is still under way")));
    }
    if let Some((hash, generation)) = row {
        app.blobs.remove_all(&crate::blobs::Original { hash, generation }).await?;
    }
    let done = (lease.clone(), blob, app.clock.now_ms());
    app.db
        .write(done, |tx, (lease, blob, now_ms)| {
            Box::pin(async move {
                execute!(tx, sql::DELETE_DOOMED, *blob)?;
                jobs::complete(tx, lease, *now_ms).await
            })
        })
        .await?;
    Ok(())
}
