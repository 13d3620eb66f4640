//! Who calls: taken from the request before anything else touches it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use uuid::Uuid;

use super::identities::Identity;
use super::key::{Key, Kind};
use super::scopes::Scope;
use super::upload_link::{self, UploadLink};
use super::{ANONYMOUS, Account, Scopes, find_by_name};
use crate::app::App;
use crate::cache::Tenant;
use crate::http::code::Code;
use crate::http::{Problem, cookie, guard, request_id};
use crate::ids::ScopeId;
use crate::tiers::{Catalogue, Tier};

/// How a caller proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Key,
    AccessToken,
    Cookie,
    UploadLink,
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
    /// The upload link that was shown instead: the account is its maker's, and little is allowed.
    pub link: Option<Arc<UploadLink>>,
}

/// What was shown, and whose it is.
type ShownCredential = (Via, Arc<Identity>);

impl Caller {
    pub fn tier(&self) -> &Tier {
        &self.catalogue.tiers[&self.account.tier]
    }

    /// Whether they may do what admins may, by their account and by what they showed.
    pub fn is_admin(&self) -> bool {
        self.account.is_admin && self.scopes.admin
    }

    /// A key that does not have the scope does less than its account may.
    pub fn must_have(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.has(scope) { Ok(()) } else { Err(out_of_scope(scope)) }
    }

    /// Whoever has the password can do everything: no lesser key may touch it.
    pub fn must_have_all(&self) -> Result<(), Problem> {
        Scope::ALL.into_iter().try_for_each(|scope| self.must_have(scope))
    }

    /// What is everybody's is for admins.
    pub fn must_be_admin(&self) -> Result<(), Problem> {
        self.must_be_known()?;
        if !self.account.is_admin {
            return Err(Problem::new(Code::NotAdmin, "only admins may do this"));
        }
        self.must_have(Scope::Admin)
    }

    /// Some things need somebody who can be told from others.
    pub fn must_be_known(&self) -> Result<(), Problem> {
        if self.via == Via::Nothing {
            let detail = "callers without a key cannot do this";
            return Err(Problem::new(Code::Anonymous, detail));
        }
        Ok(())
    }

    fn must_hold_no_link(&self) -> Result<(), Problem> {
        if self.link.is_none() {
            return Ok(());
        }
        let detail = "an upload link brings pictures and shows what it brought, nothing else";
        Err(Problem::new(Code::UploadLinkOnly, detail))
    }

    /// Where images come in and are looked for: the account's own, or the link's.
    pub fn scope_id(&self) -> ScopeId {
        self.link.as_ref().map_or(self.account.id.into(), |link| link.id.into())
    }

    /// Whom answers are cached for.
    pub fn tenant(&self) -> Tenant {
        match &self.link {
            Some(link) => Tenant::UploadLink(link.id),
            None => Tenant::Account(self.account.id),
        }
    }

