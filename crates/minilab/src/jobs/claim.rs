//! Taking work under a lease.

use std::time::Duration;

use anyhow::Context;

use super::{Job, sql};
use crate::clock::Clock;
use crate::db::Db;
use crate::ids::{AccountId, JobId};
use crate::{execute, fetch_optional};

/// A lease that is not renewed for so long is anybody's.
pub const LEASE: Duration = Duration::from_secs(15);
/// How often a running job renews its lease.
pub const HEARTBEAT: Duration = Duration::from_secs(4);

/// A job this worker may work on, for now.
#[derive(Clone, Debug)]
pub struct Lease {
    pub id: JobId,
    /// The fencing number: raised by every claim.
    pub number: i64,
    pub job: Job,
    pub account: Option<AccountId>,
    /// This try counted, 1-based.
    pub attempts: i64,
}

/// Takes the best waiting job, if there is one, but none of the accounts in `full`.
pub async fn claim(
    db: &Db,
    clock: &Clock,
    worker: &str,
    full: &[AccountId],
) -> anyhow::Result<Option<Lease>> {
    let full = full.iter().flat_map(AccountId::as_bytes).copied().collect::<Vec<_>>();
    // Most of the time there is nothing: find out without the writer.
    let waiting =
        fetch_optional!(&mut db.read().await?, (i64,), sql::IS_WAITING, clock.now_ms(), &full[..])?;
    if waiting.is_none() {
        return Ok(None);
    }
    let row = db
        .write((clock.now_ms(), worker.to_owned(), full), |tx, (now_ms, worker, full)| {
            Box::pin(async move {
                let until = *now_ms + LEASE.as_millis() as i64;
                fetch_optional!(tx, Claimed, sql::CLAIM, *now_ms, until, worker, &full[..])
            })
        })
        .await?;
    row.map(lease_of).transpose()
}

/// Takes the best waiting job that stores nothing: while the disk is full the others wait as they are.
pub async fn claim_freeing(db: &Db, clock: &Clock, worker: &str) -> anyhow::Result<Option<Lease>> {
    let mut conn = db.read().await?;
    let waiting = fetch_optional!(&mut conn, (i64,), sql::IS_FREEING_WAITING, clock.now_ms())?;
    drop(conn);
    if waiting.is_none() {
        return Ok(None);
    }
    let row = db
        .write((clock.now_ms(), worker.to_owned()), |tx, (now_ms, worker)| {
            Box::pin(async move {
                let until = *now_ms + LEASE.as_millis() as i64;
                fetch_optional!(tx, Claimed, sql::CLAIM_FREEING, *now_ms, until, worker)
            })
        })
        .await?;
    row.map(lease_of).transpose()
}

type Claimed = (JobId, String, Option<AccountId>, i64, i64);

fn lease_of((id, payload, account, number, attempts): Claimed) -> anyhow::Result<Lease> {
    let job = serde_json::from_str(&payload).with_context(|| format!("reading job {id}"))?;
    Ok(Lease { id, number, job, account, attempts })
}

/// Keeps the lease for another while; false when somebody else has it.
pub async fn renew(db: &Db, clock: &Clock, lease: &Lease) -> sqlx::Result<bool> {
    let until = clock.now_ms() + LEASE.as_millis() as i64;
    db.write((lease.id, lease.number, until), |tx, &(id, number, until)| {
        Box::pin(async move { Ok(execute!(tx, sql::RENEW, id, number, until)? == 1) })
    })
    .await
}

/// Puts the jobs of processes that are known to have ended back in the queue, without waiting for
/// their leases to run out.
pub async fn take_back(db: &Db, clock: &Clock, dead: Vec<String>) -> sqlx::Result<()> {
    db.write((dead, clock.now_ms()), |tx, (dead, now_ms)| {
        Box::pin(async move {
            for worker in dead {
                execute!(tx, sql::TAKE_BACK, worker, *now_ms)?;
            }
            Ok(())
        })
    })
    .await
}

/// Puts jobs whose lease ran out back in the queue; returns how many.
pub async fn reap(db: &Db, clock: &Clock) -> anyhow::Result<u64> {
    let now_ms = clock.now_ms();
    let expired = fetch_optional!(&mut db.read().await?, (i64,), sql::IS_EXPIRED, now_ms)?;
    if expired.is_none() {
        return Ok(0);
    }
    let reaped =
        db.write(now_ms, |tx, now_ms| Box::pin(async move { execute!(tx, sql::REAP, *now_ms) }));
    Ok(reaped.await?)
}
