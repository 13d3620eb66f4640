//! Measures the queue: microseconds of a claim and of a finish, beside few jobs that wait and beside many.
//!
//! `queue DIRECTORY [DATABASE_URL]`. The directory is made if need be; where it lies in memory no time is spent on
//! `fsync`, and of PostgreSQL the same is asked by `?options=-c%20synchronous_commit%3Doff`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use minilab::app::App;
use minilab::config::Config;
use minilab::ids::{AccountId, BlobId};
use minilab::jobs::{self, Barred, Job, claim};
use minilab::start;

const WAITING: [usize; 3] = [10, 1000, 10_000];
const MEASURED: usize = 500;

#[expect(clippy::print_stdout, reason = "figures are its result")]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let data = PathBuf::from(args.next().context("usage: queue DIRECTORY [DATABASE_URL]")?);
    let mut config = Config { data, ..Config::default() };
    config.database.url = args.next().unwrap_or_default();
    let app = start::open(config, std::env::current_exe()?).await?;
    let mut there = 0;
    for waiting in WAITING {
        enqueue(&app, waiting + MEASURED - there).await?;
        let (mut claims, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..MEASURED {
            let begun = Instant::now();
            let lease = claim::claim(&app.db, &app.clock, "measurer", &Barred::default()).await?;
            claims.push(begun.elapsed());
            let begun = Instant::now();
            jobs::complete_alone(&app.db, &app.clock, &lease.context("a job")?).await?;
            ends.push(begun.elapsed());
        }
        there = waiting;
        minilab::counters::fold_if_any(&app.db).await?;
        let median = |mut all: Vec<std::time::Duration>| {
            all.sort_unstable();
            all[all.len() / 2].as_micros()
        };
        let (claim, end) = (median(claims), median(ends));
        println!(
            "{waiting:>6} waiting: claim {claim} us, finish {end} us, both {} us",
            claim + end
        );
    }
    app.db.close().await;
    Ok(())
}

async fn enqueue(app: &App, count: usize) -> anyhow::Result<()> {
    for _ in 0..count.div_ceil(100) {
        app.db
            .write(app.clock.now_ms(), |tx, now_ms| {
                Box::pin(async move {
                    for _ in 0..100 {
                        let job = Job::Develop { blob: BlobId::new() };
                        let account = Some(AccountId::new());
                        jobs::enqueue(tx, &job, account, *now_ms).await?;
                    }
                    Ok::<_, anyhow::Error>(())
                })
            })
            .await?;
    }
    Ok(())
}
