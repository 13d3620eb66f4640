//! Lists and previews out of memory: fast, fresh, and never somebody else's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use minilab::cache::{CacheKey, Tenant, What};
use serde_json::{Value, json};

use crate::support::pictures::bmp;
use crate::support::{Lab, Server, ids, soon};

on_both_engines! {
    accounts_with_odd_names_and_tiers_never_meet
    an_odd_page_is_refused_or_is_the_callers_own
    a_page_is_kept_until_the_list_changes
    a_change_by_another_process_is_seen_at_once
    previews_come_from_memory_under_a_new_page_too
    a_preview_that_was_never_made_is_made_in_the_background
}

const LISTS: [&str; 2] = ["/api/v1/images", "/api/uploads"];

/// What a list shows, whatever its shape.
fn shown(list: &Value) -> Vec<String> {
    ids(if list["items"].is_array() { &list["items"] } else { &list["images"] })
}

async fn accounts_with_odd_names_and_tiers_never_meet(lab: Lab) {
    let admin = lab.admin("root").await;
    for (at, tier) in ["1", "2", "1-1", "account", "images"].into_iter().enumerate() {
        let alias = format!("{}", at + 10);
        let tier =
            json!({"name": tier, "alias": alias, "rank": at, "presets": ["preview", "thumb"]});
        assert_eq!(lab.json(&admin, "POST", "/api/v1/tiers", tier).await.status, 201);
    }
    let mut accounts = Vec::new();
    for (name, tier) in [
        ("1", "1"),
        ("2", "1"),
        ("3", "10"),
        ("free", "2"),
        ("11", "1-1"),
        ("1:1", "free"),
        ("account", "account"),
        ("images", "images"),
    ] {
        let key = lab.account(name, tier).await;
        // The same picture for all, and one that nobody else has.
        let common = lab.upload_ok(&key, "a.bmp", bmp(30, 20, 255)).await;
        let own = lab.upload_ok(&key, "b.bmp", bmp(30, 20, accounts.len() as u8)).await;
        accounts.push((key, name, [common, own]));
    }
    lab.run_jobs().await;
    for round in 0..3 {
        let asks = accounts.iter().flat_map(|account| LISTS.map(|list| (account, list)));
        let asks = asks.map(async |((key, name, own), list)| {
            for page in ["", "?page=1", "?page=2", "?page=1"] {
                let mut found = shown(&lab.get(key, &format!("{list}{page}")).await.json());
                found.sort();
                let expected = if page == "?page=2" { Vec::new() } else { own.to_vec() };
                assert_eq!(found, expected, "{round}: {name} {list}{page}");
            }
        });
        join_all(asks).await;
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn an_odd_page_is_refused_or_is_the_callers_own(lab: Lab) {
    let admin = lab.admin("root").await;
    let shared = lab.ready(&admin, "a.bmp", bmp(30, 20, 1)).await;
    let item = lab.json(&admin, "POST", "/api/v1/gallery", json!({"image": shared})).await.json();
    let ada = lab.account("ada", "free").await;
    let own = lab.ready(&ada, "a.bmp", bmp(30, 20, 2)).await;
    for (list, key, first) in [
        ("/api/v1/images", &ada, own.as_str()),
        ("/api/uploads", &ada, own.as_str()),
        ("/api/v1/gallery", &ada, item["id"].as_str().unwrap()),
        ("/api/gallery", &ada, item["id"].as_str().unwrap()),
    ] {
        // Somebody else's page is kept before.
        assert_eq!(lab.get(&admin, &format!("{list}?page=1")).await.status, 200);
        for (page, expected) in [
            ("1", Some(vec![first.to_owned()])),
            ("01", Some(vec![first.to_owned()])),
            ("00000000000000000001", Some(vec![first.to_owned()])),
            ("2", Some(Vec::new())),
            ("500", Some(Vec::new())),
            ("+1", None),
            ("%2B1", None),
            ("%201", None),
            ("1%20", None),
            ("1.0", None),
            ("1%00", None),
            ("%EF%BC%91", None),
            ("-1", None),
            ("1e1", None),
            ("0x1", None),
            ("0", None),
            ("501", None),
            ("", None),
            ("one", None),
            ("null", None),
            ("1,2", None),
            ("9223372036854775807", None),
            ("9223372036854775808", None),
            ("99999999999999999999999999999999", None),
            ("1&page=1", None),
        ] {
            let answer = lab.get(key, &format!("{list}?page={page}")).await;
            if let Some(expected) = expected {
                assert_eq!(shown(&answer.json()), expected, "{list} {page}");
            } else {
                let code = answer.code();
                assert_eq!(answer.status, 422, "{list} {page}");
                assert!(
                    ["bad_page", "bad_query", "bad_filter", "bad_text"].contains(&&*code),
                    "{list} {page} {code}"
                );
            }
        }
    }
}

/// A number of `GET /metrics`.
async fn metric(lab: &Lab, admin: &str, name: &str) -> u64 {
    let answer = lab.get(admin, "/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    let text = String::from_utf8(answer.body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name}: {text}")).parse().unwrap()
}

async fn a_page_is_kept_until_the_list_changes(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "premium").await;
    let first = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    let hits = async || metric(&lab, &admin, "minilab_cache_hits_total").await;
    let misses = async || metric(&lab, &admin, "minilab_cache_misses_total").await;
    let list = async || lab.get(&key, "/api/v1/images").await;
    let (hits_before, misses_before) = (hits().await, misses().await);
    let page = list().await;
    assert_eq!((hits().await, misses().await), (hits_before, misses_before + 1));
    for turn in 1..=5 {
        assert_eq!(list().await.body, page.body);
        assert_eq!(hits().await, hits_before + turn);
    }
    assert!(metric(&lab, &admin, "minilab_cache_bytes").await > page.body.len() as u64);

    // Each change of the list is in the very next answer.
    let second = lab.upload_ok(&key, "b.bmp", bmp(30, 20, 2)).await;
    assert_eq!(shown(&list().await.json()), [second.clone(), first.clone()]);
    assert_eq!(list().await.json()["items"][0]["state"], "processing");
    lab.run_jobs().await;
    assert_eq!(list().await.json()["items"][0]["state"], "ready");
    let path = format!("/api/v1/images/{second}");
    lab.patch(&key, &path, json!({"filename": "c.bmp"})).await;
    assert_eq!(list().await.json()["items"][0]["filename"], "c.bmp");
    assert_eq!(lab.call(&key, "DELETE", &path).await.status, 204);
    assert_eq!(shown(&list().await.json()), [first]);
    lab.patch(&admin, &lab.account_path("ada").await, json!({"tier": "free"})).await;
    assert_eq!(list().await.json()["items"][0]["original_url"], Value::Null);

    assert_eq!(lab.get(&key, "/metrics").await.code(), "not_admin");
    assert_eq!(lab.get("", "/metrics").await.code(), "unauthorized");
}

