//! `/api/v1/accounts`: who may call, and what they may do.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{keep_an_admin, take_turn, unknown};
use crate::accounts::create::{NewAccount, insert, insert_first_key, rename};
use crate::accounts::routes::{UsageView, usage};
use crate::accounts::{ANONYMOUS, Account, Admin, find, password, sql};
use crate::app::App;
use crate::clock::rfc3339;
use crate::counters::{self, CounterScope};
use crate::db::{Conn, Db};
use crate::events::{self, Actor, Event, EventKind};
use crate::http::code::Code;
use crate::http::extract::{Json, PathId, Query};
use crate::http::paging::{PageQuery, next_link, write_cursor};
use crate::http::problem::{Problem, ProblemResponse, TxError};
use crate::ids::AccountId;
use crate::links;
use crate::tiers::Catalogue;
use crate::variants::refine;
use crate::{execute, fetch_all, fetch_optional};

/// An account that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAccount)]
pub struct AccountForm {
    /// 1 to 64 characters that can be seen, or single spaces inside.
    #[schema(min_length = 1, max_length = 64, example = "ada")]
    name: String,
    /// A tier's name or alias.
    #[schema(example = "premium")]
    tier: String,
    /// To sign in with. Without one the answer brings an API key.
    #[schema(format = Password)]
    password: Option<String>,
    #[serde(default)]
    admin: bool,
}

/// What is to be changed of an account.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// Audit lines of before keep the old one.
    #[schema(min_length = 1, max_length = 64)]
    name: Option<String>,
    tier: Option<String>,
    /// Refused everywhere within a second, with its keys, sessions and links.
    suspended: Option<bool>,
    admin: Option<bool>,
    /// Ends what was signed in with the old one.
    #[schema(format = Password)]
    password: Option<String>,
}

impl AccountChange {
    /// Only whether the account is suspended.
    pub fn suspension(suspended: bool) -> Self {
        Self { suspended: Some(suspended), ..Self::default() }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    #[schema(value_type = Uuid)]
    id: AccountId,
    name: String,
    tier: String,
    admin: bool,
    suspended: bool,
    usage: UsageView,
    /// Its first API key: only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AccountLine)]
struct ListedView {
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(flatten)]
    account: AccountView,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Accounts)]
pub struct AccountsView {
    /// Oldest first.
    items: Vec<ListedView>,
    next_cursor: Option<String>,
}

async fn view(conn: &mut Conn, account: Account, key: Option<String>) -> sqlx::Result<AccountView> {
    let usage = usage(conn, account.id).await?;
    let Account { id, name, tier, is_admin: admin, suspended } = account;
    Ok(AccountView { id, name, tier, admin, suspended, usage, key })
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    created_ms: i64,
    #[sqlx(flatten)]
    account: Account,
}

/// List accounts
#[utoipa::path(get, path = "/api/v1/accounts", tag = "admin", params(PageQuery),
    responses(
        (status = 200, body = AccountsView, headers(
            ("link" = String, description = "`rel=\"next\"`, unless this is the last page"),
        )),
    ))]
pub async fn list_accounts(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let page = query.page()?;
    // Oldest first: the beginning is before every id, not behind.
    let after = if page.before.is_max() { Uuid::nil() } else { page.before };
    let mut conn = app.db.read().await?;
    let mut rows =
        fetch_all!(&mut conn, AccountRow, sql::SELECT_PAGE, after, page.limit + 1, page.skip)?;
    let has_more = rows.len() as i64 > page.limit;
    rows.truncate(page.limit as usize);
    let next_cursor = rows.last().filter(|_| has_more).map(|row| write_cursor(row.account.id));
    let mut items = Vec::with_capacity(rows.len());
    for AccountRow { created_ms, account } in rows {
        let account = view(&mut conn, account, None).await?;
        items.push(ListedView { created_at: rfc3339(created_ms), account });
    }
    let next = next_link(
        &app.config.base_url(),
        "/api/v1/accounts",
        page.limit,
        next_cursor.as_deref(),
        "",
    );
    Ok((next, Answer(AccountsView { items, next_cursor })))
}

