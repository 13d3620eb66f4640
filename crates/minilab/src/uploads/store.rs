//! From the spool to an image: the blob in its place, then one transaction, then the answer.

use anyhow::{Context, bail};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::buffer::BufferedFile;
use super::error::UploadError;
use super::receive::{Picture, Received, inspect};
use super::sql;
use crate::accounts::{self, Account, Caller, UploadLink, upload_link};
use crate::app::App;
use crate::blobs::{BlobKey, Original};
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::http::problem::TxError;
use crate::http::{Problem, intact};
use crate::ids::{AccountId, BlobId, ImageId, ScopeId};
use crate::images::counted::CountedImage;
use crate::images::{link_of, searched};
use crate::jobs::{self, Job};
use crate::tiers::Truncated;
use crate::tiers::retention::{DeleteAfter, Until};
use crate::{cpu, db, execute, fetch_all, fetch_one, fetch_optional, variants};

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredImage {
    Created(ImageId),
    /// The account, or the upload link, has the same bytes already, as this image.
    Duplicate(ImageId),
}

impl StoredImage {
    /// The image that shows the bytes.
    pub fn id(self) -> ImageId {
        match self {
            Self::Created(id) | Self::Duplicate(id) => id,
        }
    }
}

/// What the transaction needs to know.
#[derive(Clone)]
struct NewImage {
    account: AccountId,
    /// The account, or the upload link it comes through: duplicates are looked for there.
    scope: ScopeId,
    /// Who shares the bytes: everybody, or this scope alone if its original is not kept.
    pool: Uuid,
    until: Until,
    filename: String,
    hash: [u8; 32],
    bytes: i64,
    facts: pixels::Facts,
    metadata: pixels::Metadata,
    /// Where the bytes were put, if they were.
    placed: Option<Original>,
    /// The writing of these bytes that was found lost or damaged: the placed one takes its place.
    damaged: Option<Uuid>,
    now_ms: i64,
}

impl NewImage {
    fn until(caller: &Caller, delete_after: Option<DeleteAfter>, now_ms: i64) -> Until {
        let of_link = caller.link.as_ref().and_then(|link| link.delete_after());
        let said = [caller.tier().retention.delete_after, of_link, delete_after];
        Until::earliest(said.into_iter().flatten(), now_ms)
    }
}

/// How the transaction ended.
enum InsertOutcome {
    Stored {
        stored: StoredImage,
        used_placed: bool,
    },
    /// The blob that was there is gone or going: the bytes must be put first.
    MustPlace,
}

/// Blobs that come and go under our hands are rare; so many in a row are a bug.
const ROUNDS_MAX: u32 = 32;

/// Makes an image of a received file. When this returns, it is safe.
pub(super) async fn store(
    app: App,
    caller: Caller,
    filename: String,
    received: Received,
    delete_after: Option<DeleteAfter>,
) -> Result<StoredImage, Problem> {
    let (scope, hash) = (caller.scope_id(), received.hash);
    let pool = if caller.tier().retention.original { Uuid::nil() } else { scope.uuid() };
    let known = find_known(&app, &hash, pool, scope).await?;
    if let KnownUpload::Image(image) = known {
        // Nothing comes in that could be too much, and what is there stays in any case.
        return Ok(StoredImage::Duplicate(image));
    }
    let limits = app.config.pictures.limits(received.bytes);
    let Picture { buffered, facts, metadata } = inspect(received.buffered, limits).await?;
    match &caller.link {
        Some(link) if !link.takes(facts.format) => {
            let taken = link.formats().unwrap_or_default().join(", ");
            return Err(UploadError::FormatNotInLink { format: facts.format, taken }.into());
        }
        _ => {}
    }
    if facts.is_truncated && caller.tier().truncated == Truncated::Refuse {
        return Err(UploadError::Truncated.into());
    }
    let now_ms = app.clock.now_ms();
    let new = NewImage {
        account: caller.account.id,
        scope,
        pool,
        until: NewImage::until(&caller, delete_after, now_ms),
        filename,
        hash,
        bytes: received.bytes as i64,
        facts,
        metadata,
        placed: None,
        damaged: if let KnownUpload::Damaged(generation) = known { Some(generation) } else { None },
        now_ms,
    };
    let must_place = matches!(known, KnownUpload::Nothing | KnownUpload::Damaged(_));
    // In a task of its own: a sender who hangs up now must not leave bytes without a row.
    let stored = crate::spawn(async move { keep(&app, new, buffered, must_place).await });
    Ok(stored.await.map_err(|died| Problem::internal(&died.into()))??)
}

