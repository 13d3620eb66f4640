//! What admins changed: written in the transaction of the change.

use axum::Json as Answer;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::sql;
use crate::accounts::{Admin, Caller};
use crate::app::App;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::http::Problem;
use crate::http::extract::Query;
use crate::http::paging::{PageQuery, next_link, write_cursor};
use crate::http::request_id;
use crate::{execute, fetch_all};

/// Who changes something, and when.
#[derive(Clone, Debug)]
pub struct Actor {
    pub account: String,
    pub account_id: Uuid,
    pub request_id: Option<String>,
    pub now_ms: i64,
}

impl Actor {
    /// Whoever has a shell on the machine of the lab; no account of it.
    pub fn shell(now_ms: i64) -> Self {
        Self { account: "(shell)".to_owned(), account_id: Uuid::nil(), request_id: None, now_ms }
    }

    pub fn new(app: &App, caller: &Caller) -> Self {
        Self {
            account: caller.account.name.clone(),
            account_id: caller.account.id,
            request_id: request_id::current(),
            now_ms: app.clock.now_ms(),
        }
    }
}

/// Notes a change. `detail` says what is now, or what it was that is gone; never a secret.
pub async fn note(
    tx: &mut Conn,
    actor: &Actor,
    action: &str,
    subject: &str,
    detail: &Value,
) -> sqlx::Result<()> {
    execute!(
        tx,
        sql::INSERT,
        Uuid::now_v7(),
        actor.now_ms,
        &*actor.account,
        actor.request_id.as_deref(),
        action,
        subject,
        detail.to_string(),
    )
    .map(|_| ())
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditLine)]
pub struct LineView {
    id: Uuid,
    #[schema(format = DateTime)]
    at: String,
    /// The name of the admin.
    account: String,
    request_id: Option<String>,
    #[schema(example = "tier.change")]
    action: String,
    /// What was changed.
    subject: String,
    /// As it is now, or as it was before it was deleted.
    #[schema(value_type = Object)]
    detail: Value,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Audit)]
pub struct LinesView {
    items: Vec<LineView>,
    next_cursor: Option<String>,
}

type Row = (Uuid, i64, String, Option<String>, String, String, String);

/// List what admins changed
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "admin", params(PageQuery),
    responses(
        (status = 200, body = LinesView, headers(
            ("link" = String, description = "`rel=\"next\"`, unless this is the last page"),
        )),
    ))]
pub async fn list_audit(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let page = query.page()?;
    let mut conn = app.db.read().await?;
    let mut rows =
        fetch_all!(&mut conn, Row, sql::SELECT_PAGE, page.before, page.limit + 1, page.skip)?;
    let has_more = rows.len() as i64 > page.limit;
    rows.truncate(page.limit as usize);
    let next_cursor = rows.last().filter(|_| has_more).map(|row| write_cursor(row.0));
    let view = |(id, at_ms, account, request_id, action, subject, detail): Row| LineView {
        id,
        at: rfc3339(at_ms),
        account,
        request_id,
        action,
        subject,
        detail: serde_json::from_str(&detail).unwrap_or_default(),
    };
    let next =
        next_link(&app.config.base_url(), "/api/v1/audit", page.limit, next_cursor.as_deref(), "");
    Ok((next, Answer(LinesView { items: rows.into_iter().map(view).collect(), next_cursor })))
}
