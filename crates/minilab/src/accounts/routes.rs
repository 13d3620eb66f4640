//! `/api/v1/me`, and signing in and out: by cookie for browsers, by tokens for programs.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::identities::COOKIE_LIFE;
use super::key::{Key, Kind};
use super::sign_in::{self, ACCESS_LIFE, Address, Tokens};
use super::{Caller, password, sql};
use crate::app::App;
use crate::counters::{self, AccountCounts, CounterScope};
use crate::db::Conn;
use crate::execute;
use crate::http::code::Code;
use crate::http::extract::Json;
use crate::http::problem::{Problem, ProblemResponse};
use crate::http::{cookie, guard};
use crate::ids::AccountId;
use crate::tiers::{Retention, Rights};

/// Who calls, what they may do and what they use.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub struct MeView {
    account: String,
    tier: String,
    /// By the account and the scopes of what was shown.
    admin: bool,
    rights: Rights,
    #[serde(rename = "keeping")]
    retention: Retention,
    /// The presets that may be asked for.
    presets: Vec<String>,
    usage: UsageView,
    limits: LimitsView,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Usage)]
pub struct UsageView {
    pub images: i64,
    /// Bytes of originals.
    pub bytes: i64,
    /// Bytes of their variants.
    pub variant_bytes: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Limits)]
struct LimitsView {
    /// How many images are kept; none is no limit.
    images: Option<i64>,
    /// Bytes of one file.
    upload_bytes: u64,
}

/// What an account uses.
pub async fn usage(conn: &mut Conn, account: AccountId) -> sqlx::Result<UsageView> {
    let AccountCounts { images, bytes, variant_bytes, .. } =
        counters::of(conn, CounterScope::Account(account)).await?;
    Ok(UsageView { images, bytes, variant_bytes })
}

/// Who I am
///
/// The account behind the key, its tier with rights and limits, and what it uses.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", responses((status = 200, body = MeView)))]
pub async fn show_me(State(app): State<App>, caller: Caller) -> Result<Answer<MeView>, Problem> {
    let usage = usage(&mut app.db.read().await?, caller.account.id).await?;
    let tier = caller.tier();
    Ok(Answer(MeView {
        account: caller.account.name.clone(),
        tier: tier.name.clone(),
        admin: caller.is_admin(),
        rights: tier.rights.clone(),
        retention: tier.retention,
        presets: tier.presets.clone(),
        usage,
        limits: LimitsView { images: tier.images_max, upload_bytes: tier.upload_bytes_max },
    }))
}

/// A name and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub account: String,
    #[schema(format = Password)]
    pub password: String,
}

/// Sign in with a browser
///
/// The answer sets a cookie that scripts cannot read. Changes made with it must come from a page of
/// this service.
#[utoipa::path(post, path = "/api/v1/session", tag = "account", security(()),
    request_body = Credentials,
    responses(
        (status = 204, description = "Signed in by a cookie.", headers(("set-cookie" = String))),
        (status = 401, response = ProblemResponse),
        (status = 403, response = ProblemResponse),
        (status = 429, response = ProblemResponse),
    ))]
pub async fn open_session(
    State(app): State<App>,
    Address(address): Address,
    Json(form): Json<Credentials>,
) -> Result<Response, Problem> {
    let account = sign_in::check(&app, address, &form.account, form.password).await?;
    let session = sign_in::open_session(&app, account.id).await?;
    Ok(signed_in(&app, &session, StatusCode::NO_CONTENT))
}

/// An answer that keeps the browser signed in.
pub(super) fn signed_in(app: &App, session: &Key, status: StatusCode) -> Response {
    let cookie = cookie::set(&session.reveal(), COOKIE_LIFE.as_secs(), app.config.is_secure());
    (status, [(header::SET_COOKIE, cookie)]).into_response()
}

/// Sign out with a browser
///
/// Ends the session of the cookie, if there is one, and removes the cookie.
#[utoipa::path(delete, path = "/api/v1/session", tag = "account", security(()),
    responses((status = 204, description = "Nobody is signed in any more."),
        (status = 403, response = ProblemResponse)))]