/// Puts the bytes in their place, if they are not stored yet, and commits the image.
async fn keep(
    app: &App,
    mut new: NewImage,
    buffered: BufferedFile,
    mut must_place: bool,
) -> Result<StoredImage, TxError> {
    let mut buffered = Some(buffered);
    let mut spooled = None;
    loop {
        if must_place {
            if let Some(buffered) = buffered.take() {
                // Until the bytes are on the disk, and are seen there.
                let _promise = app.room.promise(buffered.unwritten_bytes())?;
                spooled = Some(cpu::run(move || buffered.into_spool()).await?);
            }
            let spooled = spooled.as_ref().context("a file was buffered, and then it was not")?;
            let original = Original { hash: new.hash.to_vec(), generation: Uuid::now_v7() };
            let place = BlobKey::Original(&original).path();
            app.blobs.place(vec![(spooled.path.clone(), place)]).await?;
            new.placed = Some(original);
        }
        let placed = new.placed.clone();
        let outcome = app.db.write(new.clone(), |tx, new| Box::pin(insert(tx, new))).await;
        let outcome = match (outcome, &placed) {
            (Err(TxError::Failed(cause)), Some(placed)) if db::is_undecided(&cause) => {
                find_out(app, &new, placed, cause).await
            }
            (outcome, _) => outcome,
        };
        let used_placed = matches!(&outcome, Ok(InsertOutcome::Stored { used_placed: true, .. }));
        if let Some(original) = placed.filter(|_| !used_placed && !is_undecided(&outcome)) {
            // Somebody else's upload of the same bytes won, or this one was refused.
            let path = BlobKey::Original(&original).path();
            if let Err(cause) = app.blobs.remove_path(&path).await {
                tracing::warn!(cause = format!("{cause:#}"), "left for the sweep");
            }
        }
        match outcome? {
            InsertOutcome::Stored { stored, used_placed } => {
                if let Some(generation) = new.damaged.filter(|_| used_placed) {
                    tracing::info!("the bytes of an original were put back");
                    let damaged = Original { hash: new.hash.to_vec(), generation };
                    if let Err(cause) = app.blobs.remove_all(&damaged).await {
                        tracing::warn!(cause = format!("{cause:#}"), "left for the sweep");
                    }
                }
                return Ok(stored);
            }
            InsertOutcome::MustPlace => must_place = true,
        }
    }
}

/// A blob, and the image of the scope that shows it.
type Placed = (Uuid, Option<ImageId>);

/// What became of a COMMIT without an answer. The account is locked until the transaction has ended, one way
/// or the other: whoever gets the lock behind it sees which.
async fn find_out(
    app: &App,
    new: &NewImage,
    placed: &Original,
    cause: anyhow::Error,
) -> Result<InsertOutcome, TxError> {
    let args = (new.account, placed.generation, new.scope);
    let found: anyhow::Result<Option<Placed>> = app
        .db
        .write(args, |tx, &(account, generation, scope)| {
            Box::pin(async move {
                fetch_one!(tx, Account, accounts::sql::LOCK, account)?;
                Ok(fetch_optional!(tx, Placed, sql::SELECT_PLACED, generation, scope)?)
            })
        })
        .await;
    match found {
        Ok(Some((_, Some(image)))) => {
            Ok(InsertOutcome::Stored { stored: StoredImage::Created(image), used_placed: true })
        }
        // It did not happen: once more from the start.
        Ok(None) => Ok(InsertOutcome::MustPlace),
        // Deleted meanwhile, or the database is away: nothing is done to the bytes.
        Ok(Some((_, None))) | Err(_) => Err(TxError::Failed(cause)),
    }
}

/// After a COMMIT without an answer nobody knows whether it happened: the sweeper may decide, we may not.
fn is_undecided(outcome: &Result<InsertOutcome, TxError>) -> bool {
    matches!(outcome, Err(TxError::Failed(cause)) if db::is_undecided(cause))
}

