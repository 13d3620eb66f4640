//! What is kept of tries: a row each, and sums that equal the rows.

use std::collections::BTreeMap;
use std::time::Duration;

use minilab::app::App;
use minilab::ids::{AccountId, BlobId};
use minilab::jobs::attempts::{self, Why};
use minilab::jobs::finish::record_failure;
use minilab::jobs::pauses::{Barred, Pause};
use minilab::jobs::rollup::{self, Step};
use minilab::jobs::{self, Job, Lease, claim};
use minilab::{fetch_all, worker};
use uuid::Uuid;

use crate::support::{Lab, Server};

mod rows {
    minilab::sql! {
        /// Outcomes of tries by kind, and jobs by kind.
        TRIES = "SELECT j.kind, a.outcome, COUNT(*) FROM attempts a JOIN jobs j ON j.id = a.job_id
            GROUP BY j.kind, a.outcome";
        JOBS = "SELECT kind, COUNT(*) FROM jobs GROUP BY kind";
        WORKED = "SELECT CAST(SUM(ended_ms - claimed_ms) AS BIGINT), CAST(SUM(waited_ms) AS BIGINT) FROM attempts";
        QUARANTINED = "SELECT COUNT(*) FROM jobs WHERE state = 'failed' AND cause = 'quarantined'";
    }
}

on_both_engines! {
    every_try_is_a_row_and_sums_equal_the_rows
    what_a_dead_worker_had_in_hand_is_a_lost_try
    a_job_that_kills_its_workers_is_quarantined
    paused_work_is_not_begun
}

async fn enqueue(app: &App, job: Job) {
    let args = (job, app.clock.now_ms());
    let enqueued = app
        .db
        .write(args, |tx, (job, now_ms)| Box::pin(jobs::enqueue(tx, job, None, *now_ms)))
        .await;
    enqueued.unwrap();
}

fn job() -> Job {
    Job::Develop { blob: BlobId::new() }
}

async fn claim_one(app: &App) -> Option<Lease> {
    claim::claim(&app.db, &app.clock, "tester", &Barred::default()).await.unwrap()
}

async fn fail(app: &App, lease: &Lease, tries_max: i64) {
    let args = (lease.clone(), tries_max, app.clock.now_ms());
    let failed = app.db.write(args, |tx, (lease, tries_max, now_ms)| {
        let why = Why { cause: "no_luck", detail: "no luck at all", words: Some("ouch") };
        Box::pin(record_failure(tx, lease, "no luck", why, *tries_max, *now_ms))
    });
    failed.await.unwrap();
}

/// What rows say and what sums say is the same, whether folded or not.
async fn expect_equal(app: &App) {
    for _ in 0..2 {
        let mut conn = app.db.read().await.unwrap();
        let tries = fetch_all!(&mut conn, (String, String, i64), rows::TRIES).unwrap();
        let came = fetch_all!(&mut conn, (String, i64), rows::JOBS).unwrap();
        for step in Step::ALL {
            let sums = rollup::read(&mut conn, step, 0).await.unwrap();
            let mut of = BTreeMap::<&str, rollup::Rates>::new();
            for ((_, kind), rates) in &sums {
                of.entry(kind).or_default().add(rates);
            }
            for (kind, outcome, count) in &tries {
                let sum = of[&**kind].outcomes.get(outcome);
                assert_eq!(sum, Some(count), "{step:?} {kind} {outcome}");
            }
            for (kind, count) in &came {
                assert_eq!(of[&**kind].enqueued, *count, "{step:?} {kind}");
            }
            let all = sums.values().map(rollup::Rates::tries).sum::<i64>();
            assert_eq!(all, tries.iter().map(|(.., count)| count).sum::<i64>());
            let waits = sums.values().flat_map(|rates| rates.waits.values()).sum::<i64>();
            assert_eq!(waits, all);
        }
        drop(conn);
        minilab::counters::fold_if_any(&app.db).await.unwrap();
    }
}

