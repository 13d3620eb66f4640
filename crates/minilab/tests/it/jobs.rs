//! The queue seam: what every engine promises about jobs.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use minilab::app::App;
use minilab::ids::{AccountId, BlobId};
use minilab::jobs::attempts::Why;
use minilab::jobs::finish::{Ending, record_failure, release};
use minilab::jobs::hands::Hands;
use minilab::jobs::{self, Barred, Job, Lease, claim};

use crate::support::{Lab, soon};

on_both_engines! {
    many_claimers_take_each_job_exactly_once
    an_expired_lease_is_taken_back_and_its_old_holder_cannot_commit
    a_renewed_lease_is_not_taken_back
    the_jobs_of_a_dead_process_are_taken_back_at_once
    a_live_job_is_not_enqueued_twice_and_a_finished_one_is
    a_failing_job_waits_longer_each_time_and_is_given_up
    a_released_job_does_not_lose_a_try
    awaited_work_comes_first
    nobodys_thousand_jobs_hold_up_anothers_one
    one_account_gets_its_share_of_the_hands_and_no_more
}

fn job() -> Job {
    Job::Develop { blob: BlobId::new() }
}

async fn enqueue(app: &App, job: Job, account: Option<AccountId>) {
    let args = (job, account, app.clock.now_ms());
    app.db
        .write(args, |tx, (job, account, now_ms)| {
            Box::pin(jobs::enqueue(tx, job, *account, *now_ms))
        })
        .await
        .unwrap();
}

async fn claim_one(app: &App) -> Option<Lease> {
    claim::claim(&app.db, &app.clock, "tester", &Barred::default()).await.unwrap()
}

async fn complete(app: &App, lease: &Lease) -> anyhow::Result<()> {
    jobs::complete_alone(&app.db, &app.clock, lease).await
}

async fn fail(app: &App, lease: &Lease, tries_max: i64) -> Ending {
    let args = (lease.clone(), tries_max, app.clock.now_ms());
    app.db
        .write(args, |tx, (lease, tries_max, now_ms)| {
            let why = Why { cause: "no_luck", detail: "no luck at all", words: None };
            Box::pin(record_failure(tx, lease, "no luck", why, *tries_max, *now_ms))
        })
        .await
        .unwrap()
}

async fn one_account_gets_its_share_of_the_hands_and_no_more(lab: Lab) {
    let (eve, ada) = (AccountId::new(), AccountId::new());
    let hands = Hands::new(3);
    let app = &lab.app;
    let take = async || hands.take(&app.db, &app.clock, "tester", false).await.unwrap();
    for _ in 0..8 {
        enqueue(app, job(), Some(eve)).await;
    }
    let mut of_eve = Vec::new();
    while let Some(job) = take().await {
        of_eve.push(job);
    }
    assert_eq!(of_eve.len(), 3, "at what is urgent, too");
    let urgent = Job::MakeVariant { blob: BlobId::new(), preset: "h400".to_owned(), version: 1 };
    enqueue(app, urgent, Some(eve)).await;
    for account in [Some(ada), None] {
        enqueue(app, job(), account).await;
        let taken = std::cell::RefCell::new(None);
        let is_taken = async || {
            let job = take().await;
            let found = job.is_some();
            taken.replace(job);
            found
        };
        soon("work of others is found", is_taken).await;
        assert_eq!(taken.take().unwrap().lease.account, account);
    }
    assert!(take().await.is_none());
    of_eve.pop();
    let next = take().await.unwrap();
    assert_eq!((next.lease.account, next.lease.job.kind()), (Some(eve), "make_variant"));
}

async fn many_claimers_take_each_job_exactly_once(lab: Lab) {
    const JOBS: usize = 120;
    for _ in 0..JOBS {
        enqueue(&lab.app, job(), None).await;
    }
    let claimers = (0..8).map(|_| async {
        let mut taken = Vec::new();
        while let Some(lease) = claim_one(&lab.app).await {
            complete(&lab.app, &lease).await.unwrap();
            taken.push(lease.id);
        }
        taken
    });
    let taken: Vec<_> = join_all(claimers).await.into_iter().flatten().collect();
    assert_eq!(taken.len(), JOBS);
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), JOBS);
}

async fn an_expired_lease_is_taken_back_and_its_old_holder_cannot_commit(lab: Lab) {
    enqueue(&lab.app, job(), None).await;
    let old = claim_one(&lab.app).await.unwrap();
    assert!(claim_one(&lab.app).await.is_none(), "leased");
    lab.app.clock.advance(claim::LEASE + Duration::from_millis(1));
    assert_eq!(claim::reap(&lab.app.db, &lab.app.clock).await.unwrap(), 1);
    let new = claim_one(&lab.app).await.unwrap();
    assert_eq!((new.id, new.attempts), (old.id, 2));
    assert!(new.number > old.number);

    assert!(complete(&lab.app, &old).await.is_err(), "an old number must not commit");
    assert_eq!(fail(&lab.app, &old, 8).await, Ending::Fenced);
    assert!(!claim::renew(&lab.app.db, &lab.app.clock, &old).await.unwrap());
    complete(&lab.app, &new).await.unwrap();
}

