//! `/api/v1/keys`: an account's own API keys.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::key::{Key, Kind};
use super::scopes::Scope;
use super::{Account, Caller, Scopes, Via, sql};
use crate::app::App;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::http::code::Code;
use crate::http::extract::{Json, PathId};
use crate::http::merge::{MemberProblem, refuse};
use crate::http::problem::{Problem, TxError};
use crate::ids::{AccountId, KeyId};
use crate::text::{self, NAME_CHARS_MAX};
use crate::{execute, fetch_all, fetch_one, fetch_optional};

const KEYS_MAX: i64 = 100;
/// Ten years.
pub const LIFE_SECS_MAX: i64 = 10 * 365 * 24 * 3600;

/// A key that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// To tell it from others; up to 64 characters.
    #[schema(max_length = 64)]
    name: String,
    /// All of the caller's own when left out.
    scopes: Option<Vec<Scope>>,
    /// Seconds; when left out, as long as the key it is made with.
    #[schema(minimum = 1, maximum = 315_360_000)]
    expires_in: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyView {
    #[schema(value_type = Uuid)]
    id: KeyId,
    name: String,
    scopes: Vec<Scope>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// To the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// The key itself: only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Keys)]
pub struct KeysView {
    items: Vec<KeyView>,
}

type KeyRow = (KeyId, String, String, i64, Option<i64>, Option<i64>);

/// List API keys
///
/// The caller's own, oldest first, less those that can do more than the key this is called with. A key
/// itself is shown once, when it is made.
#[utoipa::path(get, path = "/api/v1/keys", tag = "account",
    responses((status = 200, body = KeysView)))]
pub async fn list_keys(
    State(app): State<App>,
    caller: Caller,
) -> Result<Answer<KeysView>, Problem> {
    caller.must_be_known()?;
    let mut conn = app.db.read().await?;
    let rows = fetch_all!(&mut conn, KeyRow, sql::SELECT_KEYS, caller.account.id)?;
    let view = |(id, name, scopes, created_ms, expires_ms, last_used_ms): KeyRow| KeyView {
        id,
        name,
        scopes: Scopes::parse(&scopes).list(),
        created_at: rfc3339(created_ms),
        expires_at: expires_ms.map(rfc3339),
        last_used_at: last_used_ms.map(rfc3339),
        key: None,
    };
    let is_covered = |row: &KeyRow| caller.scopes.cover(Scopes::parse(&row.2));
    Ok(Answer(KeysView { items: rows.into_iter().filter(is_covered).map(view).collect() }))
}

/// Make an API key
///
/// It can do no more than the one it was made with.
#[utoipa::path(post, path = "/api/v1/keys", tag = "account", request_body = NewKey,
    responses(
        (status = 201, body = KeyView),
    ))]
pub async fn create_key(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewKey>,
) -> Result<(StatusCode, Answer<KeyView>), Problem> {
    caller.must_be_known()?;
    // An access token would outlive itself as a key that nobody remembers.
    if caller.via == Via::Key && !caller.scopes.admin {
        let detail = "a key without the scope \"admin\" cannot make others";
        return Err(Problem::new(Code::OutOfScope, detail));
    }
    let scopes = new.scopes.as_deref().map_or(caller.scopes, Scopes::of);
    refuse(&problems(&new, scopes, caller.scopes))?;
    let key = Key::random(Kind::Api);
    let now_ms = app.clock.now_ms();
    let wanted_ms = new.expires_in.map(|secs| now_ms + 1000 * secs);
    // No later than the key that makes it.
    let expires_ms = wanted_ms.into_iter().chain(caller.key_ends_ms).min();
    let row = NewCredential {
        key: key.clone(),
        account: caller.account.id,
        name: new.name.clone(),
        scopes,
        now_ms,
        expires_ms,
    };
    app.db.write(row, |tx, row| Box::pin(insert(tx, row))).await?;
    let view = KeyView {
        id: key.id.into(),
        name: new.name,
        scopes: scopes.list(),
        created_at: rfc3339(now_ms),
        expires_at: expires_ms.map(rfc3339),
        last_used_at: None,
        key: Some(key.reveal()),
    };
    Ok((StatusCode::CREATED, Answer(view)))
}

/// An API key on its way into its row.
#[derive(Clone)]
pub struct NewCredential {
    pub key: Key,
    pub account: AccountId,
    pub name: String,
    pub scopes: Scopes,
    pub now_ms: i64,
    pub expires_ms: Option<i64>,
}

/// Inserts an API key: 403 `too_many_keys` when the account has as many as it may have.
pub async fn insert(tx: &mut Conn, new: &NewCredential) -> Result<(), TxError> {
    // Two who make their last one wait for each other.
    fetch_one!(tx, Account, sql::LOCK, new.account)?;
    let (count,) = fetch_one!(tx, (i64,), sql::COUNT_KEYS, new.account)?;
    if count >= KEYS_MAX {
        let detail = format!("an account has at most {KEYS_MAX} keys; revoke one first");
        let problem = Problem::new(Code::TooManyKeys, detail);
        return Err(problem.with("limit", KEYS_MAX).into());
    }
    execute!(
        tx,
        sql::INSERT_CREDENTIAL,
        new.key.id,
        new.account,
        new.key.kind.word(),
        &new.key.secret_hash()[..],
        None::<Uuid>,
        &new.name,
        new.scopes.words(),
        new.now_ms,
        new.expires_ms,
    )?;
    Ok(())
}

/// Why a key may not be called so.
pub fn label_flaw(text: &str) -> Option<String> {
    text::line_flaw(text, NAME_CHARS_MAX)
}

fn problems(new: &NewKey, wanted: Scopes, own: Scopes) -> Vec<MemberProblem> {
    let mut wrong = Vec::new();
    wrong.extend(label_flaw(&new.name).map(|flaw| MemberProblem::new("name", flaw)));
    if wanted.list().is_empty() {
        wrong.push(MemberProblem::new("scopes", "there must be one at least"));
    }
    if !own.cover(wanted) {
        wrong.push(MemberProblem::new("scopes", "are more than those of the key you call with"));
    }
    if new.expires_in.is_some_and(|secs| !(1..=LIFE_SECS_MAX).contains(&secs)) {
        wrong.push(MemberProblem::new("expires_in", format!("must be from 1 to {LIFE_SECS_MAX}")));
    }
    wrong
}

/// Revoke an API key
///
/// It is refused everywhere within a second. A key revokes none that can do more.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "account",
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "It opens nothing any more."),
    ))]
pub async fn revoke_key(
    State(app): State<App>,
    caller: Caller,
    id: Result<PathId<KeyId>, Problem>,
) -> Result<StatusCode, Problem> {
    caller.must_be_known()?;
    let unknown = || Problem::not_found("key");
    let PathId(id) = id?;
    let (account, now_ms) = (caller.account.id, app.clock.now_ms());
    let mut conn = app.db.read().await?;
    // The scopes of a key never change.
    let scopes = fetch_optional!(&mut conn, (String,), sql::SELECT_KEY_SCOPES, id, account)?;
    drop(conn);
    let (scopes,) = scopes.ok_or_else(unknown)?;
    if !caller.scopes.cover(Scopes::parse(&scopes)) {
        let detail = "that key can do more than the one you call with";
        return Err(Problem::new(Code::OutOfScope, detail));
    }
    let revoked = app
        .db
        .write((id, account, now_ms), |tx, &(id, account, now_ms)| {
            Box::pin(async move { execute!(tx, sql::REVOKE_KEY, id, account, now_ms) })
        })
        .await?;
    if revoked == 1 { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}
