//! `/api/v1/jobs`: lists, single jobs, causes.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::export::{self, Format};
use super::filter::{BadWord, Filter};
use super::list::{Row, find};
use super::sql::{self, Asked};
use super::view::{DetailView, JobView, timeline, view};
use super::{Whose, waits};
use crate::accounts::Watcher;
use crate::app::App;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::fetch_all;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::extract::{Path, Query};
use crate::http::paging::{PageQuery, bad_page, next_link, write_cursor};
use crate::http::prefer::{PreferHeader, applied, patience};
use crate::jobs::attempts;
use crate::jobs::is_live_state;
use crate::waiting::Waiting;

/// Which jobs, and in what form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    /// Words that must all hold, such as `state:failed cause:truncated since:2h attempts:>3 wait:>1s`; keys are
    /// state, kind, cause, account, worker, image, since, attempts and wait.
    #[param(max_length = 500)]
    #[serde(default)]
    filter: String,
    /// `json` is a page; `csv` and `ndjson` are all of them.
    #[param(value_type = Option<Format>, inline)]
    format: Option<String>,
}

/// One page of jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = Jobs)]
pub struct JobsView {
    items: Vec<JobView>,
    /// Of the next page; nothing on the last one.
    next_cursor: Option<String>,
    /// Jobs in all, of those that were asked for.
    total: i64,
    /// There may be more: it was not worth counting on.
    total_is_capped: bool,
}

/// Failed jobs of one cause.
#[derive(Serialize, ToSchema)]
#[schema(as = Cause)]
pub struct CauseView {
    #[schema(example = "malformed_image")]
    pub cause: String,
    #[schema(example = "develop")]
    pub kind: String,
    pub count: i64,
    /// Of all failed jobs that were looked at.
    pub share: f64,
    #[schema(format = DateTime)]
    pub first_at: Option<String>,
    #[schema(format = DateTime)]
    pub last_at: Option<String>,
    /// Shows just these.
    #[schema(example = "state:failed cause:malformed_image kind:develop")]
    pub filter: String,
}

/// Failed jobs by cause, the most frequent first.
#[derive(Serialize, ToSchema)]
#[schema(as = Causes)]
pub struct CausesView {
    pub items: Vec<CauseView>,
    /// There may be more: the newest 10000 failed jobs, or the newest 2000 of an account, were looked at.
    pub is_capped: bool,
}

/// Failed jobs that are looked at for their causes.
const CAUSES_OF_MAX: i64 = 10_000;
/// Jobs of one account that are looked at for theirs.
const ASKED_MAX: i64 = 2000;

/// A filter that is none, as a problem.
pub fn bad_filter(bad: BadWord) -> Problem {
    let detail = format!("filter: {:?}: {}", bad.word, bad.detail);
    Problem::new(Code::BadFilter, detail).with("word", bad.word)
}

/// What a filter in words means for somebody.
pub async fn asked(
    conn: &mut Conn,
    whose: Whose,
    filter: &str,
    now_ms: i64,
) -> Result<Asked, Problem> {
    let filter = filter.parse::<Filter>().map_err(bad_filter)?;
    Asked::new(conn, whose, filter, now_ms).await?.map_err(bad_filter)
}