async fn the_jobs_of_a_dead_process_are_taken_back_at_once(lab: Lab) {
    enqueue(&lab.app, job(), None).await;
    let old = claim_one(&lab.app).await.unwrap();
    let dead = |name: &str| vec![name.to_owned()];
    claim::take_back(&lab.app.db, &lab.app.clock, dead("another")).await.unwrap();
    assert!(claim_one(&lab.app).await.is_none());
    claim::take_back(&lab.app.db, &lab.app.clock, dead("tester")).await.unwrap();
    assert_eq!(claim_one(&lab.app).await.unwrap().id, old.id);
}

async fn a_renewed_lease_is_not_taken_back(lab: Lab) {
    enqueue(&lab.app, job(), None).await;
    let lease = claim_one(&lab.app).await.unwrap();
    for _ in 0..4 {
        lab.app.clock.advance(claim::LEASE / 2);
        assert!(claim::renew(&lab.app.db, &lab.app.clock, &lease).await.unwrap());
        assert_eq!(claim::reap(&lab.app.db, &lab.app.clock).await.unwrap(), 0);
    }
    complete(&lab.app, &lease).await.unwrap();
}

async fn a_live_job_is_not_enqueued_twice_and_a_finished_one_is(lab: Lab) {
    let same = job();
    join_all((0..10).map(|_| enqueue(&lab.app, same.clone(), None))).await;
    let lease = claim_one(&lab.app).await.unwrap();
    enqueue(&lab.app, same.clone(), None).await;
    assert!(claim_one(&lab.app).await.is_none(), "it is live while it is worked on");
    complete(&lab.app, &lease).await.unwrap();
    enqueue(&lab.app, same, None).await;
    assert!(claim_one(&lab.app).await.is_some());
}

async fn a_failing_job_waits_longer_each_time_and_is_given_up(lab: Lab) {
    enqueue(&lab.app, job(), None).await;
    for secs in [1.0, 2.0, 4.0] {
        let lease = claim_one(&lab.app).await.unwrap();
        assert_eq!(fail(&lab.app, &lease, 4).await, Ending::Retry);
        lab.app.clock.advance(Duration::from_secs_f64(secs * 0.7));
        assert!(claim_one(&lab.app).await.is_none(), "not before {secs} s");
        lab.app.clock.advance(Duration::from_secs_f64(secs * 0.6));
    }
    let lease = claim_one(&lab.app).await.unwrap();
    assert_eq!(lease.attempts, 4);
    assert_eq!(fail(&lab.app, &lease, 4).await, Ending::Failed);
    lab.app.clock.advance(Duration::from_hours(1));
    assert!(claim_one(&lab.app).await.is_none());
}

async fn a_released_job_does_not_lose_a_try(lab: Lab) {
    enqueue(&lab.app, job(), None).await;
    for _ in 0..20 {
        let lease = claim_one(&lab.app).await.unwrap();
        assert_eq!(lease.attempts, 1);
        let released = lab.app.db.write(lease, |tx, lease| Box::pin(release(tx, lease)));
        released.await.unwrap();
    }
}

async fn awaited_work_comes_first(lab: Lab) {
    enqueue(&lab.app, Job::Sweep, None).await;
    enqueue(&lab.app, job(), None).await;
    let blob = BlobId::new();
    let awaited = Job::MakeVariant { blob, preset: "display".into(), version: 1 };
    enqueue(&lab.app, awaited, None).await;
    let mut kinds = Vec::new();
    while let Some(lease) = claim_one(&lab.app).await {
        kinds.push(lease.job.kind());
    }
    assert_eq!(kinds, ["make_variant", "develop", "sweep"]);
}

async fn nobodys_thousand_jobs_hold_up_anothers_one(lab: Lab) {
    let (busy, quiet) = (AccountId::new(), AccountId::new());
    for _ in 0..50 {
        enqueue(&lab.app, job(), Some(busy)).await;
    }
    for _ in 0..10 {
        let lease = claim_one(&lab.app).await.unwrap();
        complete(&lab.app, &lease).await.unwrap();
    }
    enqueue(&lab.app, job(), Some(quiet)).await;
    let mut place = 0;
    while let Some(lease) = claim_one(&lab.app).await {
        place += 1;
        if lease.account == Some(quiet) {
            break;
        }
    }
    assert!(place <= 2, "the one job came {place}th");
}
