//! From the spool to an image: the blob in its place, then one transaction, then the answer.

use anyhow::{Context, bail};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::receive::Received;
use super::refused::{Refused, Stop};
use super::sql;
use crate::accounts::{self, Account};
use crate::app::App;
use crate::blobs::{BlobKey, Original};
use crate::counters::{self, Scope};
use crate::db::Conn;
use crate::jobs::{self, Job};
use crate::{execute, fetch_one, fetch_optional};

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    Created(Uuid),
    /// The account has the same bytes already, as this image.
    Duplicate(Uuid),
}

/// What the transaction needs to know.
#[derive(Clone)]
struct NewImage {
    account: Account,
    filename: String,
    hash: [u8; 32],
    bytes: i64,
    facts: pixels::Facts,
    metadata: pixels::Metadata,
    /// Where the bytes were put, if they were.
    placed: Option<Original>,
    now_ms: i64,
}

/// How the transaction ended.
enum Outcome {
    Stored {
        stored: Stored,
        used_placed: bool,
    },
    /// The blob that was there is gone or going: the bytes must be put first.
    MustPlace,
}

/// Blobs that come and go under our hands are rare; so many in a row are a bug.
const ROUNDS_MAX: u32 = 32;

/// Makes an image of a received file. When this returns, it is safe.
pub(super) async fn store(
    app: &App,
    account: &Account,
    filename: String,
    received: Received,
) -> Result<Stored, Stop> {
    let mut new = NewImage {
        account: account.clone(),
        filename,
        hash: received.hash,
        bytes: received.bytes as i64,
        facts: received.facts,
        metadata: received.metadata,
        placed: None,
        now_ms: app.clock.now_ms(),
    };
    let mut must_place = !is_stored(app, &new.hash).await?;
    loop {
        if must_place {
            let original = Original { hash: new.hash.to_vec(), generation: Uuid::now_v7() };
            let place = BlobKey::Original(&original).path();
            app.blobs.place(vec![(received.spooled.path.clone(), place)]).await?;
            new.placed = Some(original);
        }
        let placed = new.placed.clone();
        let outcome = app.db.write(new.clone(), |tx, new| Box::pin(insert(tx, new))).await;
        let used_placed = matches!(&outcome, Ok(Outcome::Stored { used_placed: true, .. }));
        if let Some(original) = placed.filter(|_| !used_placed && !is_undecided(&outcome)) {
            // Somebody else's upload of the same bytes won, or this one was refused.
            let path = BlobKey::Original(&original).path();
            if let Err(cause) = app.blobs.remove_path(&path).await {
                tracing::warn!(cause = format!("{cause:#}"), "left for the sweep");
            }
        }
        match outcome? {
            Outcome::Stored { stored, .. } => {
                app.work.ring();
                return Ok(stored);
            }
            Outcome::MustPlace => must_place = true,
        }
    }
}

/// After a failed commit nobody knows whether it happened: the sweeper may decide, we may not.
fn is_undecided(outcome: &Result<Outcome, Stop>) -> bool {
    matches!(outcome, Err(Stop::Failed(_)))
}

async fn is_stored(app: &App, hash: &[u8]) -> anyhow::Result<bool> {
    let mut conn = app.db.read().await?;
    let row = fetch_optional!(&mut conn, (Uuid,), sql::SELECT_LIVE_BLOB, hash);
    Ok(row.context("looking for the same bytes")?.is_some())
}

/// Locks in one order everywhere: account, then blob. So no two uploads wait for each other.
fn insert<'a>(tx: &'a mut Conn, new: &'a NewImage) -> BoxFuture<'a, Result<Outcome, Stop>> {
    Box::pin(async move {
        let account = new.account.id;
        if fetch_one!(tx, Account, accounts::sql::LOCK, account)?.suspended {
            return Err(Refused::Suspended.into());
        }
        let Some((blob, used_placed)) = lock_blob(tx, new).await? else {
            return Ok(Outcome::MustPlace);
        };
        let twin = fetch_optional!(tx, (Uuid,), sql::SELECT_TWIN, account, blob)?;
        if let Some((image,)) = twin {
            let stored = Stored::Duplicate(image);
            return Ok(Outcome::Stored { stored, used_placed });
        }
        check_quota(tx, account).await?;
        let image = Uuid::now_v7();
        execute!(tx, sql::INSERT_IMAGE, image, account, blob, account, &new.filename, new.now_ms)?;
        counters::add(tx, Scope::Account(account), counters::IMAGES, 1).await?;
        counters::add(tx, Scope::Account(account), counters::BYTES, new.bytes).await?;
        counters::add(tx, Scope::Account(account), counters::CHANGES, 1).await?;
        jobs::enqueue(tx, &Job::Develop { blob }, Some(account), new.now_ms).await?;
        Ok(Outcome::Stored { stored: Stored::Created(image), used_placed })
    })
}

/// The live blob of these bytes, locked, and whether it is the one just placed.
async fn lock_blob(tx: &mut Conn, new: &NewImage) -> Result<Option<(Uuid, bool)>, Stop> {
    // If an insert gives way to another's, that one is there to be locked; unless it is doomed
    // before it is our turn.
    for _ in 0..ROUNDS_MAX {
        if let Some((id,)) = fetch_optional!(tx, (Uuid,), sql::LOCK_LIVE_BLOB, &new.hash[..])? {
            return Ok(Some((id, false)));
        }
        let Some(original) = &new.placed else {
            return Ok(None);
        };
        let id = Uuid::now_v7();
        if insert_blob(tx, new, original, id).await? {
            counters::add(tx, Scope::Lab, counters::STORED_BYTES, new.bytes).await?;
            return Ok(Some((id, true)));
        }
    }
    Err(Stop::Failed(anyhow::anyhow!("a blob came and went during one transaction")))
}

async fn insert_blob(
    tx: &mut Conn,
    new: &NewImage,
    original: &Original,
    id: Uuid,
) -> anyhow::Result<bool> {
    let (facts, metadata) = (&new.facts, &new.metadata);
    let exposure = metadata.exposure.as_ref().map(serde_json::to_string).transpose()?;
    let inserted = execute!(
        tx,
        sql::INSERT_BLOB,
        id,
        &new.hash[..],
        original.generation,
        new.bytes,
        facts.format.to_string(),
        i64::from(facts.width),
        i64::from(facts.height),
        i64::from(facts.frames),
        i64::from(facts.orientation),
        facts.has_alpha,
        facts.decode_bytes as i64,
        metadata.make.as_deref(),
        metadata.model.as_deref(),
        metadata.lens.as_deref(),
        metadata.taken_at.as_deref(),
        exposure.as_deref(),
        metadata.gps.map(|gps| gps.lat),
        metadata.gps.map(|gps| gps.lon),
        new.now_ms,
    )?;
    match inserted {
        0 => Ok(false),
        1 => Ok(true),
        more => bail!("one insert made {more} rows"),
    }
}

/// The tier's limit and the count are read here, under the account's lock: they cannot drift.
async fn check_quota(tx: &mut Conn, account: Uuid) -> Result<(), Stop> {
    let (limit,) = fetch_one!(tx, (Option<i64>,), sql::SELECT_IMAGES_MAX, account)?;
    let Some(limit) = limit else { return Ok(()) };
    let used = counters::read(tx, Scope::Account(account), counters::IMAGES).await?;
    if used >= limit {
        return Err(Refused::QuotaReached { used, limit }.into());
    }
    Ok(())
}