/// Make an account
///
/// A key needs all scopes for it.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "admin", request_body = AccountForm,
    responses(
        (status = 201, body = AccountView),
        (status = 409, response = ProblemResponse),
    ))]
pub async fn create_account(
    State(app): State<App>,
    Admin(caller): Admin,
    Json(form): Json<AccountForm>,
) -> Result<(StatusCode, Answer<AccountView>), Problem> {
    // Whoever makes an account can do with it whatever keys can do.
    caller.must_have_all()?;
    let password_hash = hash_if_strong(form.password, &form.name).await?;
    let AccountForm { name, tier, admin: is_admin, .. } = form;
    let now_ms = app.clock.now_ms();
    let new = NewAccount { name, tier, is_admin, password_hash, now_ms };
    let args = (new, Actor::new(caller.account.id, app.clock.now_ms()));
    let (id, key) = app
        .db
        .write(args, |tx, (new, actor)| {
            Box::pin(async move {
                // The tier is not deleted from under it.
                take_turn(tx).await?;
                let id = insert(tx, new).await.map_err(Problem::from)?;
                let key = if new.password_hash.is_none() {
                    Some(insert_first_key(tx, id, new.now_ms).await.map_err(Problem::from)?)
                } else {
                    None
                };
                let detail = json!({"tier": new.tier, "admin": new.is_admin});
                let event = Event::by(actor, EventKind::AccountCreated).of(id).data(detail);
                events::record(tx, &event).await?;
                Ok::<_, TxError>((id, key))
            })
        })
        .await?;
    let mut conn = app.db.read().await?;
    let account = find(&mut conn, id).await?.ok_or_else(unknown)?;
    let view = view(&mut conn, account, key.map(|key| key.reveal())).await?;
    Ok((StatusCode::CREATED, Answer(view)))
}

/// What is to go along.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// `everything`: the account's images and upload links go as well.
    #[param(inline)]
    with: Option<With>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = DeleteWith)]
pub enum With {
    Everything,
}

/// Delete an account
///
/// While it has images or open upload links that is 409 `account_not_empty`, unless `with=everything` is
/// said. Then it is suspended first, and gone when all of its images are; a call that was broken off goes
/// on in the background, and may be repeated.
#[utoipa::path(delete, path = "/api/v1/accounts/{id}", tag = "admin",
    params(("id" = Uuid, Path), DeleteQuery),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, response = ProblemResponse),
    ))]
pub async fn delete_account(
    State(app): State<App>,
    Admin(caller): Admin,
    id: Result<PathId<AccountId>, Problem>,
    Query(DeleteQuery { with }): Query<DeleteQuery>,
) -> Result<StatusCode, Problem> {
    let PathId(id) = id?;
    let actor = Actor::new(caller.account.id, app.clock.now_ms());
    super::delete_account::delete_account(&app, id, with.is_some(), actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn hash_if_strong(
    password: Option<String>,
    account: &str,
) -> Result<Option<String>, Problem> {
    let Some(password) = password else { return Ok(None) };
    if let Some(weakness) = password::weakness(&password, account) {
        return Err(Problem::new(Code::WeakPassword, weakness));
    }
    Ok(Some(password::hash(password).await?))
}

/// Show an account
#[utoipa::path(get, path = "/api/v1/accounts/{id}", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 200, body = AccountView)))]
pub async fn show_account(
    State(app): State<App>,
    _: Admin,
    id: Result<PathId<AccountId>, Problem>,
) -> Result<Answer<AccountView>, Problem> {
    let PathId(id) = id?;
    let mut conn = app.db.read().await?;
    let account = find(&mut conn, id).await?.ok_or_else(unknown)?;
    Ok(Answer(view(&mut conn, account, None).await?))
}

/// Change an account
///
/// Only what is named. In a higher tier its old images get their new variants in the background. For a
/// password, and to make an admin, a key needs all scopes.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", tag = "admin", params(("id" = Uuid, Path)),
    request_body = AccountChange,
    responses(
        (status = 200, body = AccountView),
        (status = 409, response = ProblemResponse),
    ))]
