//! API keys: what they open, for how long, and what is told of them.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ME, assert_refused, word};
use crate::support::{Lab, soon};

on_both_engines! {
    a_key_does_what_its_scopes_say_and_no_more
    a_key_has_a_name_and_its_last_use_is_noted_to_the_minute
    a_revoked_key_opens_nothing_from_then_on
    an_expired_key_opens_nothing
    a_key_cannot_make_a_more_powerful_one
    a_key_that_is_unknown_or_of_somebody_else_is_not_there
    a_list_shows_ones_own_keys_and_never_the_keys_themselves
}

const KEYS: &str = "/api/v1/keys";

/// Makes a key with another one; its id and the key.
async fn make(lab: &Lab, by: &str, new: Value) -> (String, String) {
    let made = lab.json(by, "POST", KEYS, new).await;
    assert_eq!(made.status, 201, "{}", made.json());
    (word(&made, "id"), word(&made, "key"))
}

async fn listed(lab: &Lab, by: &str) -> Vec<Value> {
    lab.get(by, KEYS).await.json()["items"].as_array().unwrap().clone()
}

async fn a_key_does_what_its_scopes_say_and_no_more(lab: Lab) {
    let root = lab.admin("root").await;
    let unknown = format!("/api/v1/images/{}", Uuid::nil());
    // To look, to change, to look as an admin, to change as an admin. What a scope lets through is
    // refused for another reason, so that nothing is changed here.
    let asked = [
        ("GET", ME),
        ("DELETE", unknown.as_str()),
        ("GET", "/api/v1/tiers"),
        ("POST", "/api/v1/tiers"),
    ];
    for (scopes, statuses) in [
        (&["read"][..], [200, 403, 403, 403]),
        (&["write"], [403, 404, 403, 403]),
        (&["admin"], [403, 403, 403, 403]),
        (&["read", "write"], [200, 404, 403, 403]),
        (&["read", "admin"], [200, 403, 200, 403]),
        (&["write", "admin"], [403, 404, 403, 422]),
        (&["read", "write", "admin"], [200, 404, 200, 422]),
    ] {
        let (_, key) = make(&lab, &root, json!({ "name": "", "scopes": scopes })).await;
        for ((method, path), status) in asked.into_iter().zip(statuses) {
            let answer = lab.json(&key, method, path, json!({})).await;
            assert_eq!(answer.status, status, "{scopes:?}: {method} {path}");
            if status == 403 {
                assert_eq!(answer.code(), "out_of_scope", "{scopes:?}: {method} {path}");
            }
        }
    }
}

async fn a_key_has_a_name_and_its_last_use_is_noted_to_the_minute(lab: Lab) {
    let ada = lab.account("ada", "free").await;
    let (id, phone) = make(&lab, &ada, json!({ "name": "my phone" })).await;
    let shown = async || {
        let keys = listed(&lab, &ada).await;
        keys.into_iter().find(|key| key["id"] == id.as_str()).unwrap()
    };
    let new = shown().await;
    assert_eq!(
        (&new["name"], &new["scopes"]),
        (&json!("my phone"), &json!(["read", "write", "admin"]))
    );
    assert_eq!((&new["last_used_at"], &new["expires_at"]), (&Value::Null, &Value::Null));

    assert_eq!(lab.get(&phone, ME).await.status, 200);
    soon("the first use is noted", async || shown().await["last_used_at"].is_string()).await;
    let first = shown().await["last_used_at"].clone();
    assert!(first.as_str() >= new["created_at"].as_str(), "{first} before {new}");
    lab.app.clock.advance(Duration::from_secs(61));
    soon("a use a minute later is noted", async || {
        assert_eq!(lab.get(&phone, ME).await.status, 200);
        shown().await["last_used_at"] != first
    })
    .await;
}

async fn a_revoked_key_opens_nothing_from_then_on(lab: Lab) {
    let ada = lab.account("ada", "free").await;
    let (id, lost) = make(&lab, &ada, json!({ "name": "lost" })).await;
    // Known to this process now, as it would be in the middle of its use.
    assert_eq!(lab.get(&lost, ME).await.status, 200);
    let path = format!("{KEYS}/{id}");
    assert_eq!(lab.call(&ada, "DELETE", &path).await.status, 204);
    let refused = lab.get(&lost, ME).await;
    assert_refused(&refused, 401, "unauthorized");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    assert!(listed(&lab, &ada).await.iter().all(|key| key["id"] != id.as_str()));
    assert_refused(&lab.call(&ada, "DELETE", &path).await, 404, "not_found");

    let (own, last) = make(&lab, &ada, json!({ "name": "revokes itself" })).await;
    assert_eq!(lab.call(&last, "DELETE", &format!("{KEYS}/{own}")).await.status, 204);
    assert_refused(&lab.get(&last, ME).await, 401, "unauthorized");
    assert_eq!(lab.get(&ada, ME).await.status, 200);
}