async fn every_try_is_a_row_and_sums_equal_the_rows(lab: Lab) {
    let app = &lab.app;
    for _ in 0..5 {
        enqueue(app, job()).await;
    }
    let first = claim_one(app).await.unwrap();
    first.stages.enter("render");
    app.clock.advance(Duration::from_millis(40));
    fail(app, &first, 3).await;
    let second = claim_one(app).await.unwrap();
    fail(app, &second, 1).await;
    while let Some(lease) = claim_one(app).await {
        jobs::complete_alone(&app.db, &app.clock, &lease).await.unwrap();
    }
    app.clock.advance(Duration::from_mins(90));
    let again = claim_one(app).await.unwrap();
    assert_eq!((again.id, again.attempts), (first.id, 2));
    jobs::complete_alone(&app.db, &app.clock, &again).await.unwrap();

    let tries = attempts::of_job(&mut app.db.read().await.unwrap(), first.id).await.unwrap();
    let seen = tries.iter().map(|one| (one.number, &*one.outcome, one.cause.as_deref()));
    let expected = [(1, "retry", Some("no_luck")), (2, "succeeded", None)];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert_eq!(tries[0].words.as_deref(), Some("ouch"));
    assert!(tries[0].ended_ms - tries[0].claimed_ms >= 40);
    let stages = tries[0].stages().into_iter().map(|stage| stage.name).collect::<Vec<_>>();
    assert_eq!(stages, ["prepare", "render"]);
    expect_equal(app).await;
}

async fn what_a_dead_worker_had_in_hand_is_a_lost_try(lab: Lab) {
    let app = &lab.app;
    for _ in 0..3 {
        enqueue(app, job()).await;
    }
    let held = [claim_one(app).await.unwrap(), claim_one(app).await.unwrap()];
    app.clock.advance(claim::LEASE + Duration::from_millis(1));
    assert_eq!(claim::reap(&app.db, &app.clock).await.unwrap(), 2);
    let third = claim_one(app).await.unwrap();
    claim::take_back(&app.db, &app.clock, vec!["tester".to_owned()]).await.unwrap();
    // What its worker was killed with before is not what it ended with.
    assert!(jobs::complete_alone(&app.db, &app.clock, &third).await.is_err());
    for lease in held {
        let tries = attempts::of_job(&mut app.db.read().await.unwrap(), lease.id).await.unwrap();
        let lost = tries.iter().filter(|one| one.outcome == "lost").count();
        assert!((1..=2).contains(&lost), "{tries:?}");
        assert_eq!(tries[0].worker, "tester");
    }
    while let Some(lease) = claim_one(app).await {
        jobs::complete_alone(&app.db, &app.clock, &lease).await.unwrap();
    }
    expect_equal(app).await;
}

async fn a_job_that_kills_its_workers_is_quarantined(lab: Lab) {
    let app = &lab.app;
    enqueue(app, job()).await;
    let mut kills = 0;
    while let Some(lease) = claim_one(app).await {
        assert_eq!(lease.kills, kills);
        if kills == 8 {
            // Taken by a process that would not know better.
            claim::take_back(&app.db, &app.clock, vec!["tester".to_owned()]).await.unwrap();
            break;
        }
        kills += 1;
        claim::take_back(&app.db, &app.clock, vec!["tester".to_owned()]).await.unwrap();
        if kills > 1 {
            assert!(claim_one(app).await.is_none(), "it waits after {kills}");
        }
        app.clock.advance(Duration::from_mins(5));
    }
    assert_eq!(kills, 8);
    app.clock.advance(Duration::from_mins(10));
    worker::run_due(app).await.unwrap();
    assert_eq!(lab.number(rows::QUARANTINED).await, 1);
    expect_equal(app).await;
}

async fn paused_work_is_not_begun(lab: Lab) {
    let app = &lab.app;
    enqueue(app, Job::Sweep).await;
    enqueue(app, job()).await;
    let by = |subject: &str| {
        let (subject, reason) = (subject.to_owned(), String::new());
        Barred::by(&[Pause { subject, reason, until_ms: None, created_ms: 0 }], "tester")
    };
    let claim =
        async |barred: &Barred| claim::claim(&app.db, &app.clock, "tester", barred).await.unwrap();
    assert!(claim(&by("all")).await.is_none());
    assert!(claim(&by("worker:tester")).await.is_none());
    let other = claim(&by("develop")).await.unwrap();
    assert_eq!(other.job.kind(), "sweep");
    assert!(claim(&by("develop")).await.is_none());
    assert!(claim(&by("worker:another")).await.is_some());
}

