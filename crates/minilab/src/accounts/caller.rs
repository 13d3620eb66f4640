//! Who calls: taken from the request before anything else touches it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::key::Key;
use super::{ANONYMOUS, Account, find_by_name, sql};
use crate::app::App;
use crate::fetch_optional;
use crate::http::Problem;
use crate::tiers::{Catalogue, Tier};

/// An account that proved itself, and what its tier allows.
#[derive(Clone)]
pub struct Caller {
    pub account: Account,
    pub catalogue: Arc<Catalogue>,
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    secret_hash: Vec<u8>,
    #[sqlx(flatten)]
    account: Account,
}

impl Caller {
    pub fn tier(&self) -> &Tier {
        &self.catalogue.tiers[&self.account.tier]
    }

    async fn identify(app: &App, headers: &HeaderMap) -> Result<Self, Problem> {
        let account = match bearer(headers)? {
            Some(key) => Self::by_key(app, key).await?,
            None => Self::without_key(app).await?,
        };
        if account.suspended {
            return Err(Problem::forbidden("suspended", "this account is suspended"));
        }
        let catalogue = app.catalogues.current(&app.db).await?;
        if !catalogue.tiers.contains_key(&account.tier) {
            // Made within the second that a catalogue may be old.
            let missing = anyhow::anyhow!("tier {:?} is not loaded yet", account.tier);
            return Err(Problem::internal(&missing));
        }
        Ok(Self { account, catalogue })
    }

    async fn by_key(app: &App, text: &str) -> Result<Account, Problem> {
        let refused = || Problem::unauthorized("this key is unknown or revoked");
        let key = Key::parse(text).ok_or_else(refused)?;
        let mut conn = app.db.read().await?;
        let row = fetch_optional!(&mut conn, KeyRow, sql::SELECT_BY_KEY, key.id)?;
        let row = row.filter(|row| key.matches(&row.secret_hash)).ok_or_else(refused)?;
        Ok(row.account)
    }

    async fn without_key(app: &App) -> Result<Account, Problem> {
        let needed = || {
            Problem::unauthorized(
                "send a key as `Authorization: Bearer KEY`; `minilab account add` makes one",
            )
        };
        if app.config.anonymous.is_empty() {
            return Err(needed());
        }
        let account = find_by_name(&mut app.db.read().await?, ANONYMOUS).await?;
        account.ok_or_else(needed)
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let credential = value.to_str().ok().and_then(|value| value.split_once(' '));
    match credential {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(key.trim())),
        _ => Err(Problem::unauthorized("the Authorization header is not of the form `Bearer KEY`")),
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Self::identify(app, &parts.headers).await
    }
}
