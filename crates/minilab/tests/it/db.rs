//! The database seam: what every engine promises about reads and writes.

use futures_util::future::join_all;
use minilab::counters::{self, CounterScope};
use minilab::db::Db;
use minilab::start;

use crate::support::{Lab, Server};

on_both_engines! {
    a_body_that_fails_leaves_nothing
    many_writers_at_once_all_commit
    a_body_that_panics_harms_nobody_else
    what_is_written_is_read_at_once
    sums_are_the_same_before_and_after_folding
}

#[tokio::test]
async fn a_look_for_a_lab_makes_none() {
    for server in [Server::Sqlite, Server::Postgres] {
        let lab = Lab::upon(
            server,
            |_| {},
            async |config| {
                assert!(!start::has_lab(config).await.unwrap(), "{server:?}");
                assert_eq!(std::fs::read_dir(&config.data).unwrap().count(), 0);
                // Neither is a file that is not ours.
                std::fs::write(config.data.join("notes.txt"), "mine").unwrap();
                assert!(!start::has_lab(config).await.unwrap(), "{server:?}");
            },
        );
        assert!(start::has_lab(&lab.await.app.config).await.unwrap(), "{server:?}");
    }
}

async fn add(db: &Db, delta: i64) -> anyhow::Result<()> {
    db.write(delta, |tx, delta| {
        Box::pin(async move { Ok(counters::add(tx, CounterScope::Lab, "test", *delta).await?) })
    })
    .await
}

async fn sum(db: &Db) -> i64 {
    counters::read(&mut db.read().await.unwrap(), CounterScope::Lab, "test").await.unwrap()
}

async fn a_body_that_fails_leaves_nothing(lab: Lab) {
    let failed: anyhow::Result<()> = lab
        .app
        .db
        .write((), |tx, ()| {
            Box::pin(async move {
                counters::add(tx, CounterScope::Lab, "test", 1).await?;
                anyhow::bail!("changed its mind")
            })
        })
        .await;
    assert_eq!(failed.unwrap_err().to_string(), "changed its mind");
    assert_eq!(sum(&lab.app.db).await, 0);
}

async fn many_writers_at_once_all_commit(lab: Lab) {
    let writes = (0..200).map(|_| add(&lab.app.db, 1));
    assert!(join_all(writes).await.iter().all(Result::is_ok));
    assert_eq!(sum(&lab.app.db).await, 200);
}

async fn a_body_that_panics_harms_nobody_else(lab: Lab) {
    let db = lab.app.db.clone();
    let panicking = tokio::spawn(async move {
        db.write((), |tx, ()| {
            Box::pin(async move {
                counters::add(tx, CounterScope::Lab, "test", 1).await?;
                assert!(tx.note(Ok(false))?, "a bug in a body");
                Ok::<_, sqlx::Error>(())
            })
        })
        .await
    });
    let others = (0..20).map(|_| add(&lab.app.db, 1));
    let (panicked, others) = tokio::join!(panicking, join_all(others));
    assert!(!matches!(panicked, Ok(Ok(()))), "the bug was reported");
    assert!(others.iter().all(Result::is_ok));
    assert_eq!(sum(&lab.app.db).await, 20);
}

async fn what_is_written_is_read_at_once(lab: Lab) {
    for written in 1..=20 {
        add(&lab.app.db, 1).await.unwrap();
        assert_eq!(sum(&lab.app.db).await, written);
    }
}

async fn sums_are_the_same_before_and_after_folding(lab: Lab) {
    for delta in [5, -2, 10] {
        add(&lab.app.db, delta).await.unwrap();
    }
    let adds = (0..50).map(|_| add(&lab.app.db, 1));
    let folds = (0..10).map(|_| counters::fold_if_any(&lab.app.db));
    let (added, folded) = tokio::join!(join_all(adds), join_all(folds));
    assert!(added.iter().all(Result::is_ok) && folded.iter().all(Result::is_ok), "{folded:?}");
    assert_eq!(sum(&lab.app.db).await, 63);
    counters::fold_if_any(&lab.app.db).await.unwrap();
    assert_eq!(sum(&lab.app.db).await, 63);
}
