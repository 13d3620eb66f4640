//! `/api/v1/accounts`: names, first keys, pages, and an admin who is always left.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::callers::{PASSWORD, assert_refused, sign_in, word};
use super::{ACCOUNTS, change};
use crate::support::Lab;

on_both_engines! {
    an_account_has_a_name_of_visible_characters
    a_name_is_taken_once_and_a_tier_must_be_there
    an_account_without_a_password_brings_a_key_and_one_with_it_none
    tiers_are_known_by_their_aliases_too
    accounts_are_listed_from_the_oldest_on_without_gaps
    the_last_admin_stays_one
    two_last_admins_cannot_retire_each_other_or_both_at_once
}

/// Makes an account; its id and its key.
async fn create(lab: &Lab, admin: &str, new: Value) -> (String, String) {
    let made = lab.json(admin, "POST", ACCOUNTS, new).await;
    assert_eq!(made.status, 201, "{}", made.json());
    (word(&made, "id"), word(&made, "key"))
}

async fn an_account_has_a_name_of_visible_characters(lab: Lab) {
    let root = lab.admin("root").await;
    let (most, more) = ("x".repeat(64), "x".repeat(65));
    for name in [
        "123",
        "0",
        "ada",
        "Ada",
        "ada@example.org",
        "naïve-猫",
        "<b>",
        "a/b?c",
        "two words",
        &most,
    ] {
        let (id, key) = create(&lab, &root, json!({ "name": name, "tier": "free" })).await;
        assert_eq!(lab.get(&key, "/api/v1/me").await.json()["account"], name);
        let shown = lab.get(&root, &format!("{ACCOUNTS}/{id}")).await.json();
        assert_eq!(shown["name"], name);
    }
    for name in
        ["", " ", "two  words", " ada", "ada ", "tab\t", "line\n", "\u{7f}", "anonymous", &more]
    {
        let new = json!({ "name": name, "tier": "free" });
        assert_refused(&lab.json(&root, "POST", ACCOUNTS, new).await, 422, "bad_name");
    }
    // A number is no name; what is not known is not ignored.
    for new in
        [json!({ "name": 123, "tier": "free" }), json!({ "name": "a", "tier": "free", "x": 1 })]
    {
        assert_refused(&lab.json(&root, "POST", ACCOUNTS, new).await, 422, "bad_body");
    }
}

async fn a_name_is_taken_once_and_a_tier_must_be_there(lab: Lab) {
    let root = lab.admin("root").await;
    let new = json!({ "name": "ada", "tier": "free" });
    let (id, _) = create(&lab, &root, new.clone()).await;
    assert_refused(&lab.json(&root, "POST", ACCOUNTS, new).await, 409, "name_taken");
    let parallel =
        (0..4).map(|_| lab.json(&root, "POST", ACCOUNTS, json!({ "name": "bob", "tier": "free" })));
    let answers = futures_util::future::join_all(parallel).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 3);

    let path = format!("{ACCOUNTS}/{id}");
    for tier in ["gold", "", "FREE"] {
        let new = json!({ "name": "eve", "tier": tier });
        for answer in [
            lab.json(&root, "POST", ACCOUNTS, new).await,
            lab.json(&root, "PATCH", &path, json!({ "tier": tier })).await,
        ] {
            assert_refused(&answer, 422, "unknown_tier");
            assert!(word(&answer, "detail").contains("business, free, premium"));
        }
    }
    for id in [Uuid::nil().to_string(), "1".to_owned()] {
        let path = format!("{ACCOUNTS}/{id}");
        assert_refused(&lab.get(&root, &path).await, 404, "not_found");
        assert_refused(&lab.json(&root, "PATCH", &path, json!({})).await, 404, "not_found");
    }
}

async fn an_account_without_a_password_brings_a_key_and_one_with_it_none(lab: Lab) {
    let root = lab.admin("root").await;
    let (id, key) = create(&lab, &root, json!({ "name": "ada", "tier": "free" })).await;
    assert_eq!(lab.get(&key, "/api/v1/me").await.json()["account"], "ada");
    let new = json!({ "name": "bob", "tier": "free", "password": PASSWORD, "admin": true });
    let made = change(&lab, &root, "POST", ACCOUNTS, new).await;
    assert_eq!((&made["key"], &made["admin"]), (&Value::Null, &json!(true)));
    assert_eq!(made["usage"], json!({ "images": 0, "bytes": 0, "variant_bytes": 0 }));
    assert_eq!(sign_in(&lab, "/api/v1/session", "bob", PASSWORD).await.status, 204);

    // The key is shown once, and the password never.
    let path = format!("{ACCOUNTS}/{id}");
    for answer in [
        lab.get(&root, &path).await,
        lab.json(&root, "PATCH", &path, json!({ "password": PASSWORD })).await,
        lab.get(&root, ACCOUNTS).await,
    ] {
        let text = String::from_utf8(answer.body).unwrap();
        assert!(!text.contains("mlk_") && !text.contains("\"key\""), "{text}");
        assert!(!text.contains(PASSWORD) && !text.contains("argon2"), "{text}");
    }
}

