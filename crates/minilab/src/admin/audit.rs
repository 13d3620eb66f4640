//! The audit log: the events that an admin, or somebody with a shell, made.

use axum::Json as Answer;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::Admin;
use crate::app::App;
use crate::clock::rfc3339;
use crate::events::sql::SELECT_AUDIT;
use crate::fetch_all;
use crate::http::Problem;
use crate::http::extract::Query;
use crate::http::paging::{PageQuery, next_link, write_cursor};
use crate::ids::AccountId;

#[derive(Serialize, ToSchema)]
#[schema(as = AuditLine)]
pub struct LineView {
    id: Uuid,
    #[schema(format = DateTime)]
    at: String,
    /// The name of the admin; `(shell)` is somebody on the machine of the service.
    account: String,
    request_id: Option<String>,
    #[schema(example = "tier.change")]
    action: String,
    /// What was changed, by the name it has now; `(deleted)` is an account that has none any more.
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

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: Uuid,
    at_ms: i64,
    kind: String,
    request_id: Option<String>,
    data: String,
    actor_id: AccountId,
    actor: Option<String>,
    subject: Option<String>,
}

impl From<AuditRow> for LineView {
    fn from(row: AuditRow) -> Self {
        let nobody = if row.actor_id == AccountId::nil() { "(shell)" } else { DELETED };
        Self {
            id: row.id,
            at: rfc3339(row.at_ms),
            account: row.actor.unwrap_or_else(|| nobody.to_owned()),
            request_id: row.request_id,
            action: row.kind,
            subject: row.subject.unwrap_or_else(|| DELETED.to_owned()),
            detail: serde_json::from_str(&row.data).unwrap_or_default(),
        }
    }
}

/// In place of the name of an account that is gone.
const DELETED: &str = "(deleted)";

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
        fetch_all!(&mut conn, AuditRow, SELECT_AUDIT, page.before, page.limit + 1, page.skip)?;
    let has_more = rows.len() as i64 > page.limit;
    rows.truncate(page.limit as usize);
    let next_cursor = rows.last().filter(|_| has_more).map(|row| write_cursor(row.id));
    let next =
        next_link(&app.config.base_url(), "/api/v1/audit", page.limit, next_cursor.as_deref(), "");
    Ok((
        next,
        Answer(LinesView { items: rows.into_iter().map(LineView::from).collect(), next_cursor }),
    ))
}
