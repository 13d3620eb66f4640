//! Callers without a key, where the settings let them in.

use minilab::accounts::setup;
use serde_json::json;
use uuid::Uuid;

use super::{ME, PASSWORD, SESSION, assert_refused, look, sign_in, word};
use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, Server};

async fn labs() -> [Lab; 2] {
    let open = |server| Lab::with(server, |config| config.anonymous = "basic".into());
    [open(Server::Sqlite).await, open(Server::Postgres).await]
}

/// Nothing that proves who somebody is, and nothing it could be found out from.
fn assert_no_secret(path: &str, answer: &Answer) {
    let text = String::from_utf8_lossy(&answer.body);
    for secret in ["mlk_", "mlc_", "mla_", "mlr_", "mls_", "argon2", "hash", "postgres://"] {
        assert!(!text.contains(secret), "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_one_has_what_the_tier_has() {
    for lab in labs().await {
        let me = lab.get("", ME).await.json();
        assert_eq!((&me["account"], &me["tier"]), (&json!("anonymous"), &json!("free")));
        assert_eq!(me["admin"], false);
        let id = lab.upload_ok("", "a.bmp", bmp(30, 20, 1)).await;
        lab.run_jobs().await;
        for path in [
            ME.to_owned(),
            "/api/v1/images".to_owned(),
            format!("/api/v1/images/{id}"),
            "/api/v1/gallery".to_owned(),
            "/api/uploads".to_owned(),
            "/api/images/".to_owned(),
        ] {
            let answer = lab.get("", &path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_no_secret(&path, &answer);
        }
        assert_eq!(lab.get("", &format!("/api/v1/images/{id}/variants/thumb")).await.status, 200);
        // A browser keeps its cookie when the session is long over: that is as good as none.
        assert_eq!(look(&lab, "minilab=over").await.json()["account"], "anonymous");
        // Who shows a key means it: a wrong one is not the same as none.
        assert_refused(&lab.get("nonsense", ME).await, 401, "unauthorized");
        let ada = lab.account("ada", "free").await;
        assert_refused(&lab.get(&ada, &format!("/api/v1/images/{id}")).await, 404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_somebody_who_can_be_told_from_others_is_refused_without_a_key() {
    for lab in labs().await {
        let id = lab.upload_ok("", "a.bmp", bmp(30, 20, 1)).await;
        let link = json!({ "expires_in": 300, "variant": "thumb" });
        let password = json!({ "current": PASSWORD, "new": PASSWORD });
        for (method, path, body) in [
            ("POST", format!("/api/v1/images/{id}/links"), link),
            ("POST", "/api/image/expiring/".to_owned(), json!({ "uuid": id, "expire_time": 300 })),
            ("GET", "/api/v1/keys".to_owned(), json!({})),
            ("POST", "/api/v1/keys".to_owned(), json!({ "name": "mine now" })),
            ("DELETE", format!("/api/v1/keys/{}", Uuid::nil()), json!({})),
            ("PUT", "/api/v1/me/password".to_owned(), password),
            ("GET", "/api/v1/accounts".to_owned(), json!({})),
            ("POST", "/api/v1/accounts".to_owned(), json!({ "name": "eve", "tier": "free" })),
            ("GET", "/api/v1/tiers".to_owned(), json!({})),
            ("PATCH", "/api/v1/tiers/free".to_owned(), json!({ "images_max": null })),
            ("GET", "/api/v1/presets".to_owned(), json!({})),
            ("GET", "/api/v1/audit".to_owned(), json!({})),
            ("POST", "/api/v1/gallery".to_owned(), json!({ "image": id })),
            ("GET", "/metrics".to_owned(), json!({})),
        ] {
            let answer = lab.json("", method, &path, body).await;
            assert_eq!(answer.status, 403, "{method} {path}");
            assert_eq!(answer.code(), "anonymous", "{method} {path}");
            assert_no_secret(&path, &answer);
        }
        // A browser of another site has no key either, and is held off all the same.
        let sent = crate::support::request("", "DELETE", &format!("/api/v1/images/{id}"))
            .header("origin", "https://evil.example");
        let answer = lab.send(sent.body(axum::body::Body::empty()).unwrap()).await;
        assert_refused(&answer, 403, "cross_site");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_all_others_cannot_become_somebody() {
    for lab in labs().await {
        assert!(setup::link(&lab.app).await.unwrap().is_some(), "there is nobody yet");
        let root = lab.admin("root").await;
        let accounts = lab.get(&root, "/api/v1/accounts").await.json();
        assert_eq!(accounts["items"][0]["name"], "anonymous");
        let path = format!("/api/v1/accounts/{}", accounts["items"][0]["id"].as_str().unwrap());
        for change in [json!({ "admin": true }), json!({ "password": PASSWORD })] {
            assert_refused(&lab.json(&root, "PATCH", &path, change).await, 422, "anonymous");
        }
        let answer = sign_in(&lab, SESSION, "anonymous", PASSWORD).await;
        assert_refused(&answer, 401, "wrong_password");
        let second = json!({ "name": "anonymous", "tier": "free" });
        let refused = lab.json(&root, "POST", "/api/v1/accounts", second).await;
        assert_refused(&refused, 422, "bad_name");

        // An admin closes the door as for anybody else.
        let closed = lab.json(&root, "PATCH", &path, json!({ "suspended": true })).await;
        assert_eq!((closed.status.as_u16(), word(&closed, "name")), (200, "anonymous".to_owned()));
        assert_refused(&lab.get("", ME).await, 403, "suspended");
    }
}