async fn a_change_by_another_process_is_seen_at_once(lab: Lab) {
    let other = lab.beside().await;
    let key = lab.account("ada", "premium").await;
    let mut expected = Vec::new();
    for seed in 0..3 {
        // Both keep the page as it was.
        for process in [&lab, &other] {
            assert_eq!(shown(&process.get(&key, "/api/v1/images").await.json()), expected);
        }
        let process = [&lab, &other][usize::from(seed % 2)];
        expected.insert(0, process.upload_ok(&key, "a.bmp", bmp(30, 20, seed)).await);
    }
    let gone = format!("/api/v1/images/{}", expected.remove(1));
    assert_eq!(other.call(&key, "DELETE", &gone).await.status, 204);
    for process in [&lab, &other] {
        assert_eq!(shown(&process.get(&key, "/api/v1/images").await.json()), expected);
    }
}

/// The previews of a page, as bytes.
fn previews(page: &Value) -> Vec<Option<Vec<u8>>> {
    let images = page["images"].as_array().unwrap().iter();
    images.map(|image| image["data"].as_str().map(|text| STANDARD.decode(text).unwrap())).collect()
}

async fn previews_come_from_memory_under_a_new_page_too(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "premium").await;
    for seed in 0..3 {
        lab.ready(&key, "a.bmp", bmp(300, 200, seed)).await;
    }
    let first = previews(&lab.get(&key, "/api/uploads").await.json());
    assert!(first.len() == 3 && first.iter().all(Option::is_some));
    let mut conn = lab.app.db.read().await.unwrap();
    let ada = minilab::accounts::find_by_name(&mut conn, "ada").await.unwrap().unwrap().id;
    drop(conn);
    for bytes in first.iter().flatten() {
        let tag = minilab::http::tag::short_tag(blake3::hash(bytes).as_bytes());
        let key = CacheKey { tenant: Tenant::Account(ada), what: What::Bytes { tag } };
        soon("it is kept", async || lab.app.cache.get(&key).await.is_some()).await;
    }
    for stored in lab.stored().iter().filter(|path| path.contains("/preview.")) {
        std::fs::remove_file(lab.data().join("blobs").join(stored)).unwrap();
    }
    lab.ready(&key, "b.bmp", bmp(300, 200, 9)).await;
    let hits = metric(&lab, &admin, "minilab_cache_hits_total").await;
    let second = previews(&lab.get(&key, "/api/uploads?page=1").await.json());
    assert_eq!(second[..3], first, "their files are gone");
    assert!(second[3].is_some());
    assert_eq!(metric(&lab, &admin, "minilab_cache_hits_total").await, hits + 3);
}

async fn a_preview_that_was_never_made_is_made_in_the_background(lab: Lab) {
    let admin = lab.admin("root").await;
    let bare = json!({"name": "bare", "presets": ["thumb"]});
    assert_eq!(lab.json(&admin, "POST", "/api/v1/tiers", bare).await.status, 201);
    let key = lab.account("ada", "bare").await;
    lab.ready(&key, "a.bmp", bmp(300, 200, 1)).await;
    let page = lab.get(&key, "/api/uploads").await.json();
    assert_eq!(page["images"][0]["data"], Value::Null, "nobody waits for it");
    soon("the preview", async || {
        lab.run_jobs().await;
        previews(&lab.get(&key, "/api/uploads").await.json())[0].is_some()
    })
    .await;
    assert_eq!(lab.differences().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_memory_for_it_all_works_the_same() {
    let lab = Lab::with(Server::Sqlite, |config| config.cache.bytes = 0).await;
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(300, 200, 1)).await;
    for _ in 0..2 {
        let listed = shown(&lab.get(&admin, "/api/v1/images").await.json());
        assert_eq!(listed, std::slice::from_ref(&image));
        let page = lab.get(&admin, "/api/uploads").await.json();
        assert!(previews(&page)[0].is_some());
        let print = lab.get(&admin, &format!("/api/v1/images/{image}/variants/h200")).await;
        assert_eq!(print.status, 200);
    }
    assert_eq!(metric(&lab, &admin, "minilab_cache_hits_total").await, 0);
    assert_eq!(metric(&lab, &admin, "minilab_cache_bytes").await, 0);
}
