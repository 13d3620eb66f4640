//! Taking work under a lease.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::attempts::{Held, record_held};
use super::outcome::Outcome;
use super::{Barred, Lease, sql};
use crate::clock::Clock;
use crate::db::{Conn, Db};
use crate::ids::{AccountId, JobId};
use crate::{execute, fetch_all, fetch_optional};

/// A lease that is not renewed for so long is anybody's.
pub const LEASE: Duration = Duration::from_secs(15);
/// How often a running job renews its lease.
pub const HEARTBEAT: Duration = Duration::from_secs(4);

/// What a job waits that two workers went away with, milliseconds; twice as long after the next one.
const SUSPECT_MS: i64 = 1000;

/// Takes the best waiting job that is not barred, if there is one.
pub async fn claim(
    db: &Db,
    clock: &Clock,
    worker: &str,
    barred: &Barred,
) -> anyhow::Result<Option<Lease>> {
    if barred.all {
        return Ok(None);
    }
    let (accounts, kinds) = barred.args();
    let now_ms = clock.now_ms();
    // Most of the time there is nothing: find out without the writer.
    let mut conn = db.read().await?;
    let waiting =
        fetch_optional!(&mut conn, (i64,), sql::IS_WAITING, now_ms, &accounts[..], &kinds)?;
    drop(conn);
    if waiting.is_none() {
        return Ok(None);
    }
    let args = (now_ms, worker.to_owned(), accounts, kinds);
    let row = db
        .write(args, |tx, (now_ms, worker, accounts, kinds)| {
            Box::pin(async move {
                let until = *now_ms + LEASE.as_millis() as i64;
                fetch_optional!(
                    tx,
                    Claimed,
                    sql::CLAIM,
                    *now_ms,
                    until,
                    worker,
                    &accounts[..],
                    kinds
                )
            })
        })
        .await?;
    row.map(|row| lease_of(row, worker, now_ms)).transpose()
}

type Claimed = (JobId, String, Option<AccountId>, i64, i64, i64, i64);

fn lease_of(
    (id, payload, account, number, attempts, kills, run_at_ms): Claimed,
    worker: &str,
    claimed_ms: i64,
) -> anyhow::Result<Lease> {
    let job = serde_json::from_str(&payload).with_context(|| format!("reading job {id}"))?;
    let (worker, waited_ms) = (worker.to_owned(), (claimed_ms - run_at_ms).max(0));
    let stages = Arc::default();
    Ok(Lease { id, number, job, account, attempts, kills, worker, claimed_ms, waited_ms, stages })
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
                let held = fetch_all!(tx, Held, sql::TAKE_BACK, worker, *now_ms, SUSPECT_MS)?;
                lost(tx, &held, *now_ms).await?;
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
    let reaped = db.write(now_ms, |tx, now_ms| {
        Box::pin(async move {
            let held = fetch_all!(tx, Held, sql::REAP, *now_ms, SUSPECT_MS)?;
            lost(tx, &held, *now_ms).await?;
            Ok::<_, sqlx::Error>(held.len() as u64)
        })
    });
    Ok(reaped.await?)
}

/// Writes down tries whose workers went away.
async fn lost(tx: &mut Conn, held: &[Held], now_ms: i64) -> sqlx::Result<()> {
    record_held(tx, held, Outcome::Lost, "worker_lost", now_ms, &[]).await
}
