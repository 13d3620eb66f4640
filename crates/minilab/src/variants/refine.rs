//! After a change of a tier, a preset or `pixels`: old images get what they lack, in the background.
//!
//! `BackFill` walks over images and leaves one `Refine` for each blob that lacks something. It waits
//! until those are done, so the queue never holds more than one stretch of them.

use uuid::Uuid;

use super::{PIXELS_VERSION, owners, sql};
use crate::app::App;
use crate::db::Conn;
use crate::ids::{AccountId, BlobId, ImageId};
use crate::jobs::{self, Job, JobError, Lease};
use crate::{execute, fetch_all, fetch_one, fetch_optional};

/// Images looked at by one job.
const STRETCH: i64 = 500;

/// A walk over the images of one account, or of the whole lab.
#[derive(Clone, Copy, Debug)]
pub struct BackFillWalk {
    pub account: Option<AccountId>,
    /// When the change was made that it is for; every change has a walk of its own.
    pub since_ms: i64,
    /// The last image it looked at.
    pub after: ImageId,
}

impl BackFillWalk {
    fn job(self) -> Job {
        let Self { account, since_ms, after } = self;
        Job::BackFill { account, since_ms, after }
    }
}

/// Starts a walk, in the transaction of what changed.
pub async fn start(tx: &mut Conn, account: Option<AccountId>, now_ms: i64) -> anyhow::Result<()> {
    let walk = BackFillWalk { account, since_ms: now_ms, after: ImageId::nil() };
    jobs::enqueue(tx, &walk.job(), account, now_ms).await
}

/// The job: enqueues what the next images lack, and the rest of the walk.
pub async fn back_fill(app: &App, lease: &Lease, walk: BackFillWalk) -> Result<(), JobError> {
    let (lacking, next) = find_lacking(app, walk).await?;
    let args = (lease.clone(), walk, lacking, next, app.clock.now_ms());
    app.db
        .write(args, |tx, (lease, walk, lacking, next, now_ms)| {
            Box::pin(async move {
                for (owner, blob) in lacking {
                    let refine = Job::Refine { blob: *blob };
                    jobs::enqueue(tx, &refine, Some(*owner), *now_ms).await?;
                }
                match next {
                    Some(after) => {
                        let rest = BackFillWalk { after: *after, ..*walk }.job();
                        jobs::enqueue(tx, &rest, walk.account, *now_ms).await?;
                    }
                    None if walk.account.is_none() => {
                        execute!(tx, sql::SET_LOOKED_AT, PIXELS_VERSION)?;
                    }
                    None => {}
                }
                jobs::complete(tx, lease, *now_ms).await
            })
        })
        .await?;
    Ok(())
}

/// Owner and blob of each image of a stretch that lacks something, and where the next one begins.
type Lacking = (Vec<(AccountId, BlobId)>, Option<ImageId>);

async fn find_lacking(app: &App, walk: BackFillWalk) -> sqlx::Result<Lacking> {
    type StretchRow = (ImageId, AccountId, BlobId);
    let mut conn = app.db.read().await?;
    let images = match walk.account {
        Some(account) => {
            fetch_all!(&mut conn, StretchRow, sql::SELECT_STRETCH_OF, account, walk.after, STRETCH)?
        }
        None => fetch_all!(&mut conn, StretchRow, sql::SELECT_STRETCH, walk.after, STRETCH)?,
    };
    let mut lacking = Vec::new();
    for (_, owner, blob) in &images {
        let lacks = fetch_optional!(&mut conn, (Uuid,), sql::LACKS, *blob, PIXELS_VERSION)?;
        if lacks.is_some() || owners::is_miscounted(&mut conn, *blob).await? {
            lacking.push((*owner, *blob));
        }
    }
    let is_full = images.len() as i64 == STRETCH;
    Ok((lacking, images.last().filter(|_| is_full).map(|(id, ..)| *id)))
}

/// Starts a walk over everything if `pixels` is not what all variants were last looked at with.
pub async fn start_if_new(app: &App) -> anyhow::Result<()> {
    let (looked_at,) = fetch_one!(&mut app.db.read().await?, (i64,), sql::SELECT_LOOKED_AT)?;
    if looked_at == PIXELS_VERSION {
        return Ok(());
    }
    let now_ms = app.clock.now_ms();
    app.db
        .write(now_ms, |tx, now_ms| {
            Box::pin(async move {
                // The same for every process that starts now.
                let walk =
                    BackFillWalk { account: None, since_ms: PIXELS_VERSION, after: ImageId::nil() };
                jobs::enqueue(tx, &walk.job(), None, *now_ms).await
            })
        })
        .await
}