/// What there is of a file before anything is done about it.
enum KnownUpload {
    Image(ImageId),
    Bytes,
    /// The bytes of this generation are not there, or not what they were.
    Damaged(Uuid),
    Nothing,
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    id: Option<ImageId>,
    generation: Uuid,
    bytes: i64,
    pool_id: Uuid,
    damaged_ms: Option<i64>,
    discarded: bool,
}

async fn find_known(
    app: &App,
    hash: &[u8; 32],
    pool: Uuid,
    scope: ScopeId,
) -> anyhow::Result<KnownUpload> {
    let mut conn = app.db.read().await?;
    let row = fetch_optional!(&mut conn, KnownRow, sql::SELECT_KNOWN, &hash[..], pool, scope);
    drop(conn);
    let Some(row) = row.context("looking for the same bytes")? else {
        return Ok(KnownUpload::Nothing);
    };
    if !row.discarded && row.pool_id == pool {
        let original = Original { hash: hash.to_vec(), generation: row.generation };
        let key = BlobKey::Original(&original);
        let damage = intact::find_damage(&app.blobs, &key, row.bytes as u64).await?;
        if damage.is_some() || row.damaged_ms.is_some() {
            return Ok(KnownUpload::Damaged(row.generation));
        }
    }
    Ok(row.id.map_or(KnownUpload::Bytes, KnownUpload::Image))
}

/// Locks in one order everywhere: account, then upload link, then blob. So no two uploads wait for
/// each other.
fn insert<'a>(
    tx: &'a mut Conn,
    new: &'a NewImage,
) -> BoxFuture<'a, Result<InsertOutcome, TxError>> {
    Box::pin(async move {
        let account = new.account;
        let link = lock_maker(tx, new).await?;
        let Some((blob, is_new)) = lock_blob(tx, new).await? else {
            return Ok(InsertOutcome::MustPlace);
        };
        let used_placed = is_new || put_back(tx, new, blob).await?;
        let own = fetch_all!(tx, (ImageId, ScopeId), sql::SELECT_OWN_OF_BLOB, account, blob)?;
        if let Some((image, _)) = own.iter().find(|(_, scope)| *scope == new.scope) {
            let until = new.until;
            if execute!(tx, sql::KEEP_ON, *image, until.at_ms, until.after_download)? > 0 {
                counters::add(tx, CounterScope::Account(account), counters::CHANGES, 1).await?;
            }
            let stored = StoredImage::Duplicate(*image);
            return Ok(InsertOutcome::Stored { stored, used_placed });
        }
        if let Some(link) = &link {
            use_link(tx, link, new.bytes).await?;
        }
        check_quota(tx, account).await.map_err(|stop| match (link, stop) {
            // How much its maker has is nothing for who holds a link.
            (Some(_), TxError::Refused(_)) => UploadError::LibraryFull.into(),
            (_, stop) => stop,
        })?;
        let image = ImageId::new();
        let format = new.facts.format.to_string();
        execute!(
            tx,
            sql::INSERT_IMAGE,
            image,
            account,
            blob,
            new.scope,
            &new.filename,
            new.now_ms,
            new.until.at_ms,
            new.until.after_download,
            new.metadata.model.as_deref().map(searched::camera),
            searched::fold(&new.filename),
            &format,
            searched::taken_ms(new.metadata.taken_at.as_deref()),
            new.metadata.gps.is_some(),
        )?;
        let counted = CountedImage {
            account,
            bytes: new.bytes,
            variant_bytes: 0,
            format: &format,
            model: new.metadata.model.as_deref(),
            is_only_one: own.is_empty(),
        };
        counted.add(tx, new.now_ms).await?;
        jobs::enqueue_for(tx, &Job::Develop { blob }, account, image, new.now_ms).await?;
        Ok(InsertOutcome::Stored { stored: StoredImage::Created(image), used_placed })
    })
}

