//! The first admin, made by whoever reads the log of the first start.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::create::{self, AccountRefused, NewAccount};
use super::key::{Key, Kind};
use super::{password, routes, sign_in, sql};
use crate::app::App;
use crate::http::code::Code;
use crate::http::extract::Json;
use crate::http::problem::{Problem, ProblemResponse};
use crate::tiers::Catalogue;
use crate::{execute, fetch_optional};

const LIFE: Duration = Duration::from_hours(1);

/// A link that makes the first admin, if there is none yet. Each start of such a lab makes one.
pub async fn link(app: &App) -> anyhow::Result<Option<String>> {
    let mut conn = app.db.read().await?;
    if fetch_optional!(&mut conn, (Uuid,), sql::SELECT_ANY_ADMIN)?.is_some() {
        return Ok(None);
    }
    drop(conn);
    let key = Key::random(Kind::Setup);
    let expires_ms = app.clock.now_ms() + LIFE.as_millis() as i64;
    app.db
        .write((key.clone(), expires_ms), |tx, (key, expires_ms)| {
            Box::pin(async move {
                execute!(tx, sql::INSERT_SETUP, key.id, &key.secret_hash()[..], *expires_ms)
            })
        })
        .await?;
    // Behind `#`: browsers keep it to themselves, so it is in no log of a proxy.
    Ok(Some(app.url(&format!("/setup#{}", key.reveal()))))
}

/// The first admin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupForm {
    /// What the link ends in.
    token: String,
    /// 1 to 64 characters that can be seen, or single spaces inside.
    name: String,
    #[schema(format = Password)]
    password: String,
}

/// Make the first admin
///
/// With the link that the first start prints. The answer signs the browser in.
#[utoipa::path(
    post, path = "/api/v1/setup", tag = "account", security(()), request_body = SetupForm,
    responses(
        (status = 204, description = "Made, and signed in by a cookie.",
            headers(("set-cookie" = String))),
        (status = 409, response = ProblemResponse),
        (status = 410, response = ProblemResponse),
    ),
)]
pub async fn set_up(
    State(app): State<App>,
    Json(form): Json<SetupForm>,
) -> Result<Response, Problem> {
    let key = Key::parse(&form.token).filter(|key| key.kind == Kind::Setup).ok_or_else(over)?;
    if !is_valid(&app, &key).await? {
        return Err(over());
    }
    if let Some(weakness) = password::weakness(&form.password, &form.name) {
        return Err(Problem::new(Code::WeakPassword, weakness));
    }
    let password_hash = Some(password::hash(form.password).await?);
    let catalogue = Catalogue::load(&mut app.db.read().await?).await?;
    let tier = catalogue.tiers.values().max_by_key(|tier| tier.rank);
    let tier = tier.map(|tier| tier.name.clone()).unwrap_or_default();
    let now_ms = app.clock.now_ms();
    let new = NewAccount { name: form.name, tier, is_admin: true, password_hash, now_ms };
    let account = app
        .db
        .write(new, |tx, new| {
            Box::pin(async move {
                // Two who hold the link are let in one after the other, and the second is too late.
                fetch_optional!(tx, (Uuid,), sql::LOCK_LAB)?;
                if fetch_optional!(tx, (Uuid,), sql::SELECT_ANY_ADMIN)?.is_some() {
                    return Ok(None);
                }
                execute!(tx, sql::DELETE_SETUPS)?;
                create::insert(tx, new).await.map(Some)
            })
        })
        .await
        .map_err(|refused: AccountRefused| Problem::from(refused))?
        .ok_or_else(over)?;
    let session = sign_in::open_session(&app, account).await?;
    Ok(routes::signed_in(&app, &session, StatusCode::NO_CONTENT))
}

fn over() -> Problem {
    let detail = "this set-up link was used, is too old, or there is an admin already; \
         a start of the server without an admin prints a new one";
    Problem::new(Code::SetupOver, detail)
}

async fn is_valid(app: &App, key: &Key) -> Result<bool, Problem> {
    let mut conn = app.db.read().await?;
    let row = fetch_optional!(&mut conn, (Vec<u8>, i64), sql::SELECT_SETUP, key.id)?;
    let now_ms = app.clock.now_ms();
    Ok(row.is_some_and(|(hash, expires_ms)| key.matches(&hash) && now_ms < expires_ms))
}
