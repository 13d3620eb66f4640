//! Browsers: a cookie that only this site gets, and that other sites cannot make use of.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    FROM_HERE, ME, PASSWORD, SESSION, assert_refused, browse, browser, cookie, look, member,
    sign_in,
};
use crate::support::{Lab, Server, request, soon};

on_both_engines! {
    signing_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get
    a_cookie_looks_by_itself_and_changes_only_from_a_page_of_ours
    a_cookie_is_no_key_and_a_key_is_no_cookie
    signing_out_ends_this_session_and_removes_its_cookie
    a_session_lives_for_thirty_days_after_the_last_visit
}

const KEYS: &str = "/api/v1/keys";

async fn signing_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get(lab: Lab) {
    member(&lab, "ada", false).await;
    let answer = sign_in(&lab, SESSION, "ada", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    let mut parts = answer.header("set-cookie").split("; ");
    assert!(parts.next().unwrap().starts_with("minilab=mlc_"));
    let attributes = parts.collect::<Vec<_>>();
    assert_eq!(attributes, ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=2592000"]);
    let me = look(&lab, &cookie(&answer)).await.json();
    assert_eq!((&me["account"], &me["tier"]), (&json!("ada"), &json!("premium")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_behind_tls_binds_its_cookie_to_the_host_and_to_tls() {
    for server in [Server::Sqlite, Server::Postgres] {
        let lab = Lab::with(server, |config| {
            config.public_url = "https://lab.example".to_owned();
        })
        .await;
        member(&lab, "ada", false).await;
        let answer = sign_in(&lab, SESSION, "ada", PASSWORD).await;
        let set = answer.header("set-cookie");
        assert!(set.starts_with("__Host-minilab=mlc_"), "{set}");
        // Browsers refuse the prefix without these, or with a Domain.
        assert!(set.contains("; Path=/;") && set.ends_with("; Secure"), "{set}");
        assert!(!set.contains("Domain"), "{set}");
        assert_eq!(look(&lab, &cookie(&answer)).await.status, 200);
    }
}

async fn a_cookie_looks_by_itself_and_changes_only_from_a_page_of_ours(lab: Lab) {
    member(&lab, "ada", false).await;
    let cookie = browser(&lab, "ada").await;
    assert_eq!(look(&lab, &cookie).await.status, 200);
    for (said, status) in [
        (&[][..], 403),
        (&[("sec-fetch-site", "same-origin")], 201),
        (&[("sec-fetch-site", "none")], 201),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("origin", "http://localhost")], 201),
        (&[("origin", "http://localhost.evil.example")], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        // The browser's own word stands above what a page could be made to look like.
        (&[("sec-fetch-site", "cross-site"), ("origin", "http://localhost")], 403),
    ] {
        let answer = browse(&lab, &cookie, "POST", KEYS, said, json!({ "name": "" })).await;
        assert_eq!(answer.status, status, "{said:?}");
        if status == 403 {
            assert_eq!(answer.code(), "cross_site", "{said:?}");
        }
    }
    let keys = browse(&lab, &cookie, "GET", KEYS, &[], Value::Null).await.json();
    assert_eq!(keys["items"].as_array().unwrap().len(), 4, "the first one and three from here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_the_settings_welcome_needs_a_key_all_the_same() {
    let welcome = "https://app.example";
    let lab = Lab::with(Server::Sqlite, |config| {
        config.browsers.origins = vec![welcome.to_owned()];
    })
    .await;
    let key = member(&lab, "ada", false).await;
    let cookie = browser(&lab, "ada").await;
    let said = [("origin", welcome), ("sec-fetch-site", "cross-site")];
    let refused = browse(&lab, &cookie, "POST", KEYS, &said, json!({ "name": "" })).await;
    assert_refused(&refused, 403, "cross_site");
    let mut sent = request(&key, "POST", KEYS).header("content-type", "application/json");
    for (name, value) in said {
        sent = sent.header(name, value);
    }
    let answer = lab.send(sent.body(r#"{"name":""}"#.into()).unwrap()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("access-control-allow-origin"), welcome);
    assert_eq!(answer.header("access-control-allow-credentials"), "", "no cookies from there");
}

async fn a_cookie_is_no_key_and_a_key_is_no_cookie(lab: Lab) {
    let key = member(&lab, "ada", false).await;
    let cookie = browser(&lab, "ada").await;
    let (_, value) = cookie.split_once('=').unwrap();
    assert_refused(&lab.get(value, ME).await, 401, "unauthorized");
    assert_refused(&look(&lab, &format!("minilab={key}")).await, 401, "unauthorized");
    // A key that is shown counts, and not the cookie beside it.
    let both = request("nonsense", "GET", ME).header("cookie", &cookie);
    let answer = lab.send(both.body(axum::body::Body::empty()).unwrap()).await;
    assert_refused(&answer, 401, "unauthorized");
}

async fn signing_out_ends_this_session_and_removes_its_cookie(lab: Lab) {
    member(&lab, "ada", false).await;
    let [here, elsewhere] = [browser(&lab, "ada").await, browser(&lab, "ada").await];
    let unasked = browse(&lab, &here, "DELETE", SESSION, &[], Value::Null).await;
    assert_refused(&unasked, 403, "cross_site");
    assert_eq!(look(&lab, &here).await.status, 200);

    let ended = browse(&lab, &here, "DELETE", SESSION, &[FROM_HERE], Value::Null).await;
    assert_eq!(ended.status, 204);
    let removed = ended.header("set-cookie");
    assert!(removed.starts_with("minilab=; ") && removed.contains("Max-Age=0"), "{removed}");
    assert_refused(&look(&lab, &here).await, 401, "unauthorized");
    assert_eq!(look(&lab, &elsewhere).await.status, 200);
    // Whoever is not signed in is out already.
    let again = browse(&lab, &here, "DELETE", SESSION, &[FROM_HERE], Value::Null).await;
    assert_eq!(again.status, 204);
}

mod kept {
    minilab::sql! {
        COOKIE_EXPIRES = "SELECT MAX(expires_ms) FROM credentials WHERE kind = 'cookie'";
    }
}

async fn a_session_lives_for_thirty_days_after_the_last_visit(lab: Lab) {
    member(&lab, "ada", false).await;
    let cookie = browser(&lab, "ada").await;
    let expires = async || lab.number(kept::COOKIE_EXPIRES).await;
    let day = Duration::from_hours(24);
    for _ in 0..3 {
        let before = expires().await;
        lab.app.clock.advance(day * 29);
        // As after a second: this process does not remember the last visit.
        lab.app.identities.forget();
        assert_eq!(look(&lab, &cookie).await.status, 200);
        soon("the visit is noted", async || expires().await > before).await;
    }
    lab.app.clock.advance(day * 31);
    assert_refused(&look(&lab, &cookie).await, 401, "unauthorized");
}
