//! What ends a link before its time.

use minilab::start::watch_links as watch;
use serde_json::{Value, json};

use super::{link, links_path, open, outcome};
use crate::support::pictures::bmp;
use crate::support::{Lab, ids, soon};

on_both_engines! {
    a_revoked_link_is_dead_here_at_once_and_elsewhere_soon
    a_link_dies_with_what_it_needs
    a_right_that_comes_back_wakes_no_dead_link
}

fn revoked() -> (u16, String) {
    (410, "link_revoked".to_owned())
}

async fn a_revoked_link_is_dead_here_at_once_and_elsewhere_soon(lab: Lab) {
    let other = lab.beside().await;
    let watching = minilab::spawn(watch(other.app.clone()));
    let key = lab.account("ada", "business").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    let dying = link(&lab, &key, &image, "h200").await;
    let living = link(&lab, &key, &image, "h200").await;
    for path in [&dying, &living] {
        assert_eq!(open(&lab, path).await.status, 200);
        assert_eq!(open(&other, path).await.status, 200, "machines of one lab share their keys");
    }
    let listed = lab.get(&key, &links_path(&image)).await.json();
    let oldest = ids(&listed["items"]).remove(1);
    let place = format!("{}/{oldest}", links_path(&image));
    for time in ["first", "second"] {
        assert_eq!(lab.call(&key, "DELETE", &place).await.status, 204, "{time}");
    }
    assert_eq!(outcome(&open(&lab, &dying).await), revoked());
    assert_eq!(lab.call("", "HEAD", &dying).await.status, 410);
    soon("the other process knows", async || open(&other, &dying).await.status == 410).await;
    assert_eq!(outcome(&open(&other, &dying).await), revoked());
    // A process that starts knows before it is asked.
    let late = lab.beside().await;
    assert_eq!(outcome(&open(&late, &dying).await), revoked());
    for process in [&lab, &other, &late] {
        assert_eq!(open(process, &living).await.status, 200);
    }
    other.app.stop.cancel();
    watching.await.unwrap();
}

/// What is changed: whose link it is about, how, and at which address if not at the account's.
enum Change {
    Account(Value),
    Tier(Value),
    Rename,
    Delete,
}

async fn a_link_dies_with_what_it_needs(lab: Lab) {
    let admin = lab.admin("root").await;
    let less = |presets: &[&str]| Change::Tier(json!({"presets": presets}));
    let rights = |rights: Value| Change::Tier(json!({"rights": rights}));
    let changes = [
        ("the image", Change::Delete, vec!["h200", "thumb", "original"]),
        (
            "good standing",
            Change::Account(json!({"suspended": true})),
            vec!["h200", "thumb", "original"],
        ),
        (
            "the account's tier",
            Change::Account(json!({"tier": "premium"})),
            vec!["h200", "thumb", "original"],
        ),
        ("the right to links", rights(json!({"links": false})), vec!["h200", "thumb", "original"]),
        ("the right to the original", rights(json!({"original": false})), vec!["original"]),
        ("the preset", less(&["preview", "thumb"]), vec!["h200"]),
        // What a link does not need may go.
        ("another name", Change::Rename, vec![]),
        ("another tier with the same rights", Change::Account(json!({"tier": "business"})), vec![]),
        ("the rights of an admin", Change::Account(json!({"admin": true})), vec![]),
        ("a shorter life of new links", rights(json!({"link_secs_max": 300})), vec![]),
        ("room", Change::Tier(json!({"images_max": 0})), vec![]),
    ];
    for (at, (what, change, dead)) in changes.into_iter().enumerate() {
        // A tier and an account of its own for each.
        let name = format!("t{at}");
        let tier = json!({"name": name, "presets": ["h200", "preview", "thumb"],
            "rights": {"links": true, "original": true}});
        assert_eq!(lab.json(&admin, "POST", "/api/v1/tiers", tier).await.status, 201);
        let key = lab.account(&name, &name).await;
        let image = lab.ready(&key, "a.bmp", bmp(30, 20, at as u8)).await;
        let mut links = Vec::new();
        for variant in ["h200", "thumb", "original"] {
            links.push((variant, link(&lab, &key, &image, variant).await));
        }
        let place = format!("/api/v1/images/{image}");
        match change {
            Change::Account(change) => {
                lab.patch(&admin, &lab.account_path(&name).await, change).await;
            }
            Change::Tier(change) => {
                lab.patch(&admin, &format!("/api/v1/tiers/{name}"), change).await;
            }
            Change::Rename => {
                lab.patch(&key, &place, json!({"filename": "b.bmp"})).await;
            }
            Change::Delete => assert_eq!(lab.call(&key, "DELETE", &place).await.status, 204),
        }
        for (variant, path) in links {
            let expected = if dead.contains(&variant) { revoked() } else { (200, String::new()) };
            assert_eq!(outcome(&open(&lab, &path).await), expected, "{what}: {variant}");
        }
    }
}

async fn a_right_that_comes_back_wakes_no_dead_link(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "business").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    let path = link(&lab, &key, &image, "h200").await;
    let account = lab.account_path("ada").await;
    for suspended in [true, false] {
        lab.patch(&admin, &account, json!({"suspended": suspended})).await;
    }
    assert_eq!(outcome(&open(&lab, &path).await), revoked());
    let late = lab.beside().await;
    assert_eq!(outcome(&open(&late, &path).await), revoked());
    let listed = lab.get(&key, &links_path(&image)).await.json();
    assert_eq!(listed["items"][0]["state"], "revoked");
    let anew = link(&lab, &key, &image, "h200").await;
    assert_eq!(open(&lab, &anew).await.status, 200);
}
