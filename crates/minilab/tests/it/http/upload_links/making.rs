//! Who makes upload links, what they may be, and what of them is shown again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minilab::blobs::hex;
use minilab::db::Dialect;
use minilab::jobs::{self, Job};
use serde_json::{Value, json};

use super::super::callers::{assert_refused, word};
use super::{LINKS, Link, link};
use crate::support::pictures::bmp;
use crate::support::{Lab, ids, path_of};

on_both_engines! {
    admins_and_tiers_with_that_right_make_upload_links
    what_an_upload_link_cannot_be_is_named
    an_upload_link_ends_when_it_was_said_within_thirty_days
    a_token_is_shown_once_and_kept_nowhere
    upload_links_are_listed_from_the_newest_page_by_page
    upload_links_of_others_look_like_none
    an_upload_link_that_ended_is_listed_for_another_month
}

mod rows {
    minilab::sql! {
        LINKS = "SELECT COUNT(*) FROM upload_links";
        /// PostgreSQL writes a row as text; SQLite's file is searched as it lies there.
        TEXT = sqlite "SELECT label FROM upload_links"
        postgres "SELECT CAST(u AS TEXT) FROM upload_links u";
    }
}

async fn admins_and_tiers_with_that_right_make_upload_links(lab: Lab) {
    let root = lab.admin("root").await;
    for tier in ["free", "premium", "business"] {
        let key = lab.account(tier, tier).await;
        let made = lab.json(&key, "POST", LINKS, json!({"expires_in": 60})).await;
        if tier == "business" {
            assert_eq!(made.status, 201);
        } else {
            assert_refused(&made, 403, "upload_links_not_in_tier");
            assert!(made.json()["detail"].as_str().unwrap().contains(tier));
            // The right comes before what is wrong with the link.
            let wrong = lab.json(&key, "POST", LINKS, json!({})).await;
            assert_refused(&wrong, 403, "upload_links_not_in_tier");
            lab.patch(&root, &lab.account_path(tier).await, json!({"admin": true})).await;
            link(&lab, &key, json!({})).await;
        }
    }
    assert_refused(&lab.json("", "POST", LINKS, json!({})).await, 401, "unauthorized");
    assert_eq!(lab.number(rows::LINKS).await, 3);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_an_upload_link_cannot_be_is_named(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let month = 30 * 24 * 3600;
    let now = |secs: i64| minilab::clock::rfc3339(lab.app.clock.now_ms() + 1000 * secs);
    let day = |more: Value| {
        let mut wish = json!({"expires_in": 86_400});
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wish
    };
    for (wish, field) in [
        (json!({"expires_in": 60, "expires_at": now(60)}), "expires_at"),
        (json!({}), "expires_in"),
        (json!({"label": "party"}), "expires_in"),
        (json!({"expires_at": now(-1)}), "expires_at"),
        (json!({"expires_at": "1970-01-01T00:00:00Z"}), "expires_at"),
        (json!({"expires_in": 0}), "expires_in"),
        (json!({"expires_in": -5}), "expires_in"),
        (json!({"expires_in": month + 1}), "expires_in"),
        (json!({"expires_in": i64::MAX}), "expires_in"),
        (json!({"expires_in": i64::MIN}), "expires_in"),
        (json!({"expires_at": now(month + 60)}), "expires_at"),
        (json!({"expires_at": "9999-12-30T00:00:00Z"}), "expires_at"),
        (json!({"expires_at": "tomorrow"}), "expires_at"),
        (json!({"expires_at": ""}), "expires_at"),
        (json!({"expires_at": &now(3600)[..10]}), "expires_at"),
        (json!({"expires_at": &now(3600)[..19]}), "expires_at"),
        (day(json!({"label": "x".repeat(201)})), "label"),
        (day(json!({"label": "one\ntwo"})), "label"),
        (day(json!({"label": "back\u{7f}"})), "label"),
        (day(json!({"max_images": 0})), "max_images"),
        (day(json!({"max_images": -1})), "max_images"),
        (day(json!({"max_bytes": 0})), "max_bytes"),
        (day(json!({"formats": []})), "formats"),
        (day(json!({"formats": ["jpeg", "svg"]})), "formats"),
        (day(json!({"formats": ["JPEG"]})), "formats"),
        (day(json!({"delete_after": 0})), "delete_after"),
        (day(json!({"delete_after": -60})), "delete_after"),
        (day(json!({"delete_after": 315_360_001})), "delete_after"),
    ] {
        let answer = lab.json(&key, "POST", LINKS, wish.clone()).await;
        assert_eq!(answer.status, 422, "{wish}: {}", answer.json());
        assert_refused(&answer, 422, "invalid");
        let problem = answer.json();
        assert_eq!(problem["problems"][0]["field"], field, "{wish}: {problem}");
        assert!(problem["problems"][0]["detail"].as_str().unwrap().len() > 8, "{problem}");
    }
    // What is not even of that kind.
    for wish in [
        json!({"expires_in": "60"}),
        json!({"expires_in": 60.5}),
        json!({"expires_in": 60, "max_image": 3}),
        json!({"expires_in": 60, "formats": "jpeg"}),
        json!({"expires_in": 60, "delete_after": "never"}),
        json!([]),
    ] {
        let answer = lab.json(&key, "POST", LINKS, wish.clone()).await;
        assert_eq!(answer.status, 422, "{wish}: {}", answer.json());
    }
    // All of it at once.
    let wish = json!({"expires_in": 0, "label": "\t", "max_images": 0, "formats": ["x", "y"]});
    let problems = lab.json(&key, "POST", LINKS, wish).await.json()["problems"].clone();
    let fields = problems.as_array().unwrap().iter().map(|wrong| wrong["field"].clone());
    assert_eq!(
        fields.collect::<Value>(),
        json!(["expires_in", "label", "max_images", "formats", "formats"])
    );
    assert_eq!(lab.number(rows::LINKS).await, 0);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn an_upload_link_ends_when_it_was_said_within_thirty_days(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let before_ms = lab.app.clock.now_ms();
    let month = json!({"expires_in": 30 * 24 * 3600});
    let made = lab.json(&key, "POST", LINKS, month).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let ends = made.json()["expires_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let life_ms = ends.as_millisecond() - before_ms;
    assert!((2_592_000_000..2_592_020_000).contains(&life_ms), "{life_ms}");

    // One moment, told with another offset.
    let moment = jiff::Timestamp::from_millisecond((before_ms / 1000 + 7200) * 1000).unwrap();
    let elsewhere = moment.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(-5)));
    for text in [moment.to_string(), elsewhere.strftime("%Y-%m-%dT%H:%M:%S-05:00").to_string()] {
        let wish = json!({
            "expires_at": text, "label": "Tante Ännes 80.", "max_images": 3, "max_bytes": 5000,
            "formats": ["jpeg", "webp"], "delete_after": "download",
        });
        let made = lab.json(&key, "POST", LINKS, wish).await;
        assert_eq!(made.status, 201, "{text}: {}", made.json());
        let mut shown = made.json();
        assert_eq!(shown["expires_at"], minilab::clock::rfc3339(moment.as_millisecond()));
        assert_eq!(made.header("cache-control"), "no-store");
        let (id, token) = (word(&made, "id"), word(&made, "token"));
        assert_eq!(path_of(shown["url"].as_str().unwrap()), format!("/u/{token}"));
        for member in ["token", "url"] {
            shown.as_object_mut().unwrap().remove(member);
        }
        let created = shown["created_at"].clone();
        let expected = json!({
            "id": id, "label": "Tante Ännes 80.", "state": "open", "created_at": created,
            "expires_at": shown["expires_at"], "max_images": 3, "images": 0, "max_bytes": 5000,
            "bytes": 0, "formats": ["jpeg", "webp"], "delete_after": "download",
        });
        assert_eq!(shown, expected);
        assert_eq!(lab.get(&key, &format!("{LINKS}/{id}")).await.json(), expected);
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

/// Every byte of every file.
fn contents(folder: &std::path::Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contents(&path, bytes);
        } else {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
}

async fn a_token_is_shown_once_and_kept_nowhere(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let Link { id, token } = link(&lab, &key, json!({"label": "needle"})).await;
    assert_eq!(token.len(), 4 + 32 + 1 + 43);
    let secret = super::secret(&token);
    lab.upload_ok(&token, "a.bmp", bmp(30, 20, 1)).await;
    let held = lab.get(&token, super::HELD).await;
    let shown = lab.get(&key, &format!("{LINKS}/{id}")).await;
    let listed = lab.get(&key, LINKS).await;
    assert_eq!(ids(&listed.json()["items"]), [&*id]);
    for answer in [held, shown, listed] {
        let text = String::from_utf8(answer.body).unwrap();
        assert!(!text.contains(secret) && !text.contains("mlu_") && !text.contains("hash"));
    }
    lab.run_jobs().await;
    let raw = URL_SAFE_NO_PAD.decode(secret).unwrap();
    let mut kept = Vec::new();
    contents(&lab.data(), &mut kept);
    if lab.app.db.dialect() == Dialect::Postgres {
        let mut conn = lab.app.db.read().await.unwrap();
        kept.extend(minilab::fetch_one!(&mut conn, (String,), rows::TEXT).unwrap().0.bytes());
    }
    let has = |what: &[u8]| kept.windows(what.len()).any(|window| window == what);
    assert!(has(b"needle"), "the row was looked at");
    assert!(!has(&raw) && !has(hex(&raw).as_bytes()) && !has(secret.as_bytes()));
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn upload_links_are_listed_from_the_newest_page_by_page(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(link(&lab, &key, json!({"label": format!("link {number}")})).await.id);
    }
    made.reverse();
    assert_eq!(ids(&lab.get(&key, LINKS).await.json()["items"]), made);
    let (mut found, mut path) = (Vec::new(), format!("{LINKS}?limit=2"));
    for pages_left in [2, 1, 0] {
        let page = lab.get(&key, &path).await;
        found.extend(ids(&page.json()["items"]));
        let cursor = page.json()["next_cursor"].as_str().map(str::to_owned);
        assert_eq!(cursor.is_some(), pages_left > 0);
        let Some(cursor) = cursor else { break };
        path = format!("{LINKS}?limit=2&cursor={cursor}");
        let url = page.header("link").trim_start_matches('<').split('>').next().unwrap();
        assert_eq!(path_of(url), path);
        // One made meanwhile moves nothing.
        link(&lab, &key, json!({})).await;
    }
    assert_eq!(found, made);
    for query in ["limit=0", "limit=101", "cursor=x", "page=0"] {
        let refused = lab.get(&key, &format!("{LINKS}?{query}")).await;
        assert_refused(&refused, 422, "bad_page");
    }
}

async fn upload_links_of_others_look_like_none(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let root = lab.admin("root").await;
    let Link { id, token } = link(&lab, &ada, json!({})).await;
    let image = lab.upload_ok(&token, "a.bmp", bmp(30, 20, 1)).await;
    for path in [format!("{LINKS}/{id}"), format!("{LINKS}/x"), format!("{LINKS}/{image}")] {
        for method in ["GET", "DELETE"] {
            assert_refused(&lab.call(&root, method, &path).await, 404, "not_found");
        }
    }
    assert_eq!(ids(&lab.get(&root, LINKS).await.json()["items"]), [""; 0]);
    assert_eq!(super::seen(&lab, &token).await, [image], "it is still open");
}

async fn an_upload_link_that_ended_is_listed_for_another_month(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let (one, other) = (link(&lab, &key, json!({})).await, link(&lab, &key, json!({})).await);
    let image = lab.upload_ok(&one.token, "a.bmp", bmp(30, 20, 1)).await;
    assert_eq!(lab.call(&key, "DELETE", &other.path()).await.status, 204);
    for (days, listed) in [(29, 2), (3, 0)] {
        lab.app.clock.advance(Duration::from_hours(24 * days));
        let now_ms = lab.app.clock.now_ms();
        let swept = lab
            .app
            .db
            .write(now_ms, |tx, now_ms| Box::pin(jobs::enqueue(tx, &Job::Sweep, None, *now_ms)));
        swept.await.unwrap();
        lab.run_jobs().await;
        assert_eq!(lab.get(&key, LINKS).await.json()["items"].as_array().unwrap().len(), listed);
    }
    // What came in stays, and still says how; the token is nothing any more.
    assert_eq!(lab.image(&key, &image).await["upload_link"], one.id);
    assert_refused(&lab.get(&one.token, super::HELD).await, 401, "unauthorized");
    assert_eq!(lab.differences().await, [""; 0]);
}