async fn tiers_are_known_by_their_aliases_too(lab: Lab) {
    let root = lab.admin("root").await;
    for (alias, name) in
        [("basic", "free"), ("professional", "premium"), ("enterprise", "business")]
    {
        let (id, _) = create(&lab, &root, json!({ "name": alias, "tier": alias })).await;
        let path = format!("{ACCOUNTS}/{id}");
        assert_eq!(lab.get(&root, &path).await.json()["tier"], name);
        let (other, _) = create(&lab, &root, json!({ "name": name, "tier": "premium" })).await;
        let other = format!("{ACCOUNTS}/{other}");
        let moved = change(&lab, &root, "PATCH", &other, json!({ "tier": alias })).await;
        assert_eq!(moved["tier"], name);
        assert_eq!(lab.get(&root, &format!("/api/v1/tiers/{alias}")).await.json()["name"], name);
    }
}

async fn accounts_are_listed_from_the_oldest_on_without_gaps(lab: Lab) {
    let root = lab.admin("0").await;
    for number in 1..7 {
        lab.account(&number.to_string(), "free").await;
    }
    let mut seen = Vec::new();
    let mut path = format!("{ACCOUNTS}?limit=3");
    loop {
        let page = lab.get(&root, &path).await.json();
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= 3 && items.iter().all(|item| item["created_at"].is_string()));
        seen.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        // Who comes in between stands behind all others.
        if seen.len() == 3 {
            lab.account("7", "free").await;
        }
        path = format!("{ACCOUNTS}?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    let last = lab.get(&root, &format!("{ACCOUNTS}?limit=3&page=3")).await.json();
    assert_eq!((&last["items"][0]["name"], &last["next_cursor"]), (&json!("6"), &Value::Null));
    for wrong in ["limit=0", "limit=101", "page=0", "cursor=x"] {
        let answer = lab.get(&root, &format!("{ACCOUNTS}?{wrong}")).await;
        assert_refused(&answer, 422, "bad_page");
    }
}

async fn the_last_admin_stays_one(lab: Lab) {
    let root = lab.admin("root").await;
    let path = lab.account_path("root").await;
    let retire = async || {
        for demotion in [json!({ "admin": false }), json!({ "suspended": true })] {
            let answer = lab.json(&root, "PATCH", &path, demotion).await;
            assert_refused(&answer, 409, "last_admin");
        }
    };
    retire().await;
    // One who is suspended could not take over.
    let new = json!({ "name": "away", "tier": "free", "admin": true });
    let (away, _) = create(&lab, &root, new).await;
    let away = format!("{ACCOUNTS}/{away}");
    change(&lab, &root, "PATCH", &away, json!({ "suspended": true })).await;
    retire().await;
    change(&lab, &root, "PATCH", &away, json!({ "suspended": false })).await;
    change(&lab, &root, "PATCH", &path, json!({ "admin": false })).await;
    assert_refused(&lab.get(&root, ACCOUNTS).await, 403, "not_admin");
}

async fn two_last_admins_cannot_retire_each_other_or_both_at_once(lab: Lab) {
    let keys = [lab.admin("ada").await, lab.admin("bob").await];
    let paths = [lab.account_path("ada").await, lab.account_path("bob").await];
    for of_the_other in [false, true, false, true] {
        let retire = async |which: usize| {
            let whom = &paths[if of_the_other { 1 - which } else { which }];
            lab.json(&keys[which], "PATCH", whom, json!({ "admin": false })).await
        };
        let (first, second) = tokio::join!(retire(0), retire(1));
        let answers = [first, second];
        let won = answers.iter().position(|answer| answer.status == 200).unwrap();
        let lost = &answers[1 - won];
        // Who was retired before their own word was heard is no admin any more.
        let code = if lost.status == 403 && of_the_other { "not_admin" } else { "last_admin" };
        assert_eq!(lost.code(), code, "{}", lost.json());

        let left = if of_the_other { won } else { 1 - won };
        let accounts = lab.get(&keys[left], ACCOUNTS).await.json();
        let items = accounts["items"].as_array().unwrap();
        let admins = items.iter().filter(|account| account["admin"] == true).count();
        assert_eq!(admins, 1, "{accounts}");
        change(&lab, &keys[left], "PATCH", &paths[1 - left], json!({ "admin": true })).await;
    }
}
