//! Who calls, and how they prove it: by key, token, cookie, password, set-up link, or not at all.

mod anonymous;
mod keys;
mod passwords;
mod sessions;
mod set_up;
mod tokens;

use axum::body::Body;
use axum::http::header;
use minilab::accounts::create::{NewAccount, create};
use minilab::accounts::password;
use serde_json::{Value, json};

use crate::support::{Answer, Lab, request};

pub(crate) const PASSWORD: &str = "correct horse battery";
const ME: &str = "/api/v1/me";
const SESSION: &str = "/api/v1/session";
const TOKENS: &str = "/api/v1/tokens";

/// What a browser says of a request that a page of ours made.
const FROM_HERE: (&str, &str) = ("sec-fetch-site", "same-origin");

#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code));
}

/// A member of an answer that is text.
#[track_caller]
pub(crate) fn word(answer: &Answer, member: &str) -> String {
    let body = answer.json();
    body[member].as_str().unwrap_or_else(|| panic!("no {member}: {body}")).to_owned()
}

/// An account that can sign in; its first key.
pub(crate) async fn member(lab: &Lab, name: &str, is_admin: bool) -> String {
    let password_hash = Some(password::hash(PASSWORD.to_owned()).await.unwrap());
    let (name, tier, now_ms) = (name.to_owned(), "premium".to_owned(), lab.app.clock.now_ms());
    let new = NewAccount { name, tier, is_admin, password_hash, now_ms };
    create(&lab.app.db, new).await.unwrap().reveal()
}

/// Tries to sign in where the account and its password are asked for.
pub(crate) async fn sign_in(lab: &Lab, path: &str, name: &str, password: &str) -> Answer {
    // The older service called it so.
    let account = if path == "/api/token/" { "username" } else { "account" };
    lab.json("", "POST", path, json!({ account: name, "password": password })).await
}

/// Signs in with a browser; the cookie that it sends from then on.
async fn browser(lab: &Lab, name: &str) -> String {
    let answer = sign_in(lab, SESSION, name, PASSWORD).await;
    assert_eq!(answer.status, 204);
    cookie(&answer)
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// What a browser sends: its cookie, what it says of the page, JSON.
async fn browse(
    lab: &Lab,
    cookie: &str,
    method: &str,
    path: &str,
    said: &[(&str, &str)],
    body: Value,
) -> Answer {
    let mut sent = request("", method, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in said {
        sent = sent.header(*name, *value);
    }
    lab.send(sent.body(Body::from(body.to_string())).unwrap()).await
}

/// What the cookie opens.
async fn look(lab: &Lab, cookie: &str) -> Answer {
    browse(lab, cookie, "GET", ME, &[], Value::Null).await
}

/// Signs in with a program: an access token and a refresh token.
async fn program(lab: &Lab, name: &str) -> (String, String) {
    pair(&sign_in(lab, TOKENS, name, PASSWORD).await)
}

fn pair(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.json());
    (word(answer, "access"), word(answer, "refresh"))
}

async fn refresh(lab: &Lab, token: &str) -> Answer {
    lab.json("", "POST", "/api/v1/tokens/refresh", json!({ "refresh": token })).await
}