pub async fn close_session(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let shown = cookie::read(&headers, app.config.is_secure());
    if shown.is_some() {
        guard::must_come_from_here(&Method::DELETE, &headers)?;
    }
    let key = shown.and_then(Key::parse).filter(|key| key.kind == Kind::Cookie);
    if let Some(key) = key
        && let Some(found) = app.identities.find(&app.db, &app.clock, &key).await?
        && let Some(family) = found.family_id
    {
        sign_in::sign_out(&app, family).await?;
    }
    let gone = cookie::set("", 0, app.config.is_secure());
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct TokensView {
    /// Sent as `Authorization: Bearer`.
    access: String,
    /// Good for one refresh.
    refresh: String,
    /// Seconds that the access token lives.
    expires_in: u64,
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            access: tokens.access.reveal(),
            refresh: tokens.refresh.reveal(),
            expires_in: ACCESS_LIFE.as_secs(),
        }
    }
}

/// Sign in with a program
#[utoipa::path(post, path = "/api/v1/tokens", tag = "account", security(()),
    request_body = Credentials,
    responses(
        (status = 200, body = TokensView),
        (status = 401, response = ProblemResponse),
        (status = 403, response = ProblemResponse),
        (status = 429, response = ProblemResponse),
    ))]
pub async fn create_tokens(
    State(app): State<App>,
    Address(address): Address,
    Json(form): Json<Credentials>,
) -> Result<Answer<TokensView>, Problem> {
    let account = sign_in::check(&app, address, &form.account, form.password).await?;
    Ok(Answer(sign_in::issue_tokens(&app, account.id).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshForm {
    pub refresh: String,
}

/// Renew tokens
///
/// A refresh token is good once. One that comes again ends all that came from the same sign-in.
#[utoipa::path(post, path = "/api/v1/tokens/refresh", tag = "account", security(()),
    request_body = RefreshForm,
    responses(
        (status = 200, body = TokensView),
        (status = 401, response = ProblemResponse),
        (status = 403, response = ProblemResponse),
    ))]
pub async fn refresh_tokens(
    State(app): State<App>,
    Json(form): Json<RefreshForm>,
) -> Result<Answer<TokensView>, Problem> {
    Ok(Answer(sign_in::refresh(&app, &form.refresh).await?.into()))
}

/// Sign out with a program
///
/// Ends the access token this is called with, and what it is renewed with.
#[utoipa::path(delete, path = "/api/v1/tokens", tag = "account",
    responses((status = 204, description = "They open nothing any more.")))]
pub async fn revoke_tokens(State(app): State<App>, caller: Caller) -> Result<StatusCode, Problem> {
    let Some(family) = caller.family else {
        let detail = "this was not called with an access token; keys are revoked at /api/v1/keys";
        return Err(Problem::new(Code::NoTokens, detail));
    };
    sign_in::sign_out(&app, family).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A change of one's password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordForm {
    #[schema(format = Password)]
    current: String,
    #[schema(format = Password)]
    new: String,
}

/// Change my password
///
/// Other sign-ins end; this one and API keys live on. A key needs all scopes for it.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "account", request_body = PasswordForm,
    responses(
        (status = 204, description = "Changed."),
        (status = 429, response = ProblemResponse),
    ))]
pub async fn change_password(
    State(app): State<App>,
    Address(address): Address,
    caller: Caller,
    Json(form): Json<PasswordForm>,
) -> Result<StatusCode, Problem> {
    caller.must_be_known()?;
    caller.must_have_all()?;
    let account = &caller.account;
    sign_in::check(&app, address, &account.name, form.current).await?;
    if let Some(weakness) = password::weakness(&form.new, &account.name) {
        return Err(Problem::new(Code::WeakPassword, weakness));
    }
    let hash = password::hash(form.new).await?;
    let args = (account.id, hash, caller.family.unwrap_or_default(), app.clock.now_ms());
    app.db
        .write(args, |tx, (account, hash, family, now_ms)| {
            Box::pin(async move {
                execute!(tx, sql::UPDATE_PASSWORD, *account, hash)?;
                execute!(tx, sql::REVOKE_OTHER_FAMILIES, *account, *family, *now_ms)
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