async fn an_expired_key_opens_nothing(lab: Lab) {
    let ada = lab.account("ada", "free").await;
    let (_, key) = make(&lab, &ada, json!({ "name": "a day", "expires_in": 86_400 })).await;
    assert!(listed(&lab, &ada).await[1]["expires_at"].is_string());
    lab.app.clock.advance(Duration::from_secs(86_300));
    assert_eq!(lab.get(&key, ME).await.status, 200);
    // Known to this process since a moment, and refused all the same.
    lab.app.clock.advance(Duration::from_secs(101));
    assert_refused(&lab.get(&key, ME).await, 401, "unauthorized");
    assert_eq!(lab.get(&ada, ME).await.status, 200);

    for (expires_in, code) in [
        (json!(0), "invalid"),
        (json!(-1), "invalid"),
        (json!(315_360_001), "invalid"),
        (json!("soon"), "bad_body"),
    ] {
        let new = json!({ "name": "", "expires_in": expires_in });
        assert_refused(&lab.json(&ada, "POST", KEYS, new).await, 422, code);
    }
}

async fn a_key_cannot_make_a_more_powerful_one(lab: Lab) {
    let root = lab.admin("root").await;
    let with =
        async |scopes: Value| make(&lab, &root, json!({ "name": "", "scopes": scopes })).await.1;
    let plain = with(json!(["read", "write"])).await;
    let blind = with(json!(["write", "admin"])).await;
    // One without "admin" makes none at all: what is stolen could hide behind what it made.
    let same = json!({ "name": "", "scopes": ["read"] });
    assert_refused(&lab.json(&plain, "POST", KEYS, same).await, 403, "out_of_scope");

    for scopes in [json!(["read"]), json!(["read", "write", "admin"]), json!([])] {
        let new = json!({ "name": "", "scopes": scopes });
        let refused = lab.json(&blind, "POST", KEYS, new).await;
        assert_refused(&refused, 422, "invalid");
        assert_eq!(refused.json()["problems"][0]["field"], "scopes", "{scopes}");
    }
    let unheard = json!({ "name": "", "scopes": ["root"] });
    assert_refused(&lab.json(&blind, "POST", KEYS, unheard).await, 422, "bad_body");
    let heir = lab.json(&blind, "POST", KEYS, json!({ "name": "heir" })).await;
    assert_eq!(heir.json()["scopes"], json!(["write", "admin"]), "those of its maker");
    assert_refused(&lab.get(&word(&heir, "key"), ME).await, 403, "out_of_scope");
}

async fn a_key_that_is_unknown_or_of_somebody_else_is_not_there(lab: Lab) {
    let ada = lab.account("ada", "free").await;
    let root = lab.admin("root").await;
    let (id, key) = make(&lab, &ada, json!({ "name": "of ada" })).await;
    for (by, id) in [
        (&ada, Uuid::new_v4().to_string()),
        (&ada, "1".to_owned()),
        (&root, id), // Not even for an admin.
    ] {
        let answer = lab.call(by, "DELETE", &format!("{KEYS}/{id}")).await;
        assert_refused(&answer, 404, "not_found");
    }
    assert_eq!(lab.get(&key, ME).await.status, 200);
}

async fn a_list_shows_ones_own_keys_and_never_the_keys_themselves(lab: Lab) {
    let ada = lab.account("ada", "free").await;
    lab.account("bob", "free").await;
    let (_, second) = make(&lab, &ada, json!({ "name": "second" })).await;
    let answer = lab.get(&ada, KEYS).await;
    let keys = answer.json();
    let names = keys["items"].as_array().unwrap().iter().map(|key| key["name"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["first", "second"], "oldest first, and none of bob's");
    let text = String::from_utf8(answer.body).unwrap();
    for key in [ada, second] {
        let secret = key.splitn(3, '_').nth(2).unwrap();
        assert!(!text.contains(secret) && !text.contains("hash"), "{text}");
    }
}
