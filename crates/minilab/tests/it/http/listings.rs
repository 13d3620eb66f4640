//! Lists with a filter cost little, however much there is: bounded walks, two at a time for an account.

use std::time::Duration;

use futures_util::poll;
use minilab::accounts::find_by_name;
use minilab::db::{Db, is_too_slow};
use minilab::http::code::Code;
use minilab::{execute, fetch_one, sql};
use serde_json::Value;

use super::callers::assert_refused;
use crate::support::pictures::{Notes, photo};
use crate::support::{Lab, ids};

on_both_engines! {
    a_long_walk_ends_with_a_cursor_and_goes_on
    what_is_rare_is_found_at_once
    an_account_makes_two_lists_at_a_time_and_others_do_not_wait
    a_statement_that_takes_too_long_is_ended
    filters_have_a_length
}

/// Images of one blob, each of another scope: the first 500 without a place, the rest with one.
const IMAGES: i64 = 11_500;
const PLACELESS: i64 = 500;

sql! {
    FILL = sqlite "INSERT INTO images (id, account_id, blob_id, scope_id, filename, state, created_ms,
            camera, folded_name, format, taken_ms, has_place)
        SELECT unhex(printf('%032x', n)), a.id, b.id, unhex(printf('%032x', 1000000 + n)), n || '.jpg',
            'ready', 0, 'big', n || '.jpg', 'jpeg',
            CASE WHEN n % 1000 = 7 THEN 1212162961000 ELSE -9223372036854775808 END, n > 500
        FROM (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
            SELECT n FROM numbers) AS all_numbers,
            (SELECT id FROM accounts WHERE name = 'ada') AS a, (SELECT id FROM blobs LIMIT 1) AS b"
    postgres "INSERT INTO images (id, account_id, blob_id, scope_id, filename, state, created_ms,
            camera, folded_name, format, taken_ms, has_place)
        SELECT CAST(lpad(to_hex(n), 32, '0') AS UUID), a.id, b.id,
            CAST(lpad(to_hex(1000000 + n), 32, '0') AS UUID), n || '.jpg', 'ready', 0, 'big',
            n || '.jpg', 'jpeg', CASE WHEN n % 1000 = 7 THEN 1212162961000 ELSE -9223372036854775808 END,
            n > 500
        FROM generate_series(1, CAST($1 AS BIGINT)) AS n,
            (SELECT id FROM accounts WHERE name = 'ada') AS a, (SELECT id FROM blobs LIMIT 1) AS b";
    COUNT_THEM = "INSERT INTO counter_deltas (scope, name, delta) VALUES ($1, $2, $3)";
    /// Some minutes of work.
    ENDLESS = sqlite "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers
            WHERE n < 1000000000) SELECT COUNT(*) FROM numbers"
    postgres "SELECT COUNT(*) FROM generate_series(1, 100) AS n, pg_sleep(n)";
    ONE = "SELECT COUNT(*) FROM lab";
}

/// A library of many images of one camera; its owner's key.
async fn large_library(lab: &Lab) -> String {
    let ada = lab.account("ada", "business").await;
    lab.upload_ok(&ada, "a.jpg", photo(Notes { model: "Other", ..Notes::default() }, 1)).await;
    let mut conn = lab.app.db.read().await.unwrap();
    let account = find_by_name(&mut conn, "ada").await.unwrap().unwrap().id.simple().to_string();
    let filled = lab.app.db.write(account, |tx, account| {
        Box::pin(async move {
            execute!(tx, FILL, IMAGES)?;
            for (facet, value) in [("camera", "Big"), ("format", "jpeg")] {
                let scope = format!("account:{account}/{facet}");
                execute!(tx, COUNT_THEM, scope, value, IMAGES)?;
            }
            Ok::<_, sqlx::Error>(())
        })
    });
    filled.await.unwrap();
    ada
}

async fn list(lab: &Lab, key: &str, query: &str) -> Value {
    let page = lab.get(key, &format!("/api/v1/images?limit=100&{query}")).await;
    assert_eq!(page.status, 200, "{}", page.json());
    page.json()
}

async fn a_long_walk_ends_with_a_cursor_and_goes_on(lab: Lab) {
    let ada = large_library(&lab).await;
    // Every image of this camera has a place, but the oldest: none is among those walked over first.
    for filter in ["camera=Big&place=false", "format=jpeg&place=false&camera=Big"] {
        let first = list(&lab, &ada, filter).await;
        assert_eq!(first["items"].as_array().unwrap().len(), 0);
        assert_eq!(first["total_is_capped"], true);
        let (mut found, mut page) = (Vec::new(), first);
        while let Some(cursor) = page["next_cursor"].as_str() {
            let next = format!("{filter}&cursor={cursor}");
            page = list(&lab, &ada, &next).await;
            found.extend(ids(&page["items"]));
        }
        assert_eq!(found.len() as i64, PLACELESS, "each once");
        assert!(found.is_sorted_by(|newer, older| newer > older));
    }
}

