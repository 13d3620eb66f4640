//! A variant that is asked for before the background brings it is made once, however many ask.

use futures_util::future::join_all;
use minilab::ids::BlobId;
use minilab::jobs::{self, Barred, Job, Lease, claim};
use minilab::variants::make;
use serde_json::json;

use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, soon};

mod rows {
    minilab::sql! {
        MAKE_VARIANT = "SELECT COUNT(*) FROM jobs
            WHERE kind = 'make_variant' AND state = 'succeeded'";
        H400 = "SELECT COUNT(*) FROM variants WHERE preset = 'h400'";
        NOT_WELL = "SELECT COUNT(*) FROM jobs WHERE state <> 'succeeded'";
        BLOB = "SELECT id FROM blobs";
        LIVE = "SELECT COUNT(*) FROM jobs WHERE state IN ('pending', 'retry', 'started')";
    }
}

on_both_engines! {
    a_hundred_who_ask_before_the_back_fill_ran_get_one_print
    a_hundred_who_ask_while_a_refinement_waits_get_one_print
    a_hundred_who_ask_while_a_refinement_runs_get_what_it_makes
    a_refinement_leaves_to_another_job_what_somebody_waits_for
}

const ASKING: usize = 100;

/// An image from before its owner moved to the tier with `h400`, and its key.
async fn promoted(lab: &Lab) -> (String, String) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "free").await;
    let image = lab.ready(&key, "a.bmp", bmp(300, 500, 1)).await;
    lab.patch(&admin, &lab.account_path("ada").await, json!({"tier": "premium"})).await;
    (key, image)
}

async fn ask(lab: &Lab, key: &str, image: &str, wait: &str) -> Answer {
    let path = format!("/api/v1/images/{image}/variants/h400");
    lab.get_with(key, &path, &[("prefer", wait)]).await
}

async fn ask_all(lab: &Lab, key: &str, image: &str) {
    let answers = join_all((0..ASKING).map(|_| ask(lab, key, image, "wait=30"))).await;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &answers[0].body));
    }
}

async fn blob(lab: &Lab) -> BlobId {
    let mut conn = lab.app.db.read().await.unwrap();
    minilab::fetch_one!(&mut conn, (BlobId,), rows::BLOB).unwrap().0
}

async fn enqueue_refinement(lab: &Lab) {
    let args = (Job::Refine { blob: blob(lab).await }, lab.app.clock.now_ms());
    let enqueued =
        lab.app.db.write(args, |tx, (job, now_ms)| Box::pin(jobs::enqueue(tx, job, None, *now_ms)));
    enqueued.await.unwrap();
}

async fn claim_one(lab: &Lab) -> Lease {
    let app = &lab.app;
    let worker = &app.spool.process_id;
    claim::claim(&app.db, &app.clock, worker, &Barred::default()).await.unwrap().unwrap()
}

/// Does what is left to do with the originals out of reach: whatever would render again fails.
async fn end_without_a_render(lab: &Lab) {
    let originals = lab.data().join("blobs/originals");
    let away = lab.data().join("away");
    std::fs::rename(&originals, &away).unwrap();
    lab.run_jobs().await;
    assert_eq!(lab.number(rows::NOT_WELL).await, 0);
    std::fs::rename(&away, &originals).unwrap();
    assert_eq!(lab.number(rows::H400).await, 1);
    assert_eq!(lab.differences().await, [""; 0]);
}

/// Comes back when all who ask wait for an answer.
async fn all_wait(lab: &Lab) {
    let places = lab.app.config.variants.waiters_max;
    let is_so = async || lab.app.waiters.free() == places - ASKING;
    soon("all who ask wait", is_so).await;
}

async fn a_hundred_who_ask_before_the_back_fill_ran_get_one_print(lab: Lab) {
    let (key, image) = promoted(&lab).await;
    let working = lab.work();
    ask_all(&lab, &key, &image).await;
    soon("all jobs are done", async || lab.number(rows::LIVE).await == 0).await;
    working.stop().await;
    end_without_a_render(&lab).await;
}

async fn a_hundred_who_ask_while_a_refinement_waits_get_one_print(lab: Lab) {
    let (key, image) = promoted(&lab).await;
    enqueue_refinement(&lab).await;
    let asking = ask_all(&lab, &key, &image);
    let meanwhile = async {
        all_wait(&lab).await;
        // Somebody waits for it: before the refinement, whichever came first.
        let lease = claim_one(&lab).await;
        let Job::MakeVariant { blob, preset, .. } = &lease.job else { panic!("{:?}", lease.job) };
        make::make_variant(&lab.app, &lease, *blob, preset).await.unwrap();
        lab.app.done.notify_all();
    };
    tokio::join!(asking, meanwhile);
    assert_eq!(lab.number(rows::MAKE_VARIANT).await, 1);
    end_without_a_render(&lab).await;
}

async fn a_hundred_who_ask_while_a_refinement_runs_get_what_it_makes(lab: Lab) {
    let (key, image) = promoted(&lab).await;
    enqueue_refinement(&lab).await;
    let lease = claim_one(&lab).await;
    let Job::Refine { blob } = lease.job else { panic!("{:?}", lease.job) };
    let asking = ask_all(&lab, &key, &image);
    let meanwhile = async {
        all_wait(&lab).await;
        make::refine(&lab.app, &lease, blob).await.unwrap();
        lab.app.done.notify_all();
    };
    tokio::join!(asking, meanwhile);
    // One who looked just before it was there may have asked for it just after.
    end_without_a_render(&lab).await;
}

async fn a_refinement_leaves_to_another_job_what_somebody_waits_for(lab: Lab) {
    let (key, image) = promoted(&lab).await;
    assert_eq!(ask(&lab, &key, &image, "wait=0").await.status, 202);
    enqueue_refinement(&lab).await;
    let awaited = claim_one(&lab).await;
    let refinement = claim_one(&lab).await;
    let (Job::MakeVariant { .. }, Job::Refine { blob }) = (&awaited.job, &refinement.job) else {
        panic!("{:?} {:?}", awaited.job, refinement.job)
    };
    make::refine(&lab.app, &refinement, *blob).await.unwrap();
    assert_eq!(lab.number(rows::H400).await, 0, "left to the job at work on it");
    make::make_variant(&lab.app, &awaited, *blob, "h400").await.unwrap();
    assert_eq!(lab.number(rows::H400).await, 1);
    end_without_a_render(&lab).await;
}