/// List jobs
///
/// Newest first: an account's own, or all for an admin whose key has the scope `admin`. A page may be short, or
/// empty, and have a next one.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(JobsQuery, PageQuery),
    responses(
        (status = 200, description = "A page, or with `format` a file.", content(
            (JobsView = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
    ))]
pub async fn list_jobs(
    State(app): State<App>,
    Watcher(caller): Watcher,
    Query(query): Query<JobsQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let page = page.page()?;
    if page.skip > 0 {
        return Err(bad_page("page: jobs have no numbered pages; use the cursor".to_owned()));
    }
    let format = Format::parse(query.format.as_deref())?;
    let whose = Whose::by(&caller);
    let mut conn = app.db.read_within(app.config.images.listing_time()).await?;
    let asked = asked(&mut conn, whose, &query.filter, app.clock.now_ms()).await?;
    if let Some(format) = format {
        drop(conn);
        return Ok(export::answer(app.clone(), asked, format));
    }
    let listed = asked.list(&mut conn, page.before, page.limit).await?;
    let (total, total_is_capped) = asked.total(&mut conn).await?;
    let items = listed.rows.iter().map(|row| view(row, whose)).collect();
    let next_cursor = listed.next.map(write_cursor);
    let filter = match query.filter.trim() {
        "" => String::new(),
        filter => format!("&filter={}", utf8_percent_encode(filter, NON_ALPHANUMERIC)),
    };
    let (base, cursor) = (app.config.base_url(), next_cursor.as_deref());
    let next = next_link(&base, "/api/v1/jobs", page.limit, cursor, &filter);
    Ok((next, Answer(JobsView { items, next_cursor, total, total_is_capped })).into_response())
}

/// A job that somebody may see, with all that is known of it.
pub async fn detail(
    conn: &mut Conn,
    whose: Whose,
    row: &Row,
    now_ms: i64,
) -> sqlx::Result<DetailView> {
    let attempts = attempts::of_job(conn, row.job_id).await?;
    let waits_for = waits::of(conn, row, whose, now_ms).await?;
    let timeline = timeline(row, attempts, whose);
    Ok(DetailView { job: view(row, whose), waits_for, timeline })
}

/// Show a job
///
/// With every try it had, and why it waits. With `Prefer: wait=N` the answer comes when it has ended, or as it
/// is after N seconds.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = Uuid, Path,), PreferHeader),
    responses((status = 200, body = DetailView)))]
pub async fn show_job(
    State(app): State<App>,
    Watcher(caller): Watcher,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("job");
    let id = Uuid::try_parse(&id).map_err(|_| unknown())?;
    let whose = Whose::by(&caller);
    let mut waiting = Waiting::new(&app, caller.account.id, patience(&headers, 0));
    loop {
        waiting.subscribe();
        let mut conn = app.db.read().await?;
        let row = find(&mut conn, whose, id).await?.ok_or_else(unknown)?;
        if !is_live_state(&row.state) {
            let shown = detail(&mut conn, whose, &row, app.clock.now_ms()).await?;
            return Ok(applied(&headers, Answer(shown).into_response()));
        }
        drop(conn);
        if !waiting.wait().await {
            let mut conn = app.db.read().await?;
            let row = find(&mut conn, whose, id).await?.ok_or_else(unknown)?;
            let shown = detail(&mut conn, whose, &row, app.clock.now_ms()).await?;
            return Ok(applied(&headers, Answer(shown).into_response()));
        }
    }
}

/// Failed jobs by cause and kind, with a filter for each.
pub async fn causes(conn: &mut Conn, whose: Whose) -> sqlx::Result<CausesView> {
    type Line = (String, String, i64, Option<i64>, Option<i64>);
    let lines = match whose {
        Whose::All => fetch_all!(conn, Line, sql::SELECT_CAUSES, CAUSES_OF_MAX)?,
        Whose::Of(account) => fetch_all!(conn, Line, sql::SELECT_CAUSES_OF, ASKED_MAX, account)?,
    };
    let all = lines.iter().map(|(_, _, count, ..)| count).sum::<i64>();
    let view = |(cause, kind, count, first_ms, last_ms): Line| CauseView {
        filter: format!("state:failed cause:{cause} kind:{kind}"),
        share: count as f64 / all as f64,
        first_at: first_ms.map(rfc3339),
        last_at: last_ms.map(rfc3339),
        cause,
        kind,
        count,
    };
    let items = lines.into_iter().map(view).collect();
    let is_capped = match whose {
        Whose::All => all >= CAUSES_OF_MAX,
        Whose::Of(_) => {
            let asked = Asked { whose, filter: Filter::default(), now_ms: 0, verb: None };
            asked.count(ASKED_MAX).fetch_all::<(i64, i64)>(conn).await?[0].0 >= ASKED_MAX
        }
    };
    Ok(CausesView { items, is_capped })
}

/// List causes of failures
///
/// Of jobs that failed and were not tried again since, with a filter that finds each.
#[utoipa::path(get, path = "/api/v1/jobs/causes", tag = "jobs",
    responses((status = 200, body = CausesView)))]
pub async fn list_causes(
    State(app): State<App>,
    Watcher(caller): Watcher,
) -> Result<Answer<CausesView>, Problem> {
    let mut conn = app.db.read_within(app.config.images.listing_time()).await?;
    Ok(Answer(causes(&mut conn, Whose::by(&caller)).await?))
}