async fn what_is_rare_is_found_at_once(lab: Lab) {
    let ada = large_library(&lab).await;
    for (filter, items, total, is_capped) in [
        ("camera=Big", 100, IMAGES, false),
        ("camera=Other", 1, 1, false),
        ("camera=None", 0, 0, false),
        ("camera=Other&format=jpeg", 1, 1, false),
        // Eleven of them, spread over the whole.
        ("camera=Big&taken_from=2008-05-30", 12, 12, false),
        ("format=jpeg&taken_to=2008-05-30", 12, 12, false),
        ("taken_from=2008-05-31&format=jpeg", 0, 0, false),
        ("place=true", 100, 10_000, true),
        ("order=taken&taken_from=2008-05-30", 12, 12, false),
        ("order=taken&camera=big", 100, 10_000, true),
        ("order=taken", 100, 10_000, true),
        ("state=failed", 0, 0, false),
        ("truncated=true", 0, 0, false),
        ("day=2008-05-30", 0, 0, false),
        ("name=1150", 2, 2, true),
        ("camera=Big&page=116", 0, IMAGES, false),
        ("camera=Big&page=115", 100, IMAGES, false),
    ] {
        let page = list(&lab, &ada, filter).await;
        let capped = page["total_is_capped"].as_bool().unwrap_or(false);
        let found = page["items"].as_array().unwrap().len();
        assert_eq!((found, &page["total"], capped), (items, &total.into(), is_capped), "{filter}");
    }
    let link = format!("link={}", uuid::Uuid::from_u128(1_000_003));
    assert_eq!(list(&lab, &ada, &link).await["total"], 1);
    let deep = list(&lab, &ada, "page=115").await;
    assert_eq!(deep["items"].as_array().unwrap().len(), 100);
}

async fn an_account_makes_two_lists_at_a_time_and_others_do_not_wait(lab: Lab) {
    let [ada, bob] = [lab.account("ada", "free").await, lab.account("bob", "free").await];
    let mut conn = lab.app.db.read().await.unwrap();
    let id = find_by_name(&mut conn, "ada").await.unwrap().unwrap().id;
    let places = &lab.app.listings;
    let held = [places.try_take(id), places.try_take(id)];
    assert!(held.iter().all(Result::is_ok));
    let filtered = "/api/v1/images?camera=a";
    let long = std::iter::repeat_with(|| Box::pin(places.take(id, Duration::from_mins(1))));
    let mut queue = long.take(40).collect::<Vec<_>>();
    for waiting in &mut queue {
        assert!(poll!(waiting).is_pending());
    }
    for path in [filtered, "/api/v1/images?page=100", "/api/v1/thumbnail", "/api/images/"] {
        let refused = lab.get(&ada, path).await;
        assert_refused(&refused, 429, "too_many_listings");
        assert!(!refused.header("retry-after").is_empty());
        assert_eq!(lab.get(&bob, path).await.status, 200, "{path}");
    }
    for path in ["/api/v1/images", "/api/v1/me"] {
        assert_eq!(lab.get(&ada, path).await.status, 200, "what costs nothing goes on: {path}");
    }
    drop((queue, held));
    assert_eq!(lab.get(&ada, filtered).await.status, 200);
}

async fn endless(db: &Db) -> sqlx::Error {
    let mut conn = db.read_within(Duration::from_millis(100)).await.unwrap();
    fetch_one!(&mut conn, (i64,), ENDLESS).unwrap_err()
}

async fn a_statement_that_takes_too_long_is_ended(lab: Lab) {
    let error = endless(&lab.app.db).await;
    assert!(is_too_slow(&error), "{error}");
    let problem = minilab::http::Problem::from(error);
    assert_eq!((problem.status.as_u16(), problem.code), (503, Code::TooSlowQuery));
    assert!(problem.retry_after_secs.is_some());
    // Whoever has the connection next is not watched.
    for _ in 0..20 {
        assert_eq!(lab.number(ONE).await, 1);
    }
}

async fn filters_have_a_length(lab: Lab) {
    let ada = lab.account("ada", "free").await;
    for (camera, status) in [
        ("a".repeat(200), 200),
        ("%E7%8C%AB".repeat(200), 200),
        ("a".repeat(201), 422),
        ("a".repeat(60_000), 422),
    ] {
        let answer = lab.get(&ada, &format!("/api/v1/images?camera={camera}")).await;
        assert_eq!(answer.status, status, "{}", camera.len());
        if status == 422 {
            assert_eq!(answer.code(), "bad_filter");
            assert!(answer.body.len() < 1000);
        }
    }
}
