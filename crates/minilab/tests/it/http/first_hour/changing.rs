//! What can be changed after it was made: retention, upload links, accounts; and many deleted at once.

use std::time::Duration;

use serde_json::json;

use super::super::callers::assert_refused;
use crate::support::pictures::bmp;
use crate::support::{Lab, path_of};

on_both_engines! {
    the_end_of_an_image_is_moved_and_taken_away
    a_tier_that_says_when_images_go_is_not_escaped
    an_upload_link_is_extended_relabelled_and_limited_anew
    a_new_token_ends_the_old_one
    an_account_is_renamed
    many_images_are_deleted_in_one_call
    an_account_goes_alone_or_with_everything
}

async fn the_end_of_an_image_is_moved_and_taken_away(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let path = format!("/api/v1/images/{}", lab.ready(&ada, "a.bmp", bmp(30, 20, 1)).await);
    let image = lab.patch(&ada, &path, json!({"delete_after": 60})).await;
    assert!(!image["delete_at"].is_null() && image["delete_after_download"] == false, "{image}");
    let image = lab.patch(&ada, &path, json!({"delete_after": "download"})).await;
    assert!(image["delete_at"].is_null() && image["delete_after_download"] == true, "{image}");
    let image = lab.patch(&ada, &path, json!({"filename": "b.bmp"})).await;
    assert!(image["delete_after_download"] == true && image["filename"] == "b.bmp", "{image}");
    let image = lab.patch(&ada, &path, json!({"delete_after": null})).await;
    assert!(image["delete_at"].is_null() && image["delete_after_download"] == false, "{image}");
    for wrong in [json!(0), json!(-1), json!("never"), json!(1.5), json!(315_360_001)] {
        let answer = lab.json(&ada, "PATCH", &path, json!({"delete_after": wrong})).await;
        assert_eq!(answer.status, 422, "{wrong}: {}", answer.json());
    }
    assert_eq!(lab.json(&ada, "PATCH", &path, json!({})).await.status, 200);
    let bob = lab.account("bob", "business").await;
    let foreign = lab.json(&bob, "PATCH", &path, json!({"delete_after": 1})).await;
    assert_refused(&foreign, 404, "not_found");
    lab.patch(&ada, &path, json!({"delete_after": 5})).await;
    lab.app.clock.advance(Duration::from_secs(6));
    minilab::images::expire::ask_if_due(&lab.app).await.unwrap();
    lab.run_jobs().await;
    assert_refused(&lab.get(&ada, &path).await, 404, "not_found");
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_tier_that_says_when_images_go_is_not_escaped(lab: Lab) {
    let root = lab.admin("root").await;
    let keeping = json!({"keeping": {"delete_after": 3600}});
    lab.patch(&root, "/api/v1/tiers/business", keeping).await;
    let ada = lab.account("ada", "business").await;
    let path = format!("/api/v1/images/{}", lab.ready(&ada, "a.bmp", bmp(30, 20, 1)).await);
    let before = lab.get(&ada, &path).await.json()["delete_at"].clone();
    for change in [json!(null), json!(7200)] {
        let image = lab.patch(&ada, &path, json!({"delete_after": change})).await;
        assert_eq!(image["delete_at"], before, "{change}");
    }
    let image = lab.patch(&ada, &path, json!({"delete_after": 60})).await;
    assert_ne!(image["delete_at"], before, "sooner is one's own to say");
}

async fn an_upload_link_is_extended_relabelled_and_limited_anew(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let new = json!({"expires_in": 60, "label": "Party", "max_images": 1});
    let made = lab.json(&ada, "POST", "/api/v1/upload-links", new).await.json();
    let path = format!("/api/v1/upload-links/{}", made["id"].as_str().unwrap());
    let token = made["token"].as_str().unwrap();
    assert_eq!(lab.upload(token, "a.bmp", bmp(30, 20, 1)).await.status, 201);
    assert_refused(&lab.upload(token, "b.bmp", bmp(30, 20, 2)).await, 403, "upload_link_full");
    let link = lab.patch(&ada, &path, json!({"max_images": 2, "label": "Feast"})).await;
    assert_eq!(
        (&link["label"], &link["state"], &link["images"]),
        (&json!("Feast"), &json!("open"), &json!(1))
    );
    assert_eq!(lab.upload(token, "b.bmp", bmp(30, 20, 2)).await.status, 201);
    let link = lab.patch(&ada, &path, json!({"max_images": null, "max_bytes": 10})).await;
    assert_eq!((&link["max_images"], &link["state"]), (&json!(null), &json!("full")));
    lab.patch(&ada, &path, json!({"max_bytes": null})).await;
    lab.app.clock.advance(Duration::from_secs(61));
    assert_refused(&lab.upload(token, "c.bmp", bmp(30, 20, 3)).await, 410, "upload_link_expired");
    assert_eq!(lab.patch(&ada, &path, json!({"expires_in": 60})).await["state"], "open");
    assert_eq!(lab.upload(token, "c.bmp", bmp(30, 20, 3)).await.status, 201);
    for wrong in [
        json!({"expires_in": 0}),
        json!({"expires_in": 60, "expires_at": "2030-01-01T00:00:00Z"}),
        json!({"expires_at": "tomorrow"}),
        json!({"max_images": 0}),
        json!({"label": "a\nb"}),
        json!({"token": "mine"}),
        json!({"expires_in": 2_592_001}),
    ] {
        assert_eq!(lab.json(&ada, "PATCH", &path, wrong.clone()).await.status, 422, "{wrong}");
    }
    let bob = lab.account("bob", "business").await;
    assert_refused(&lab.json(&bob, "PATCH", &path, json!({"label": ""})).await, 404, "not_found");
    assert_eq!(lab.call(&ada, "DELETE", &path).await.status, 204);
    let revoked = lab.json(&ada, "PATCH", &path, json!({"expires_in": 60})).await;
    assert_refused(&revoked, 409, "upload_link_revoked");
}

async fn a_new_token_ends_the_old_one(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let new = json!({"expires_in": 60, "max_images": 2});
    let made = lab.json(&ada, "POST", "/api/v1/upload-links", new).await.json();
    let path = format!("/api/v1/upload-links/{}", made["id"].as_str().unwrap());
    let old = made["token"].as_str().unwrap();
    let id = lab.upload_ok(old, "a.bmp", bmp(30, 20, 1)).await;
    let renewed = lab.call(&ada, "POST", &format!("{path}/token")).await;
    assert_eq!(renewed.status, 200);
    let (token, url) = (renewed.json()["token"].clone(), renewed.json()["url"].clone());
    let token = token.as_str().unwrap();
    assert_eq!(path_of(url.as_str().unwrap()), format!("/u/{token}"));
    assert_refused(&lab.upload(old, "b.bmp", bmp(30, 20, 2)).await, 401, "unauthorized");
    assert_refused(&lab.get(old, &format!("/api/v1/images/{id}")).await, 401, "unauthorized");
    // What came in stays, is seen with the new one, and counts.
    assert_eq!(lab.get(token, &format!("/api/v1/images/{id}")).await.status, 200);
    assert_eq!(lab.upload(token, "b.bmp", bmp(30, 20, 2)).await.status, 201);
    assert_refused(&lab.upload(token, "c.bmp", bmp(30, 20, 3)).await, 403, "upload_link_full");
    assert_eq!(lab.call(&ada, "DELETE", &path).await.status, 204);
    let revoked = lab.call(&ada, "POST", &format!("{path}/token")).await;
    assert_refused(&revoked, 409, "upload_link_revoked");
}

async fn an_account_is_renamed(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let path = lab.account_path("ada").await;
    assert_eq!(lab.patch(&root, &path, json!({"name": "lovelace"})).await["name"], "lovelace");
    assert_eq!(lab.get(&ada, "/api/v1/me").await.json()["account"], "lovelace");
    assert_eq!(lab.patch(&root, &path, json!({"name": "lovelace"})).await["name"], "lovelace");
    let taken = lab.json(&root, "PATCH", &path, json!({"name": "root"})).await;
    assert_refused(&taken, 409, "name_taken");
    for wrong in ["", "a\nb", "anonymous"] {
        let answer = lab.json(&root, "PATCH", &path, json!({"name": wrong, "tier": "free"})).await;
        assert_refused(&answer, 422, "bad_name");
    }
    // All of a change or nothing.
    assert_eq!(lab.get(&root, &path).await.json()["tier"], "business");
    lab.account("ada", "free").await;
}

async fn many_images_are_deleted_in_one_call(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let bob = lab.account("bob", "business").await;
    let mut ids = Vec::new();
    for seed in 0..3 {
        ids.push(lab.ready(&ada, "a.bmp", bmp(30, 20, seed)).await);
    }
    let foreign = lab.ready(&bob, "b.bmp", bmp(30, 20, 9)).await;
    let call = json!({"ids": [ids[0], ids[1], ids[0], foreign]});
    let answer = lab.json(&ada, "POST", "/api/v1/images/delete", call.clone()).await;
    assert_eq!(answer.json(), json!({"deleted": [ids[0], ids[1]], "unknown": [foreign]}));
    let again = lab.json(&ada, "POST", "/api/v1/images/delete", call).await.json();
    assert_eq!(again, json!({"deleted": [], "unknown": [ids[0], ids[1], foreign]}));
    assert_eq!(lab.image(&bob, &foreign).await["state"], "ready");
    for wrong in [json!([]), json!(vec![&ids[2]; 1001]), json!(["x"]), json!("x")] {
        let answer = lab.json(&ada, "POST", "/api/v1/images/delete", json!({"ids": wrong})).await;
        assert_eq!(answer.status, 422);
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn an_account_goes_alone_or_with_everything(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    lab.account("bob", "free").await;
    let bob = lab.account_path("bob").await;
    assert_eq!(lab.call(&root, "DELETE", &bob).await.status, 204);
    assert_refused(&lab.get(&root, &bob).await, 404, "not_found");
    lab.ready(&ada, "a.bmp", bmp(30, 20, 1)).await;
    let path = lab.account_path("ada").await;
    assert_refused(&lab.call(&root, "DELETE", &path).await, 409, "account_not_empty");
    for wrong in ["with=nothing", "with=", "all=true"] {
        let answer = lab.call(&root, "DELETE", &format!("{path}?{wrong}")).await;
        assert_refused(&answer, 422, "bad_query");
    }
    assert_eq!(lab.get(&ada, "/api/v1/me").await.json()["usage"]["images"], 1, "nothing went");
    let gone = lab.call(&root, "DELETE", &format!("{path}?with=everything")).await;
    assert_eq!(gone.status, 204);
    assert_refused(&lab.get(&ada, "/api/v1/me").await, 401, "unauthorized");
    assert_refused(&lab.call(&root, "DELETE", &path).await, 404, "not_found");
    lab.run_jobs().await;
    assert_eq!(lab.stored(), [""; 0]);
    assert_eq!(lab.differences().await, [""; 0]);
}
