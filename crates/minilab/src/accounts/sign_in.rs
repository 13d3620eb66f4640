//! Signing in: a password once, then a cookie or tokens. What one sign-in made is one family.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use uuid::Uuid;

use super::identities::{COOKIE_LIFE, look_up};
use super::key::{Key, Kind};
use super::{Account, Scopes, password, sql};
use crate::app::App;
use crate::db::Conn;
use crate::http::code::Code;
use crate::http::{Problem, peer};
use crate::ids::AccountId;
use crate::{execute, fetch_optional};

pub const ACCESS_LIFE: Duration = Duration::from_mins(15);
const REFRESH_LIFE: Duration = Duration::from_hours(30 * 24);

/// The address a caller is held by when it tries too often.
pub struct Address(pub IpAddr);

impl FromRequestParts<App> for Address {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let proxies = &app.config.proxies;
        Ok(Self(peer::address(&parts.extensions, &parts.headers, proxies)))
    }
}

/// The account behind a name and a password. Unknown names and wrong passwords look alike.
pub async fn check(
    app: &App,
    address: IpAddr,
    name: &str,
    password: String,
) -> Result<Account, Problem> {
    app.throttle.count(name, address)?;
    let wrong = || {
        let detail = "there is no such account, or this is not its password";
        Problem::new(Code::WrongPassword, detail)
    };
    if password.chars().count() > password::LENGTH_MAX {
        return Err(wrong());
    }
    let turn = app.throttle.turn(address).await?;
    let mut conn = app.db.read().await?;
    let row =
        fetch_optional!(&mut conn, (AccountId, bool, Option<String>), sql::SELECT_PASSWORD, name)?;
    drop(conn);
    let (id, stored) = row.map_or((None, None), |(id, _, stored)| (Some(id), stored));
    let is_right = password::verify(turn, password, stored).await?;
    let id = id.filter(|_| is_right).ok_or_else(wrong)?;
    let account = super::find(&mut app.db.read().await?, id).await?.ok_or_else(wrong)?;
    if account.suspended {
        return Err(Problem::new(Code::Suspended, "this account is suspended"));
    }
    Ok(account)
}

/// Makes the cookie of a browser.
pub async fn open_session(app: &App, account: AccountId) -> anyhow::Result<Key> {
    let key = Key::random(Kind::Cookie);
    let now_ms = app.clock.now_ms();
    app.db
        .write((key.clone(), account, now_ms), |tx, (key, account, now_ms)| {
            Box::pin(insert(tx, key, *account, Some(key.id), COOKIE_LIFE, *now_ms))
        })
        .await
        .context("keeping a session")?;
    Ok(key)
}

/// An access token, and what it is renewed with.
pub struct Tokens {
    pub access: Key,
    pub refresh: Key,
}

pub async fn issue_tokens(app: &App, account: AccountId) -> anyhow::Result<Tokens> {
    let args = (account, Uuid::new_v4(), app.clock.now_ms());
    let tokens = app.db.write(args, |tx, &(account, family, now_ms)| {
        Box::pin(insert_tokens(tx, account, family, now_ms))
    });
    tokens.await.context("keeping tokens")
}

async fn insert_tokens(
    tx: &mut Conn,
    account: AccountId,
    family: Uuid,
    now_ms: i64,
) -> sqlx::Result<Tokens> {
    let tokens = Tokens { access: Key::random(Kind::Access), refresh: Key::random(Kind::Refresh) };
    insert(tx, &tokens.access, account, Some(family), ACCESS_LIFE, now_ms).await?;
    insert(tx, &tokens.refresh, account, Some(family), REFRESH_LIFE, now_ms).await?;
    Ok(tokens)
}

async fn insert(
    tx: &mut Conn,
    key: &Key,
    account: AccountId,
    family: Option<Uuid>,
    life: Duration,
    now_ms: i64,
) -> sqlx::Result<()> {
    execute!(
        tx,
        sql::INSERT_CREDENTIAL,
        key.id,
        account,
        key.kind.word(),
        &key.secret_hash()[..],
        family,
        "",
        Scopes::ALL.words(),
        now_ms,
        Some(now_ms + life.as_millis() as i64),
    )
    .map(|_| ())
}

/// New tokens for a refresh token. One that comes a second time was stolen, from its holder or by
/// them: all that came from the same sign-in ends.
pub async fn refresh(app: &App, text: &str) -> Result<Tokens, Problem> {
    let refused = || Problem::unauthorized("this refresh token is unknown, expired or revoked");
    let key = Key::parse(text).filter(|key| key.kind == Kind::Refresh).ok_or_else(refused)?;
    let now_ms = app.clock.now_ms();
    let row = look_up(&app.db, key.id).await?.ok_or_else(refused)?;
    let is_over = row.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms);
    let (Some(family), false) = (row.family_id, is_over || !key.matches(&row.secret_hash)) else {
        return Err(refused());
    };
    if row.account.suspended {
        return Err(Problem::new(Code::Suspended, "this account is suspended"));
    }
    let args = (key.id, row.account.id, family, now_ms);
    let tokens = app
        .db
        .write(args, |tx, &(id, account, family, now_ms)| {
            Box::pin(async move {
                if execute!(tx, sql::SPEND, id, now_ms)? == 1 {
                    return insert_tokens(tx, account, family, now_ms).await.map(Some);
                }
                execute!(tx, sql::REVOKE_FAMILY, family, now_ms)?;
                Ok::<_, sqlx::Error>(None)
            })
        })
        .await?;
    if tokens.is_none() {
        tracing::warn!(account = row.account.name, "a refresh token came twice: signed out");
    }
    tokens.ok_or_else(refused)
}

/// Ends what one sign-in made.
pub async fn sign_out(app: &App, family: Uuid) -> Result<(), Problem> {
    let args = (family, app.clock.now_ms());
    app.db
        .write(args, |tx, &(family, now_ms)| {
            Box::pin(async move { execute!(tx, sql::REVOKE_FAMILY, family, now_ms) })
        })
        .await?;
    Ok(())
}