    /// Whoever shows what has the scope that this needs.
    async fn identify(
        app: &App,
        method: &Method,
        headers: &HeaderMap,
        needed: Scope,
    ) -> Result<Self, Problem> {
        let bearer = bearer(headers)?;
        let token = bearer.and_then(Key::parse).filter(|key| key.kind == Kind::Upload);
        if let Some(token) = token {
            return Self::by_link(app, &token).await;
        }
        let shown = match bearer {
            Some(text) => {
                let found = Self::by_key(app, text, &[Kind::Api, Kind::Access]).await?;
                Some(found.ok_or_else(unknown_key)?)
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
            return Err(Problem::new(Code::Suspended, "this account is suspended"));
        }
        request_id::note_account(account.id);
        let catalogue = catalogue_with(app, &account.tier).await?;
        let caller = Self { account, catalogue, via, scopes, family, key_ends_ms, link: None };
        caller.must_have(needed)?;
        Ok(caller)
    }

    /// The holder of an upload link, who acts for its maker.
    pub async fn by_link(app: &App, token: &Key) -> Result<Self, Problem> {
        let found = upload_link::find(&mut app.db.read().await?, token).await?;
        let (link, account) = found.ok_or_else(unknown_key)?;
        if let Some(problem) = link.refusal(app.clock.now_ms()) {
            return Err(problem);
        }
        request_id::note_account(account.id);
        let catalogue = catalogue_with(app, &account.tier).await?;
        if account.suspended || !upload_link::may_have(&catalogue, &account) {
            return Err(upload_link::closed());
        }
        let (via, scopes) = (Via::UploadLink, Scopes { admin: false, ..Scopes::ALL });
        let link = Some(Arc::new(link));
        Ok(Self { account, catalogue, via, scopes, family: None, key_ends_ms: None, link })
    }

    async fn by_key(
        app: &App,
        text: &str,
        kinds: &[Kind],
    ) -> Result<Option<ShownCredential>, Problem> {
        let Some(key) = Key::parse(text).filter(|key| kinds.contains(&key.kind)) else {
            return Ok(None);
        };
        let Some(found) = app.identities.find(&app.db, &app.clock, &key).await? else {
            return Ok(None);
        };
        let via = match key.kind {
            Kind::Cookie => Via::Cookie,
            Kind::Access => Via::AccessToken,
            Kind::Api | Kind::Refresh | Kind::Setup | Kind::Upload => Via::Key,
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

fn unknown_key() -> Problem {
    Problem::unauthorized("this key is unknown, expired or revoked")
}

/// All tiers and presets, this account's among them.
async fn catalogue_with(app: &App, tier: &str) -> Result<Arc<Catalogue>, Problem> {
    let mut catalogue = app.catalogues.current(&app.db).await?;
    if !catalogue.tiers.contains_key(tier) {
        // Made elsewhere, within the second that a catalogue may be old.
        app.catalogues.forget();
        catalogue = app.catalogues.current(&app.db).await?;
    }
    if !catalogue.tiers.contains_key(tier) {
        return Err(Problem::internal(&anyhow::anyhow!("tier {tier:?} is not loaded yet")));
    }
    Ok(catalogue)
}

fn out_of_scope(scope: Scope) -> Problem {
    let detail = format!("this key does not have the scope {:?}", crate::tiers::to_word(scope));
    Problem::new(Code::OutOfScope, detail)
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

/// What calls of a method need, unless they say otherwise.
fn needed(method: &Method) -> Scope {
    if method.is_safe() { Scope::Read } else { Scope::Write }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let needed = needed(&parts.method);
        let caller = Self::identify(app, &parts.method, &parts.headers, needed).await?;
        caller.must_hold_no_link()?;
        Ok(caller)
    }
}

/// A caller who only looks, whatever the method: a list of what to look at is too long for an address.
#[derive(Clone)]
pub struct ReadingCaller(pub Caller);

impl FromRequestParts<App> for ReadingCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::identify(app, &Method::GET, &parts.headers, Scope::Read).await?;
        caller.must_hold_no_link()?;
        Ok(Self(caller))
    }
}

/// A caller, or whoever has one of their upload links.
#[derive(Clone)]
pub struct CallerOrHolder(pub Caller);

impl FromRequestParts<App> for CallerOrHolder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let needed = needed(&parts.method);
        Caller::identify(app, &parts.method, &parts.headers, needed).await.map(Self)
    }
}

/// A caller who may change what is everybody's.
#[derive(Clone)]
pub struct Admin(pub Caller);

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.must_be_admin()?;
        Ok(Self(caller))
    }
}

/// A caller who looks at jobs.
#[derive(Clone)]
pub struct Watcher(pub Caller);

impl FromRequestParts<App> for Watcher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (method, headers) = (&parts.method, &parts.headers);
        let caller = Caller::identify(app, method, headers, Scope::JobsRead).await?;
        caller.must_hold_no_link()?;
        Ok(Self(caller))
    }
}

/// A caller who does something to jobs.
#[derive(Clone)]
pub struct Operator(pub Caller);

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (method, headers) = (&parts.method, &parts.headers);
        let caller = Caller::identify(app, method, headers, Scope::JobsAct).await?;
        caller.must_hold_no_link()?;
        Ok(Self(caller))
    }
}
