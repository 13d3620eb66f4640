//! Every SQL text is understood by both engines, and both schemas are the same.

use std::collections::BTreeSet;

use minilab::db::sql::Sql;
use minilab::db::{Change, Conn, Engine};
use minilab::http::paging::Page;
use minilab::ids::{AccountId, UploadLinkId};
use minilab::images::filter::{Condition, Order};
use minilab::images::found::sql::{self, IndexWalk};
use minilab::images::{Image, State};
use sqlx::{Executor, Row, SqlSafeStr, Statement as _};
use uuid::Uuid;

use crate::support::{Lab, Server};

fn all() -> Vec<(&'static str, &'static [Sql])> {
    vec![
        ("accounts", minilab::accounts::sql::ALL),
        ("admin", minilab::admin::sql::ALL),
        ("check", minilab::check::sql::ALL),
        ("counters", minilab::counters::sql::ALL),
        ("events", minilab::events::sql::ALL),
        ("gallery", minilab::gallery::sql::ALL),
        ("images", minilab::images::sql::ALL),
        ("jobs", minilab::jobs::sql::ALL),
        ("links", minilab::links::sql::ALL),
        ("metrics", minilab::metrics::sql::ALL),
        ("queue", minilab::queue::sql::ALL),
        ("stats", minilab::stats::sql::ALL),
        ("tiers", minilab::tiers::sql::ALL),
        ("upload_links", minilab::upload_links::sql::ALL),
        ("uploads", minilab::uploads::sql::ALL),
        ("variants", minilab::variants::sql::ALL),
    ]
}

async fn prepare(conn: &mut Conn, sql: &Sql) -> sqlx::Result<usize> {
    Ok(match conn.engine() {
        Engine::Sqlite(conn) => conn.prepare(sql.sqlite.into_sql_str()).await?.columns().len(),
        Engine::Postgres(conn) => conn.prepare(sql.postgres.into_sql_str()).await?.columns().len(),
    })
}

#[tokio::test]
async fn every_statement_prepares_on_both_engines_with_the_same_columns() {
    let sqlite = Lab::open(Server::Sqlite).await;
    let postgres = Lab::open(Server::Postgres).await;
    let mut on_sqlite = sqlite.app.db.read().await.unwrap();
    let mut on_postgres = postgres.app.db.read().await.unwrap();
    let mut wrong = Vec::new();
    for (feature, statements) in all() {
        for sql in statements {
            let columns = prepare(&mut on_sqlite, sql).await;
            let other_columns = prepare(&mut on_postgres, sql).await;
            match (columns, other_columns) {
                (Ok(columns), Ok(other_columns)) if columns == other_columns => {}
                found => wrong.push(format!("{feature}::{}: {found:?}", sql.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every part that a filter is built from, and nothing at all.
fn conditions() -> Vec<Vec<Condition>> {
    let text = || "a%_\\".to_owned();
    let parts = vec![
        Condition::Camera(text()),
        Condition::Cameras(Vec::new()),
        Condition::Cameras(vec![text()]),
        Condition::Cameras(vec![text(), text()]),
        Condition::Name(text()),
        Condition::Format("jpeg".to_owned()),
        Condition::State(State::Ready),
        Condition::State(State::Failed),
        Condition::Place(true),
        Condition::Place(false),
        Condition::Truncated(true),
        Condition::Truncated(false),
        Condition::Link(UploadLinkId::nil()),
        Condition::Created { from: 0, to: 1 },
        Condition::Taken { from: i64::MIN + 1, to: i64::MAX },
    ];
    parts.into_iter().map(|part| vec![part]).chain([Vec::new()]).collect()
}

#[tokio::test]
async fn any_two_parts_of_a_filter_go_together_on_both_engines() {
    let page = Page::first(20);
    for server in [Server::Sqlite, Server::Postgres] {
        let lab = Lab::open(server).await;
        let mut conn = lab.app.db.read().await.unwrap();
        for along in conditions() {
            for rest in conditions() {
                for (walked, order) in [None, Some(Order::Created), Some(Order::Taken)]
                    .into_iter()
                    .zip([Order::Created, Order::Taken, Order::Taken])
                {
                    let walk = IndexWalk { along: along.clone().pop(), order: walked };
                    let account = AccountId::nil();
                    let query = sql::page_of(&walk, account, &rest, order, &page, 10);
                    let images: Vec<Image> = query.fetch_all(&mut conn).await.unwrap();
                    assert!(images.is_empty());
                    let counts = sql::counts_of(&walk, account, &rest, 10);
                    let counts: Vec<(i64, i64)> = counts.fetch_all(&mut conn).await.unwrap();
                    assert_eq!(counts, [(0, 0)]);
                    let end = sql::end_of(&walk, account, &page, 10);
                    let end: Vec<(i64, Uuid)> = end.fetch_all(&mut conn).await.unwrap();
                    assert!(end.is_empty());
                }
            }
        }
    }
}

#[test]
fn every_file_with_sql_is_in_the_list() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let files = crate::house::rust_files(source.as_ref());
    let is_list =
        |text: &str| text.contains("crate::sql! {") || text.contains("const ALL: &[Sql] = ");
    let with_sql = files.iter().filter(|(_, text)| is_list(text)).count();
    assert_eq!(with_sql, all().len(), "add the new list of statements to `all`");
}

#[tokio::test]
async fn both_schemas_have_the_same_tables_and_columns() {
    let sqlite = Lab::open(Server::Sqlite).await;
    let postgres = Lab::open(Server::Postgres).await;
    let tables = "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
        WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx_%'";
    let mut conn = sqlite.app.db.read().await.unwrap();
    let Engine::Sqlite(conn) = conn.engine() else { panic!("not SQLite") };
    let rows = sqlx::query(tables).fetch_all(conn).await.unwrap();
    let on_sqlite: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();

    let tables = "SELECT table_name::text, column_name::text FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";
    let mut conn = postgres.app.db.read().await.unwrap();
    let Engine::Postgres(conn) = conn.engine() else { panic!("not PostgreSQL") };
    let rows = sqlx::query(tables).fetch_all(conn).await.unwrap();
    let on_postgres: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();

    assert!(on_sqlite.len() > 50, "{on_sqlite:?}");
    assert_eq!(on_sqlite, on_postgres);
}

/// What a statement of this kind changes for those who know something by heart, or wait.
fn expected(text: &str) -> Option<Change> {
    let ends =
        ["= 'succeeded'", "= 'failed'", "= 'cancelled'"].iter().any(|end| text.contains(end));
    match text {
        _ if text.starts_with("INSERT INTO jobs") => Some(Change::Work),
        _ if text.starts_with("UPDATE jobs") && ends => Some(Change::Ended),
        _ if text.starts_with("DELETE FROM images") => Some(Change::Ended),
        _ if text.contains("SET dead_ms") => Some(Change::Links),
        _ if text.starts_with("UPDATE accounts") => Some(Change::Callers),
        _ if text.starts_with("DELETE FROM accounts") => Some(Change::Callers),
        _ if text.starts_with("UPDATE credentials SET revoked_ms") => Some(Change::Callers),
        _ if text.contains("generation = generation + 1") => Some(Change::Catalogue),
        _ => None,
    }
}

#[test]
fn statements_that_others_want_to_hear_of_say_so() {
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for (feature, statements) in all() {
        for sql in statements {
            let Some(change) = expected(sql.sqlite) else { continue };
            seen.insert(change as u8);
            if sql.change != Some(change) {
                wrong.push(format!("{feature}::{} changes {change:?}", sql.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen.len(), 5, "each kind of change has its statements");
}
