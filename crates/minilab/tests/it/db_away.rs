//! A database that goes away and comes back: what is under way goes on, or says that it is to come again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use minilab::counters::{self, CounterScope};
use minilab::{execute, sql};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::support::pictures::bmp;
use crate::support::{Lab, Server, soon};

sql! {
    KILL_MYSELF = sqlite "SELECT 1" postgres "SELECT pg_terminate_backend(pg_backend_pid())";
}

/// The name of the lab's database, and a connection to another one of its server.
async fn outside(lab: &Lab) -> (String, PgConnection) {
    let url = &lab.app.config.database.url;
    let (server, name) = url.rsplit_once('/').unwrap();
    (name.to_owned(), PgConnection::connect(&format!("{server}/postgres")).await.unwrap())
}

async fn kill_all(name: &str, conn: &mut PgConnection) {
    let kill =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    conn.execute(AssertSqlSafe(kill)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_connection_is_lost_runs_again() {
    let lab = Lab::open(Server::Postgres).await;
    for dies in [1, 3] {
        let runs = Arc::new(AtomicU32::new(0));
        let written: anyhow::Result<()> = lab
            .app
            .db
            .write((runs.clone(), dies), |tx, (runs, dies)| {
                Box::pin(async move {
                    counters::add(tx, CounterScope::Lab, "test", 1).await?;
                    if runs.fetch_add(1, Ordering::Relaxed) < *dies {
                        execute!(tx, KILL_MYSELF)?;
                    }
                    Ok(())
                })
            })
            .await;
        written.unwrap();
        assert_eq!(runs.load(Ordering::Relaxed), dies + 1);
    }
    let mut conn = lab.app.db.read().await.unwrap();
    assert_eq!(counters::read(&mut conn, CounterScope::Lab, "test").await.unwrap(), 2, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_swallows_the_loss_is_not_taken_for_done() {
    let lab = Lab::open(Server::Postgres).await;
    let runs = Arc::new(AtomicU32::new(0));
    let written: anyhow::Result<()> = lab
        .app
        .db
        .write(runs.clone(), |tx, runs| {
            Box::pin(async move {
                counters::add(tx, CounterScope::Lab, "test", 1).await?;
                if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                    let _ = execute!(tx, KILL_MYSELF);
                }
                Ok(())
            })
        })
        .await;
    written.unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_die_cost_nobody_an_error() {
    let lab = Lab::open(Server::Postgres).await;
    let ada = lab.account("ada", "premium").await;
    let (name, mut conn) = outside(&lab).await;
    for number in 0..10 {
        kill_all(&name, &mut conn).await;
        let upload = lab.upload(&ada, "a.bmp", bmp(20, 20, number)).await;
        assert_eq!(upload.status, 201, "{}", upload.json());
        kill_all(&name, &mut conn).await;
        for path in ["/api/v1/me", "/api/v1/images?format=bmp", "/api/v1/me/stats"] {
            assert_eq!(lab.get(&ada, path).await.status, 200, "{path}");
        }
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_everybody_is_told_to_come_again() {
    let lab = Lab::open(Server::Postgres).await;
    let ada = lab.account("ada", "premium").await;
    assert_eq!(lab.get(&ada, "/api/v1/me").await.status, 200);
    let (name, mut conn) = outside(&lab).await;
    let close = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
    conn.execute(AssertSqlSafe(close)).await.unwrap();
    kill_all(&name, &mut conn).await;
    for path in ["/api/v1/me", "/api/v1/images", "/api/v1/images?camera=a", "/api/v1/gallery"] {
        let away = lab.get(&ada, path).await;
        assert_eq!((away.status.as_u16(), away.code().as_str()), (503, "database_away"), "{path}");
        assert!(!away.header("retry-after").is_empty());
    }
    let away = lab.upload(&ada, "a.bmp", bmp(20, 20, 1)).await;
    assert_eq!((away.status.as_u16(), away.code().as_str()), (503, "database_away"));
    assert!(lab.stored().is_empty());
    let open = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true");
    conn.execute(AssertSqlSafe(open)).await.unwrap();
    soon("it is back", async || lab.get(&ada, "/api/v1/me").await.status == 200).await;
    assert_eq!(lab.upload(&ada, "a.bmp", bmp(20, 20, 1)).await.status, 201);
}