/// Locks the account, and the link if it comes through one: both are to be in force.
async fn lock_maker(tx: &mut Conn, new: &NewImage) -> Result<Option<UploadLink>, TxError> {
    // One that is deleted meanwhile was suspended before.
    let account = fetch_optional!(tx, Account, accounts::sql::LOCK, new.account)?;
    let account = account.ok_or(UploadError::Suspended)?;
    let Some(link) = link_of(new.account, new.scope) else {
        return if account.suspended { Err(UploadError::Suspended.into()) } else { Ok(None) };
    };
    let link = fetch_optional!(tx, UploadLink, accounts::sql::LOCK_UPLOAD_LINK, link)?;
    let Some(link) = link.filter(|_| !account.suspended) else {
        return Err(upload_link::closed().into());
    };
    let right = fetch_one!(tx, (bool, bool), accounts::sql::SELECT_LINK_RIGHT, new.account)?;
    if right == (false, false) {
        return Err(upload_link::closed().into());
    }
    match link.refusal(new.now_ms) {
        Some(problem) => Err(problem.into()),
        None => Ok(Some(link)),
    }
}

/// Takes room of the link, if it has enough.
async fn use_link(tx: &mut Conn, link: &UploadLink, bytes: i64) -> Result<(), TxError> {
    if !link.has_room(bytes) {
        let images_left = link.images_max.map(|most| (most - link.images).max(0));
        let bytes_left = link.bytes_max.map(|most| (most - link.bytes).max(0));
        return Err(UploadError::LinkFull { images_left, bytes_left }.into());
    }
    execute!(tx, accounts::sql::USE_UPLOAD_LINK, link.id, bytes)?;
    Ok(())
}

/// The live blob of these bytes, locked, and whether it is the one just placed.
async fn lock_blob(tx: &mut Conn, new: &NewImage) -> Result<Option<(BlobId, bool)>, TxError> {
    // If an insert gives way to another's, that one is there to be locked; unless it is doomed
    // before it is our turn.
    for _ in 0..ROUNDS_MAX {
        if let Some((id,)) =
            fetch_optional!(tx, (BlobId,), sql::LOCK_LIVE_BLOB, &new.hash[..], new.pool)?
        {
            return Ok(Some((id, false)));
        }
        let Some(original) = &new.placed else {
            return Ok(None);
        };
        let id = BlobId::new();
        if insert_blob(tx, new, original, id).await? {
            counters::add(tx, CounterScope::Lab, counters::STORED_BYTES, new.bytes).await?;
            return Ok(Some((id, true)));
        }
    }
    Err(TxError::Failed(anyhow::anyhow!("a blob came and went during one transaction")))
}

/// Gives a blob whose bytes were lost or damaged those just placed; false when there is no need any more.
///
/// What was made of it lies beside the old ones, and is made anew.
async fn put_back(tx: &mut Conn, new: &NewImage, blob: BlobId) -> anyhow::Result<bool> {
    let (Some(placed), Some(damaged)) = (&new.placed, new.damaged) else { return Ok(false) };
    if execute!(tx, sql::PUT_BACK, blob, placed.generation, damaged)? == 0 {
        return Ok(false);
    }
    variants::forget(tx, blob).await?;
    if execute!(tx, sql::TRY_AGAIN, blob)? > 0 {
        jobs::enqueue(tx, &Job::Develop { blob }, Some(new.account), new.now_ms).await?;
    }
    variants::owners::recount_owners(tx, blob).await?;
    jobs::enqueue(tx, &Job::Refine { blob }, Some(new.account), new.now_ms).await?;
    Ok(true)
}

async fn insert_blob(
    tx: &mut Conn,
    new: &NewImage,
    original: &Original,
    id: BlobId,
) -> anyhow::Result<bool> {
    let (facts, metadata) = (&new.facts, &new.metadata);
    let exposure = metadata.exposure.as_ref().map(serde_json::to_string).transpose()?;
    let inserted = execute!(
        tx,
        sql::INSERT_BLOB,
        id,
        &new.hash[..],
        original.generation,
        new.pool,
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
        facts.is_truncated,
    )?;
    match inserted {
        0 => Ok(false),
        1 => Ok(true),
        more => bail!("one insert made {more} rows"),
    }
}

/// The tier's limit and the count are read here, under the account's lock: they cannot drift.
async fn check_quota(tx: &mut Conn, account: AccountId) -> Result<(), TxError> {
    let (limit,) = fetch_one!(tx, (Option<i64>,), sql::SELECT_IMAGES_MAX, account)?;
    let Some(limit) = limit else { return Ok(()) };
    let used = counters::read(tx, CounterScope::Account(account), counters::IMAGES).await?;
    if used >= limit {
        return Err(UploadError::QuotaReached { used, limit }.into());
    }
    Ok(())
}
