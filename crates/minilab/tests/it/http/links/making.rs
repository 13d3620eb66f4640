//! Who may make a link, for how long, and what they see of it afterwards.

use std::collections::BTreeSet;

use minilab::clock::rfc3339;
use serde_json::{Value, json};

use super::{count, link, links_path, open, outcome};
use crate::support::pictures::bmp;
use crate::support::{Lab, Server, ids, path_of};

on_both_engines! {
    only_a_tier_with_that_right_makes_links
    a_life_is_from_300_to_30000_seconds_in_whole_numbers
    an_admin_moves_the_bounds_of_a_tier
    a_wish_that_cannot_be_fulfilled_is_told_so
    owners_see_their_links_without_the_links
    foreign_images_and_links_look_like_none
}

async fn only_a_tier_with_that_right_makes_links(lab: Lab) {
    for tier in ["free", "premium"] {
        let key = lab.account(tier, tier).await;
        let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
        for variant in ["original", "thumb", "preview", "h200", "h400", "display", "none"] {
            let wish = json!({"expires_in": 300, "variant": variant});
            let refused = lab.json(&key, "POST", &links_path(&image), wish).await;
            let expected = (403, "links_not_in_tier".to_owned());
            assert_eq!(outcome(&refused), expected, "{tier} {variant}");
        }
    }
    assert_eq!(lab.number(count::LINKS).await, 0);
    let key = lab.account("business", "business").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    for variant in ["original", "thumb", "preview", "h200", "h400"] {
        let path = link(&lab, &key, &image, variant).await;
        assert_eq!(open(&lab, &path).await.status, 200, "{variant}");
    }
    assert_eq!(lab.number(count::LINKS).await, 5);
}

async fn a_life_is_from_300_to_30000_seconds_in_whole_numbers(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    for expires_in in [
        json!(299),
        json!(30_001),
        json!(0),
        json!(-1),
        json!(-300),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!("300"),
        json!("soon"),
        json!(300.5),
        json!(1e3),
        json!(null),
        json!(true),
        json!([300]),
        json!("2020-01-01T00:00:00Z"),
    ] {
        let wish = json!({"expires_in": expires_in, "variant": "h200"});
        let refused = lab.json(&key, "POST", &links_path(&image), wish).await;
        let (status, code) = outcome(&refused);
        assert_eq!(status, 422, "{expires_in}");
        assert!(["bad_expiry", "bad_body"].contains(&&*code), "{expires_in}: {code}");
    }
    let missing = lab.json(&key, "POST", &links_path(&image), json!({"variant": "h200"})).await;
    assert_eq!(outcome(&missing), (422, "bad_body".to_owned()));
    assert_eq!(lab.number(count::LINKS).await, 0, "what is refused is not stored");

    for secs in [300, 30_000] {
        let wish = json!({"expires_in": secs, "variant": "h200"});
        let before_ms = lab.app.clock.now_ms();
        let made = lab.json(&key, "POST", &links_path(&image), wish).await;
        assert_eq!(made.status, 201, "{secs}");
        let expires_at = made.json()["expires_at"].as_str().unwrap().to_owned();
        // Written alike, times compare as texts.
        let [first, last] = [before_ms, lab.app.clock.now_ms()].map(|ms| rfc3339(ms + secs * 1000));
        assert!(first <= expires_at && expires_at <= last, "{first} {expires_at} {last}");
    }
    assert_eq!(lab.number(count::LINKS).await, 2);
}

async fn an_admin_moves_the_bounds_of_a_tier(lab: Lab) {
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(30, 20, 1)).await;
    let bounds = json!({"rights": {"link_secs_min": 10, "link_secs_max": 20}});
    lab.patch(&admin, "/api/v1/tiers/business", bounds).await;
    for (secs, status) in [(9, 422), (10, 201), (20, 201), (21, 422), (300, 422)] {
        let wish = json!({"expires_in": secs, "variant": "h200"});
        let answer = lab.json(&admin, "POST", &links_path(&image), wish).await;
        assert_eq!(answer.status, status, "{secs}");
        if status == 422 {
            let problem = answer.json();
            assert_eq!((&problem["minimum"], &problem["maximum"]), (&10.into(), &20.into()));
        }
    }
}

async fn a_wish_that_cannot_be_fulfilled_is_told_so(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    for (wish, status, code) in [
        (json!({"expires_in": 300, "variant": "none"}), 404, "not_found"),
        (json!({"expires_in": 300, "variant": ""}), 404, "not_found"),
        (json!({"expires_in": 300}), 422, "bad_body"),
        (json!({"expires_in": 300, "variant": null}), 422, "bad_body"),
        (json!({"expires_in": 300, "variant": "h200", "for": "ever"}), 422, "bad_body"),
        (json!([]), 422, "bad_body"),
    ] {
        let refused = lab.json(&key, "POST", &links_path(&image), wish.clone()).await;
        assert_eq!(outcome(&refused), (status, code.to_owned()), "{wish}");
    }
    let body = r#"{"expires_in":300,"variant":"h200"}"#;
    let as_form = lab.url_form(&key, &links_path(&image), body).await;
    assert_eq!(outcome(&as_form), (415, "not_json".to_owned()));
    let failed = lab.ready(&key, "b.bmp", crate::support::pictures::undecodable(1)).await;
    let wish = json!({"expires_in": 300, "variant": "h200"});
    let refused = lab.json(&key, "POST", &links_path(&failed), wish).await;
    assert_eq!(outcome(&refused), (422, "image_failed".to_owned()));
    assert_eq!(lab.number(count::LINKS).await, 0);
}

