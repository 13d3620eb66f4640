//! The set-up link: it makes the first admin, once.

use std::time::Duration;

use minilab::accounts::setup;
use serde_json::{Value, json};

use super::{ME, PASSWORD, SESSION, assert_refused, browse, cookie, look, sign_in};
use crate::support::{Answer, Lab};

on_both_engines! {
    the_link_makes_the_first_admin_and_signs_them_in_once
    the_link_is_good_for_an_hour
    what_is_wrong_with_the_form_does_not_use_the_link_up
    two_who_hold_the_link_make_one_admin
    there_is_no_link_when_there_is_an_admin
    an_account_that_is_no_admin_leaves_the_link
}

/// What the link ends in, behind the `#` that keeps it out of logs.
async fn token(lab: &Lab) -> String {
    let url = setup::link(&lab.app).await.unwrap().unwrap();
    let (page, token) = url.split_once('#').unwrap();
    assert_eq!(page, "http://127.0.0.1:8000/setup");
    assert!(token.starts_with("mls_"), "{token}");
    token.to_owned()
}

async fn set_up(lab: &Lab, token: &str, name: &str, password: &str) -> Answer {
    let form = json!({ "token": token, "name": name, "password": password });
    lab.json("", "POST", "/api/v1/setup", form).await
}

async fn the_link_makes_the_first_admin_and_signs_them_in_once(lab: Lab) {
    let token = token(&lab).await;
    let made = set_up(&lab, &token, "ada", PASSWORD).await;
    assert_eq!((made.status.as_u16(), made.body.len()), (204, 0));
    let cookie = cookie(&made);
    let me = look(&lab, &cookie).await.json();
    assert_eq!((&me["account"], &me["admin"]), (&json!("ada"), &json!(true)));
    assert_eq!(me["tier"], "business", "the highest there is");
    let accounts = browse(&lab, &cookie, "GET", "/api/v1/accounts", &[], Value::Null).await;
    assert_eq!(accounts.status, 200);

    assert_refused(&set_up(&lab, &token, "eve", PASSWORD).await, 410, "setup_over");
    assert_refused(&sign_in(&lab, SESSION, "eve", PASSWORD).await, 401, "wrong_password");
    assert_eq!(sign_in(&lab, SESSION, "ada", PASSWORD).await.status, 204);
    assert_refused(&lab.get(&token, ME).await, 401, "unauthorized");
}

async fn the_link_is_good_for_an_hour(lab: Lab) {
    let old = token(&lab).await;
    lab.app.clock.advance(Duration::from_secs(3601));
    assert_refused(&set_up(&lab, &old, "ada", PASSWORD).await, 410, "setup_over");
    let new = token(&lab).await;
    lab.app.clock.advance(Duration::from_secs(3500));
    assert_refused(&set_up(&lab, &old, "ada", PASSWORD).await, 410, "setup_over");
    assert_eq!(set_up(&lab, &new, "ada", PASSWORD).await.status, 204);
}

async fn what_is_wrong_with_the_form_does_not_use_the_link_up(lab: Lab) {
    let token = token(&lab).await;
    for (name, password, code, reason) in [
        ("ada", "short", "weak_password", "at least 8"),
        ("ada", "password1", "weak_password", "easily guessed"),
        ("ada-lovelace", "ada-lovelace", "weak_password", "easily guessed"),
        ("", PASSWORD, "bad_name", "can be seen"),
        ("two  words", PASSWORD, "bad_name", "single spaces"),
        ("anonymous", PASSWORD, "bad_name", "kept"),
    ] {
        let answer = set_up(&lab, &token, name, password).await;
        assert_refused(&answer, 422, code);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(reason), "{name:?}: {detail}");
    }
    let mut forged = token.clone();
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    for wrong in [&*forged, "", "mls_", &token.replace("mls_", "mlk_")] {
        // Before the password is looked at: strangers are not to make us work.
        assert_refused(&set_up(&lab, wrong, "ada", "short").await, 410, "setup_over");
    }
    assert_eq!(set_up(&lab, &token, "ada", PASSWORD).await.status, 204);
}

async fn two_who_hold_the_link_make_one_admin(lab: Lab) {
    // Each start of a lab prints one; all of them end with the first use of any.
    let [first, second] = [token(&lab).await, token(&lab).await];
    let answers = tokio::join!(
        set_up(&lab, &first, "ada", PASSWORD),
        set_up(&lab, &first, "bob", PASSWORD),
        set_up(&lab, &second, "eve", PASSWORD),
    );
    let answers = [answers.0, answers.1, answers.2];
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 204);
    assert_eq!((won.len(), lost.len()), (1, 2));
    for late in lost {
        assert_refused(late, 410, "setup_over");
        assert_eq!(late.header("set-cookie"), "");
    }
    let path = "/api/v1/accounts";
    let accounts = browse(&lab, &cookie(won[0]), "GET", path, &[], Value::Null).await.json();
    assert_eq!(accounts["items"].as_array().unwrap().len(), 1, "{accounts}");
}

async fn an_account_that_is_no_admin_leaves_the_link(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    let token = token(&lab).await;
    assert_eq!(set_up(&lab, &token, "root", PASSWORD).await.status, 204);
    assert_eq!(lab.get(&ada, ME).await.status, 200);
    assert_eq!(setup::link(&lab.app).await.unwrap(), None);
}

async fn there_is_no_link_when_there_is_an_admin(lab: Lab) {
    let early = token(&lab).await;
    // Made by the command line in the meantime.
    lab.admin("root").await;
    assert_eq!(setup::link(&lab.app).await.unwrap(), None);
    assert_refused(&set_up(&lab, &early, "eve", PASSWORD).await, 410, "setup_over");
}
