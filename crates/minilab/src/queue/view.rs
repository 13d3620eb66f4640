//! Jobs as answers show them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Whose;
use super::list::Row;
use super::waits::WaitsView;
use crate::clock::rfc3339;
use crate::ids::{AccountId, ImageId};
use crate::jobs::attempts::Attempt;
use crate::jobs::stages::Stage;

/// A job, without arguments, bytes or names: ids and facts only.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    pub id: Uuid,
    #[schema(example = "develop")]
    pub kind: String,
    /// `pending`, `started`, `retry`, `succeeded`, `failed` or `cancelled`.
    #[schema(example = "failed")]
    pub state: String,
    /// Tries, the one under way among them.
    pub attempts: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub started_at: Option<String>,
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
    /// When it is tried next, if it waits for that.
    #[schema(format = DateTime)]
    pub run_at: Option<String>,
    /// A sentence about the last try that failed.
    pub error: Option<String>,
    /// The same as a stable code.
    #[schema(example = "malformed_image")]
    pub cause: Option<String>,
    /// The id of the account it is done for.
    #[schema(value_type = Option<Uuid>)]
    pub account: Option<AccountId>,
    #[schema(value_type = Option<Uuid>)]
    pub image_id: Option<ImageId>,
    /// For admins: the worker that has it, or had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
}

/// A job with everything that is known of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = JobDetail)]
pub struct DetailView {
    #[serde(flatten)]
    pub job: JobView,
    /// Why it waits, while it does.
    pub waits_for: Option<WaitsView>,
    /// One entry for each try that ended, oldest first.
    pub timeline: Vec<AttemptView>,
}

/// One try.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptView {
    pub attempt: i64,
    /// For admins: the worker that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    #[schema(format = DateTime)]
    pub started_at: String,
    #[schema(format = DateTime)]
    pub finished_at: String,
    /// `wait` comes first; for owners all the rest is `work`.
    pub stages: Vec<StageView>,
    /// `succeeded`, `retry`, `failed`, `cancelled`, or `lost` when the worker went away.
    pub outcome: String,
    pub cause: Option<String>,
    /// For admins: the chain of errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// For admins: what the rendering process wrote last before it died.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_words: Option<String>,
}

/// A part of a try.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Stage)]
pub struct StageView {
    #[schema(example = "render")]
    pub name: String,
    pub ms: i64,
}

impl From<Stage> for StageView {
    fn from(Stage { name, ms }: Stage) -> Self {
        Self { name, ms }
    }
}

/// A job as somebody sees it: nothing from before they asked.
pub fn view(row: &Row, whose: Whose) -> JobView {
    let is_theirs = row.attempts > row.tries_before || row.state == "failed";
    let since_asked = |ms: i64| rfc3339(ms.max(row.asked_ms));
    let is_over = row.finished_ms.filter(|_| row.state != "started");
    JobView {
        id: row.id,
        kind: row.kind.clone(),
        state: row.state.clone(),
        attempts: (row.attempts - row.tries_before).max(0),
        created_at: rfc3339(row.asked_ms),
        started_at: row.started_ms.filter(|_| is_theirs).map(since_asked),
        finished_at: row.cancelled_ms.or(is_over).map(since_asked),
        run_at: (row.state == "retry").then(|| rfc3339(row.run_at_ms)),
        error: row.error.clone().filter(|_| is_theirs),
        cause: row.cause.clone().filter(|_| is_theirs),
        account: row.account_id.map(|account| match whose {
            Whose::All => account,
            Whose::Of(own) => own,
        }),
        image_id: row.image_id,
        worker: row.worker.clone().filter(|_| whose == Whose::All),
    }
}

/// Tries as somebody sees them.
pub fn timeline(row: &Row, attempts: Vec<Attempt>, whose: Whose) -> Vec<AttemptView> {
    match whose {
        Whose::All => attempts.into_iter().map(whole).collect(),
        Whose::Of(_) => own(row, attempts),
    }
}

fn whole(attempt: Attempt) -> AttemptView {
    let wait = StageView { name: "wait".to_owned(), ms: attempt.waited_ms };
    let stages = [wait].into_iter().chain(attempt.stages().into_iter().map(StageView::from));
    AttemptView {
        attempt: attempt.number,
        stages: stages.collect(),
        worker: Some(attempt.worker),
        started_at: rfc3339(attempt.claimed_ms),
        finished_at: rfc3339(attempt.ended_ms),
        outcome: attempt.outcome,
        cause: attempt.cause,
        detail: attempt.detail,
        last_words: attempt.words,
    }
}

/// Those that ended after they asked, counted from one. What was left to do is told by the length of
/// nothing but the whole: others may have had a part of it done.
fn own(row: &Row, attempts: Vec<Attempt>) -> Vec<AttemptView> {
    let theirs = attempts.into_iter().filter(|one| one.ended_ms >= row.asked_ms);
    let until = row.cancelled_ms.unwrap_or(i64::MAX);
    let theirs = theirs.filter(|one| one.ended_ms <= until).enumerate();
    theirs
        .map(|(place, one)| {
            let begun_ms = one.claimed_ms.max(row.asked_ms);
            let waited_ms = one.waited_ms.min((begun_ms - row.asked_ms).max(0));
            let stage = |name: &str, ms| StageView { name: name.to_owned(), ms };
            AttemptView {
                attempt: place as i64 + 1,
                worker: None,
                started_at: rfc3339(begun_ms),
                finished_at: rfc3339(one.ended_ms),
                stages: vec![stage("wait", waited_ms), stage("work", one.ended_ms - begun_ms)],
                outcome: one.outcome,
                cause: one.cause,
                detail: None,
                last_words: None,
            }
        })
        .collect()
}
