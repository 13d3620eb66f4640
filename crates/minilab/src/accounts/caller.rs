//! Who calls: taken from the request before anything else touches it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use uuid::Uuid;

use super::identities::Identity;
use super::key::{Key, Kind};
use super::{ANONYMOUS, Account, Scopes, find_by_name};
use crate::app::App;
use crate::http::{Problem, cookie, guard};
use crate::tiers::{Catalogue, Tier};

/// How a caller proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Key,
    AccessToken,
    Cookie,
    /// Not at all: the settings allow it.
    Nothing,
}

/// An account that proved itself, and what its tier allows.
#[derive(Clone)]
pub struct Caller {
    pub account: Account,
    pub catalogue: Arc<Catalogue>,
    pub via: Via,
    pub scopes: Scopes,
    /// What one sign-in made, if that is what was shown.
    pub family: Option<Uuid>,
    /// When an API key ends that was shown; what it makes ends no later.
    pub key_ends_ms: Option<i64>,
}

/// What was shown, and whose it is.
type Shown = (Via, Arc<Identity>);

impl Caller {
    pub fn tier(&self) -> &Tier {
        &self.catalogue.tiers[&self.account.tier]
    }

    /// Some things need somebody who can be told from others.
    pub fn must_be_known(&self) -> Result<(), Problem> {
        if self.via == Via::Nothing {
            let detail = "callers without a key cannot do this";
            return Err(Problem::forbidden("anonymous", detail));
        }
        Ok(())
    }

    async fn identify(app: &App, method: &Method, headers: &HeaderMap) -> Result<Self, Problem> {
        let shown = match bearer(headers)? {
            Some(text) => {
                let found = Self::by_key(app, text, &[Kind::Api, Kind::Access]).await?;
                let unknown = "this key is unknown, expired or revoked";
                Some(found.ok_or_else(|| Problem::unauthorized(unknown))?)
            }
            // A browser keeps its cookie when the session is long over: then nobody is signed in.
            None => match cookie::read(headers, app.config.is_secure()) {
                Some(text) => Self::by_key(app, text, &[Kind::Cookie]).await?,
                None => None,
            },
        };
        let (via, account) = match &shown {
            Some((via, found)) => (*via, found.account.clone()),
            None => (Via::Nothing, Self::without_key(app).await?),
        };
        let found = shown.as_ref().map(|(_, found)| found);
        let scopes = found.map_or(Scopes::ALL, |found| found.scopes);
        let family = found.and_then(|found| found.family_id);
        let key_ends_ms = found.and_then(|found| found.expires_ms).filter(|_| via == Via::Key);
        if via == Via::Cookie {
            guard::must_come_from_here(method, headers)?;
        }
        if account.suspended {
            return Err(Problem::forbidden("suspended", "this account is suspended"));
        }
        let mut catalogue = app.catalogues.current(&app.db).await?;
        if !catalogue.tiers.contains_key(&account.tier) {
            // Made elsewhere, within the second that a catalogue may be old.
            app.catalogues.forget();
            catalogue = app.catalogues.current(&app.db).await?;
        }
        if !catalogue.tiers.contains_key(&account.tier) {
            let missing = anyhow::anyhow!("tier {:?} is not loaded yet", account.tier);
            return Err(Problem::internal(&missing));
        }
        let caller = Self { account, catalogue, via, scopes, family, key_ends_ms };
        match method.is_safe() {
            true if !scopes.read => Err(out_of_scope("read")),
            false if !scopes.write => Err(out_of_scope("write")),
            _ => Ok(caller),
        }
    }

    async fn by_key(app: &App, text: &str, kinds: &[Kind]) -> Result<Option<Shown>, Problem> {
        let Some(key) = Key::parse(text).filter(|key| kinds.contains(&key.kind)) else {
            return Ok(None);
        };
        let Some(found) = app.identities.find(&app.db, &app.clock, &key).await? else {
            return Ok(None);
        };
        let via = match key.kind {
            Kind::Cookie => Via::Cookie,
            Kind::Access => Via::AccessToken,
            Kind::Api | Kind::Refresh | Kind::Setup => Via::Key,
        };
        Ok(Some((via, found)))
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

fn out_of_scope(scope: &str) -> Problem {
    let detail = format!("this key does not have the scope {scope:?}");
    Problem::forbidden("out_of_scope", detail)
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
        Self::identify(app, &parts.method, &parts.headers).await
    }
}

/// A caller who may change what is everybody's.
#[derive(Clone)]
pub struct Admin(pub Caller);

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.must_be_known()?;
        if !caller.account.is_admin {
            return Err(Problem::forbidden("not_admin", "only admins may do this"));
        }
        if !caller.scopes.admin {
            return Err(out_of_scope("admin"));
        }
        Ok(Self(caller))
    }
}
