//! `/api/v1/jobs/pauses`: what is not done for now, why, and until when.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{Whose, sql};
use crate::accounts::{Operator, Watcher};
use crate::app::App;
use crate::clock::rfc3339;
use crate::db::Db;
use crate::events::{self, Actor, Event, EventKind};
use crate::execute;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::extract::{Json, Path};
use crate::jobs::pauses::{self, Pause, Subject};

const REASON_CHARACTERS_MAX: usize = 200;

/// Why, and until when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPause)]
pub struct PauseForm {
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
    /// It ends by itself then; left out, somebody has to end it.
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// What is not done for now.
#[derive(Serialize, ToSchema)]
#[schema(as = Pause)]
pub struct PauseView {
    /// `all`, a kind of job, `account:ID` or `worker:NAME`.
    #[schema(example = "develop")]
    pub subject: String,
    pub reason: String,
    #[schema(format = DateTime)]
    pub since: String,
    #[schema(format = DateTime)]
    pub until: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Pauses)]
pub struct PausesView {
    items: Vec<PauseView>,
}

impl From<Pause> for PauseView {
    fn from(pause: Pause) -> Self {
        Self {
            subject: pause.subject,
            reason: pause.reason,
            since: rfc3339(pause.created_ms),
            until: pause.until_ms.map(rfc3339),
        }
    }
}

/// Why a pause cannot be like that, if it cannot.
pub fn flaw(reason: &str, until_ms: Option<i64>, now_ms: i64) -> Option<String> {
    if !(1..=REASON_CHARACTERS_MAX).contains(&reason.trim().chars().count()) {
        return Some(format!("reason: has 1 to {REASON_CHARACTERS_MAX} characters"));
    }
    let is_past = until_ms.is_some_and(|until_ms| until_ms <= now_ms);
    is_past.then(|| "until: is past".to_owned())
}

/// A moment, as RFC 3339 has it.
pub fn moment(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// Keeps work from being begun. A pause of the same takes the place of the one before.
pub async fn pause(
    db: &Db,
    actor: Actor,
    subject: &Subject,
    reason: String,
    until_ms: Option<i64>,
) -> sqlx::Result<()> {
    db.write(
        (actor, subject.to_string(), reason, until_ms),
        |tx, (actor, subject, reason, until)| {
            Box::pin(async move {
                let (account, now_ms) = (actor.account, actor.now_ms);
                execute!(tx, sql::PAUSE, subject, reason, *until, account, now_ms)?;
                let data = json!({"reason": reason, "until": until.map(rfc3339)});
                let event = Event::by(actor, EventKind::JobsPaused).subject(subject).data(data);
                events::record(tx, &event).await
            })
        },
    )
    .await
}

/// Lets work be begun again.
pub async fn resume(db: &Db, actor: Actor, subject: &Subject) -> sqlx::Result<()> {
    db.write((actor, subject.to_string()), |tx, (actor, subject)| {
        Box::pin(async move {
            if execute!(tx, sql::RESUME, subject)? > 0 {
                let event = Event::by(actor, EventKind::JobsResumed).subject(subject);
                events::record(tx, &event).await?;
            }
            Ok(())
        })
    })
    .await
}

/// List pauses
///
/// Those in force. An account sees what holds its own jobs.
#[utoipa::path(get, path = "/api/v1/jobs/pauses", tag = "jobs",
    responses((status = 200, body = PausesView)))]
pub async fn list_pauses(
    State(app): State<App>,
    Watcher(caller): Watcher,
) -> Result<Answer<PausesView>, Problem> {
    let whose = Whose::by(&caller);
    let mut current = pauses::current(&mut app.db.read().await?, app.clock.now_ms()).await?;
    current.retain(|pause| match (whose, pause.subject.parse()) {
        (Whose::All, _) | (_, Ok(Subject::All | Subject::Kind(_))) => true,
        (Whose::Of(own), Ok(Subject::Account(account))) => own == account,
        (Whose::Of(_), _) => false,
    });
    Ok(Answer(PausesView { items: current.into_iter().map(PauseView::from).collect() }))
}

fn subject(text: &str) -> Result<Subject, Problem> {
    text.parse().map_err(|()| Problem::not_found("kind of job, account or worker"))
}

/// Pause jobs
///
/// Of one kind, `all`, of `account:ID`, or by `worker:NAME`, which so ends what it has in hand and takes no
/// more. What is at work goes on to its end. For admins.
#[utoipa::path(put, path = "/api/v1/jobs/pauses/{subject}", tag = "jobs",
    params(("subject" = String, Path, example = "develop")), request_body = PauseForm,
    responses((status = 200, body = PauseView)))]
pub async fn pause_jobs(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(text): Path<String>,
    Json(form): Json<PauseForm>,
) -> Result<Answer<PauseView>, Problem> {
    caller.must_be_admin()?;
    let (subject, now_ms) = (subject(&text)?, app.clock.now_ms());
    let bad = |detail: String| Problem::new(Code::BadBody, detail);
    let until_ms = match form.until.as_deref() {
        None => None,
        Some(text) => {
            let form = || bad("until: is no moment, such as 2026-11-28T12:00:00Z".to_owned());
            Some(moment(text).ok_or_else(form)?)
        }
    };
    if let Some(flaw) = flaw(&form.reason, until_ms, now_ms) {
        return Err(bad(flaw));
    }
    let actor = Actor::new(caller.account.id, now_ms);
    pause(&app.db, actor, &subject, form.reason.clone(), until_ms).await?;
    let (subject, reason) = (subject.to_string(), form.reason);
    Ok(Answer(Pause { subject, reason, until_ms, created_ms: now_ms }.into()))
}

/// Resume jobs
///
/// Nothing happens if they are not paused. For admins.
#[utoipa::path(delete, path = "/api/v1/jobs/pauses/{subject}", tag = "jobs",
    params(("subject" = String, Path, example = "develop")),
    responses((status = 204, description = "They are not paused any more.")))]
pub async fn resume_jobs(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(text): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.must_be_admin()?;
    let subject = subject(&text)?;
    let actor = Actor::new(caller.account.id, app.clock.now_ms());
    resume(&app.db, actor, &subject).await?;
    Ok(StatusCode::NO_CONTENT)
}