pub async fn change_account(
    State(app): State<App>,
    Admin(caller): Admin,
    id: Result<PathId<AccountId>, Problem>,
    Json(mut change): Json<AccountChange>,
) -> Result<Answer<AccountView>, Problem> {
    let PathId(id) = id?;
    if change.password.is_some() || change.admin == Some(true) {
        // With a password comes everything its account may do.
        caller.must_have_all()?;
    }
    let account = find(&mut app.db.read().await?, id).await?.ok_or_else(unknown)?;
    let hash = hash_if_strong(change.password.take(), &account.name).await?;
    change_now(&app.db, (id, change, hash, Actor::new(caller.account.id, app.clock.now_ms())))
        .await?;
    let mut conn = app.db.read().await?;
    let account = find(&mut conn, id).await?.ok_or_else(unknown)?;
    Ok(Answer(view(&mut conn, account, None).await?))
}

/// The account, what is said of it, the hash of its new password, who says so.
pub type ChangeArgs = (AccountId, AccountChange, Option<String>, Actor);

/// Changes an account in a transaction of its own; other processes know within a second.
pub async fn change_now(db: &Db, change: ChangeArgs) -> Result<(), Problem> {
    Ok(db.write(change, |tx, change| Box::pin(apply(tx, change))).await?)
}

async fn apply(tx: &mut Conn, (id, change, hash, actor): &ChangeArgs) -> Result<(), TxError> {
    take_turn(tx).await?;
    let account = fetch_optional!(tx, Account, sql::LOCK, *id)?.ok_or_else(unknown)?;
    let tier = match &change.tier {
        None => account.tier.clone(),
        Some(name) => {
            let catalogue = Catalogue::load(tx).await?;
            let tier = catalogue.tier(name).ok_or_else(|| {
                let known = catalogue.tiers.keys().cloned().collect::<Vec<_>>().join(", ");
                let detail = format!("there is no tier {name:?}; there are {known}");
                Problem::new(Code::UnknownTier, detail)
            })?;
            tier.name.clone()
        }
    };
    let is_admin = change.admin.unwrap_or(account.is_admin);
    let suspended = change.suspended.unwrap_or(account.suspended);
    if account.name == ANONYMOUS && (is_admin || hash.is_some()) {
        let detail = "callers without a key can have neither a password nor the rights of an admin";
        return Err(Problem::new(Code::Anonymous, detail)
            .with_status(StatusCode::UNPROCESSABLE_ENTITY)
            .into());
    }
    if account.is_admin && !account.suspended && (!is_admin || suspended) {
        keep_an_admin(tx, *id).await?;
    }
    execute!(tx, sql::UPDATE_ACCOUNT, *id, &tier, is_admin, suspended)?;
    if let Some(name) = change.name.as_ref().filter(|name| **name != account.name) {
        rename(tx, &account, name).await.map_err(Problem::from)?;
    }
    if let Some(hash) = hash {
        execute!(tx, sql::UPDATE_PASSWORD, *id, &**hash)?;
        execute!(tx, sql::REVOKE_OTHER_FAMILIES, *id, Uuid::nil(), actor.now_ms)?;
    }
    links::kill_unentitled(tx, actor.now_ms).await?;
    if tier != account.tier {
        counters::add(tx, CounterScope::Account(*id), counters::CHANGES, 1).await?;
        refine::start(tx, Some(*id), actor.now_ms).await?;
    }
    let renamed = change.name.as_ref().is_some_and(|name| *name != account.name);
    let detail = json!({"tier": tier, "admin": is_admin, "suspended": suspended, "renamed": renamed,
        "password_changed": hash.is_some()});
    Ok(events::record(tx, &Event::by(actor, EventKind::AccountChanged).of(*id).data(detail))
        .await?)
}
