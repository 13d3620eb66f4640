//! `/api/v1/jobs/retry`, `/cancel` and what becomes of it.

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Whose;
use super::actions::{self, Action, Selection, Wish};
use super::routes::asked;
use super::sql;
use super::verb::Verb;
use crate::accounts::{Caller, Operator, Watcher};
use crate::app::App;
use crate::clock::rfc3339;
use crate::events::Actor;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::extract::{Json, Path};
use crate::ids::ActionId;
use crate::images::bulk::distinct;
use crate::{execute, fetch_optional};

/// Which jobs: by id, or all that a filter finds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JobsAction)]
pub struct ActionForm {
    /// At most 1000.
    #[schema(min_items = 1, max_items = 1000)]
    ids: Option<Vec<Uuid>>,
    /// As `GET /api/v1/jobs` takes it; empty is all jobs.
    #[schema(max_length = 500, example = "cause:render_timeout since:2h")]
    filter: Option<String>,
    /// Only counts.
    #[serde(default)]
    dry_run: bool,
    /// For the audit log.
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// How many jobs, and the action that is at them.
#[derive(Serialize, ToSchema)]
#[schema(as = JobsActed)]
pub struct ActedView {
    /// Those that it can be done to.
    pub count: i64,
    /// Nothing after a dry run.
    #[schema(value_type = Option<Uuid>)]
    pub action_id: Option<ActionId>,
}

/// How far an action has got.
#[derive(Serialize, ToSchema)]
#[schema(as = Action)]
pub struct ActionView {
    #[schema(value_type = Uuid)]
    pub id: ActionId,
    /// `retry` or `cancel`.
    #[schema(example = "retry")]
    pub verb: String,
    /// Jobs that there were to do it to, and those it was done to so far.
    pub count: i64,
    pub done: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
}

impl From<Action> for ActionView {
    fn from(action: Action) -> Self {
        Self {
            id: action.id,
            verb: action.verb,
            count: action.counted,
            done: action.done,
            created_at: rfc3339(action.created_ms),
            ended_at: action.ended_ms.map(rfc3339),
        }
    }
}

const REASON_CHARACTERS_MAX: usize = 200;

async fn start(
    app: &App,
    caller: &Caller,
    verb: Verb,
    form: ActionForm,
) -> Result<Answer<ActedView>, Problem> {
    let (whose, now_ms) = (Whose::by(caller), app.clock.now_ms());
    if form.reason.as_ref().is_some_and(|text| text.chars().count() > REASON_CHARACTERS_MAX) {
        let detail = format!("reason: has more than {REASON_CHARACTERS_MAX} characters");
        return Err(Problem::new(Code::BadBody, detail));
    }
    let mut conn = app.db.read().await?;
    let (selection, found) = match (form.ids, form.filter) {
        (Some(ids), None) => {
            let ids = distinct(ids)?;
            let found = actions::of_ids(&mut conn, whose, verb, &ids).await?;
            (Selection::Ids(ids), found)
        }
        (None, Some(filter)) => {
            let asked = asked(&mut conn, whose, &filter, now_ms).await?;
            let selection = Selection::Filter(asked.filter.to_string());
            (selection, actions::of_filter(&mut conn, asked, verb).await?)
        }
        _ => {
            let detail = "name either `ids` or a `filter`";
            return Err(Problem::new(Code::BadBody, detail));
        }
    };
    drop(conn);
    if form.dry_run {
        return Ok(Answer(ActedView { count: found.count(), action_id: None }));
    }
    let actor = Actor::new(caller.account.id, now_ms);
    let wish = Wish { whose, actor, verb, selection, reason: form.reason };
    let (count, id) = actions::start(&app.db, wish, found).await?;
    Ok(Answer(ActedView { count, action_id: Some(id) }))
}

/// Try jobs again
///
/// Those that failed or were cancelled. A hundred or more are done in the background, a hundred a second, behind
/// those that somebody waits for. The same request within ten seconds does nothing more and gets the same answer.
#[utoipa::path(post, path = "/api/v1/jobs/retry", tag = "jobs", request_body = ActionForm,
    responses((status = 200, body = ActedView)))]
pub async fn retry_jobs(
    State(app): State<App>,
    Operator(caller): Operator,
    Json(form): Json<ActionForm>,
) -> Result<Answer<ActedView>, Problem> {
    start(&app, &caller, Verb::Retry, form).await
}

/// Cancel jobs
///
/// Those that wait or are at work; the images they were to develop are failed, with the code `cancelled`. What
/// others wait for is done for them. As for the rest, like trying jobs again.
#[utoipa::path(post, path = "/api/v1/jobs/cancel", tag = "jobs", request_body = ActionForm,
    responses((status = 200, body = ActedView)))]
pub async fn cancel_jobs(
    State(app): State<App>,
    Operator(caller): Operator,
    Json(form): Json<ActionForm>,
) -> Result<Answer<ActedView>, Problem> {
    start(&app, &caller, Verb::Cancel, form).await
}

/// An action of the caller's own; for an admin anybody's.
async fn find(app: &App, caller: &Caller, id: &str) -> Result<Action, Problem> {
    let unknown = || Problem::not_found("action");
    let id = Uuid::try_parse(id).map_err(|_| unknown())?;
    let mut conn = app.db.read().await?;
    let action = fetch_optional!(&mut conn, Action, sql::SELECT_ACTION, id)?;
    let is_theirs = |action: &Action| caller.is_admin() || action.account_id == caller.account.id;
    action.filter(is_theirs).ok_or_else(unknown)
}

/// Show an action
#[utoipa::path(get, path = "/api/v1/jobs/actions/{id}", tag = "jobs", params(("id" = Uuid, Path,)),
    responses((status = 200, body = ActionView)))]
pub async fn show_action(
    State(app): State<App>,
    Watcher(caller): Watcher,
    Path(id): Path<String>,
) -> Result<Answer<ActionView>, Problem> {
    Ok(Answer(find(&app, &caller, &id).await?.into()))
}

/// End an action
///
/// What it has done stays done; the rest is left as it is.
#[utoipa::path(delete, path = "/api/v1/jobs/actions/{id}", tag = "jobs", params(("id" = Uuid, Path,)),
    responses((status = 200, body = ActionView)))]
pub async fn end_action(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
) -> Result<Answer<ActionView>, Problem> {
    let action = find(&app, &caller, &id).await?;
    let args = (action.id, app.clock.now_ms());
    app.db
        .write(args, |tx, &(id, now_ms)| {
            Box::pin(async move { execute!(tx, sql::END_ACTION, id, now_ms) })
        })
        .await?;
    Ok(Answer(find(&app, &caller, &id).await?.into()))
}