async fn owners_see_their_links_without_the_links(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    let path = links_path(&image);
    assert_eq!(lab.get(&key, &path).await.json(), json!({"items": []}));
    let mut made = Vec::new();
    for (secs, variant, keep_location) in [(300, "h200", false), (30_000, "original", true)] {
        let wish = json!({"expires_in": secs, "variant": variant, "keep_location": keep_location});
        made.push(lab.json(&key, "POST", &path, wish).await.json());
    }
    let first = made[0]["id"].as_str().unwrap();
    assert_eq!(lab.call(&key, "DELETE", &format!("{path}/{first}")).await.status, 204);

    let listed = lab.get(&key, &path).await.json();
    let line = |at: usize, variant: &str, state: &str, keep_location: bool| {
        let created_at = &listed["items"][1 - at]["created_at"];
        json!({"id": made[at]["id"], "variant": variant, "state": state,
            "keep_location": keep_location, "created_at": created_at,
            "expires_at": made[at]["expires_at"]})
    };
    let expected: [Value; 2] =
        [line(1, "original", "live", true), line(0, "h200", "revoked", false)];
    assert_eq!(listed["items"], json!(expected), "newest first, and nothing that opens them");
    // What has expired is of no interest to anybody.
    lab.app.clock.advance(std::time::Duration::from_mins(6));
    let left = lab.get(&key, &path).await.json();
    assert_eq!(ids(&left["items"]), [made[1]["id"].as_str().unwrap()]);
}

async fn foreign_images_and_links_look_like_none(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let bob = lab.account("bob", "business").await;
    let [image, other] = [
        lab.ready(&ada, "a.bmp", bmp(30, 20, 1)).await,
        lab.ready(&ada, "b.bmp", bmp(30, 20, 2)).await,
    ];
    let wish = json!({"expires_in": 300, "variant": "h200"});
    let made = lab.json(&ada, "POST", &links_path(&image), wish.clone()).await.json();
    let id = made["id"].as_str().unwrap();
    let unknown = uuid::Uuid::now_v7().to_string();
    let not_found = (404, "not_found".to_owned());
    for (key, path) in [(&bob, links_path(&image)), (&ada, links_path(&unknown))] {
        assert_eq!(outcome(&lab.get(key, &path).await), not_found, "{path}");
        let refused = lab.json(key, "POST", &path, wish.clone()).await;
        assert_eq!(outcome(&refused), not_found, "{path}");
    }
    for (key, path) in [
        (&bob, format!("{}/{id}", links_path(&image))),
        (&ada, format!("{}/{id}", links_path(&other))),
        (&ada, format!("{}/{unknown}", links_path(&image))),
        (&ada, format!("{}/none", links_path(&image))),
    ] {
        assert_eq!(outcome(&lab.call(key, "DELETE", &path).await), not_found, "{path}");
    }
    let still = open(&lab, &path_of(made["url"].as_str().unwrap())).await;
    assert_eq!(still.status, 200);
    assert_eq!(lab.number(count::LINKS).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_an_absolute_address_that_ends_in_its_token() {
    for (public_url, start) in [
        ("", "http://127.0.0.1:8000/l/"),
        ("https://lab.example", "https://lab.example/l/"),
        ("https://lab.example/", "https://lab.example/l/"),
    ] {
        let lab = Lab::with(Server::Sqlite, |config| config.public_url = public_url.into()).await;
        let key = lab.account("ada", "business").await;
        let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
        let wish = json!({"expires_in": 300, "variant": "h200"});
        let made = lab.json(&key, "POST", &links_path(&image), wish).await.json();
        let members = made.as_object().unwrap().keys().map(String::as_str);
        assert_eq!(members.collect::<BTreeSet<_>>(), BTreeSet::from(["expires_at", "id", "url"]));
        let token = made["url"].as_str().unwrap().strip_prefix(start).unwrap();
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{token}");
        assert_eq!(open(&lab, &format!("/l/{token}")).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_without_a_key_make_no_links() {
    let lab = Lab::with(Server::Sqlite, |config| config.anonymous = "business".into()).await;
    let image = lab.ready("", "a.bmp", bmp(30, 20, 1)).await;
    let wish = json!({"expires_in": 300, "variant": "h200"});
    let refused = lab.json("", "POST", &links_path(&image), wish).await;
    assert_eq!(outcome(&refused), (403, "anonymous".to_owned()));
    assert_eq!(lab.number(count::LINKS).await, 0);
}