/// Plans of claims and of all that pages ask for: none looks at all jobs.
#[tokio::test]
async fn no_statement_of_the_queue_scans_jobs() {
    use minilab::db::Engine;
    use sqlx::{AssertSqlSafe, Row};

    let lab = Lab::open(Server::Sqlite).await;
    let mut conn = lab.app.db.read().await.unwrap();
    let mut texts = [minilab::jobs::sql::ALL, minilab::queue::sql::ALL]
        .concat()
        .into_iter()
        .map(|sql| (sql.name.to_owned(), sql.sqlite.to_owned()))
        // The sweep's own, once an hour.
        .filter(|(name, _)| !name.starts_with("DELETE_"))
        .collect::<Vec<_>>();
    texts.extend(built());
    assert!(texts.len() > 60, "{}", texts.len());
    let mut wrong = Vec::new();
    for (name, text) in texts {
        let Engine::Sqlite(conn) = conn.engine() else { panic!("not SQLite") };
        let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
        for row in sqlx::query(explained).fetch_all(conn).await.unwrap() {
            let step = row.get::<String, _>("detail");
            let is_jobs = ["jobs", "j", "askers", "attempts", "s"].iter().any(|table| {
                step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} "))
            });
            // A partial index holds only what is alive or failed; what is bounded walks it in its order.
            if is_jobs && !step.contains("USING") && step != "SCAN s" {
                wrong.push(format!("{name}: {step}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every two words of a filter, for an admin and for an account.
fn built() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for asked in asked() {
        let name = format!("{:?} {} {:?}", asked.whose, asked.filter, asked.verb);
        for sql in [asked.page(Uuid::max(), 20), asked.end(Uuid::max()), asked.count(1000)] {
            texts.push((name.clone(), sql.as_str().to_owned()));
        }
    }
    texts
}

fn asked() -> Vec<minilab::queue::sql::Asked> {
    use minilab::queue::Whose;
    use minilab::queue::filter::Filter;
    use minilab::queue::sql::Asked;
    use minilab::queue::verb::Verb;

    let id = Uuid::nil();
    let words = [
        String::new(),
        "state:failed".to_owned(),
        "state:succeeded".to_owned(),
        "kind:develop".to_owned(),
        "cause:truncated".to_owned(),
        format!("account:{id}"),
        "worker:w2".to_owned(),
        format!("image:{id}"),
        "since:2h".to_owned(),
        "attempts:>3".to_owned(),
        "wait:>1s".to_owned(),
    ];
    let mut all = Vec::new();
    for one in &words {
        for other in &words {
            for whose in [Whose::All, Whose::Of(id.into())] {
                for verb in [None, Some(Verb::Retry), Some(Verb::Cancel)] {
                    let filter = format!("{one} {other}").parse::<Filter>().unwrap();
                    all.push(Asked { whose, filter, now_ms: 1_800_000_000_000, verb });
                }
            }
        }
    }
    all
}

#[tokio::test]
async fn any_two_words_of_a_filter_go_together_on_both_engines() {
    for server in [Server::Sqlite, Server::Postgres] {
        let lab = Lab::open(server).await;
        let mut conn = lab.app.db.read().await.unwrap();
        for asked in asked() {
            let listed = asked.list(&mut conn, Uuid::max(), 20).await.unwrap();
            assert!(listed.rows.is_empty() && listed.next.is_none());
            assert_eq!(asked.total(&mut conn).await.unwrap(), (0, false));
        }
        let found = minilab::queue::list::find(&mut conn, asked()[1].whose, Uuid::nil()).await;
        assert!(found.unwrap().is_none());
    }
}

/// Many that wait do not slow a claim: nothing is sorted.
#[tokio::test]
async fn a_claim_on_postgres_takes_the_first_of_the_line() {
    use minilab::db::Engine;
    use sqlx::{AssertSqlSafe, Row};

    let lab = Lab::open(Server::Postgres).await;
    let now_ms = lab.app.clock.now_ms();
    let enqueued = lab.app.db.write(now_ms, |tx, now_ms| {
        Box::pin(async move {
            for _ in 0..2000 {
                jobs::enqueue(tx, &job(), Some(AccountId::new()), *now_ms).await?;
            }
            Ok::<_, anyhow::Error>(())
        })
    });
    enqueued.await.unwrap();
    let mut conn = lab.app.db.read().await.unwrap();
    let Engine::Postgres(conn) = conn.engine() else { panic!("not PostgreSQL") };
    let explained = AssertSqlSafe(format!("EXPLAIN {}", jobs::sql::CLAIM.postgres));
    let plan = sqlx::query(explained)
        .bind(now_ms)
        .bind(now_ms)
        .bind("tester")
        .bind(Vec::<u8>::new())
        .bind(",,")
        .fetch_all(conn)
        .await
        .unwrap();
    let steps = plan.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
    assert!(steps.contains("using jobs_waiting") && !steps.contains("Sort"), "{steps}");
}
