//! `GET /api/v1/jobs/rates`: what was done, by minute or by hour, with percentiles.

use std::collections::BTreeMap;

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Whose;
use super::sql::{self, first_id};
use crate::accounts::Watcher;
use crate::app::App;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::fetch_all;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::extract::Query;
use crate::ids::AccountId;
use crate::jobs::rollup::{self, Rates, Step, percentile};

/// Jobs of one account that are looked at, at most.
const ASKED_MAX: i64 = 2000;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RatesQuery {
    /// `1h` by minute, `24h` by hour, `30d` by day.
    #[param(value_type = Option<Window>, inline)]
    window: Option<String>,
}

/// How far back is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
pub enum Window {
    #[schema(rename = "1h")]
    Hour,
    #[schema(rename = "24h")]
    Day,
    #[schema(rename = "30d")]
    Month,
}

impl Window {
    fn parse(word: Option<&str>) -> Result<Self, Problem> {
        match word {
            None | Some("1h") => Ok(Self::Hour),
            Some("24h") => Ok(Self::Day),
            Some("30d") => Ok(Self::Month),
            Some(other) => {
                let detail = format!("window: {other:?} is none of 1h, 24h and 30d");
                Err(Problem::new(Code::BadQuery, detail))
            }
        }
    }

    /// How fine it is shown.
    fn step(self) -> Step {
        match self {
            Self::Hour => Step::Minute,
            Self::Day => Step::Hour,
            Self::Month => Step::Day,
        }
    }

    fn ms(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 24 * 3_600_000,
            Self::Month => 30 * 24 * 3_600_000,
        }
    }
}

/// What was done to jobs of one kind in one step, or in all.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Rates)]
pub struct RatesView {
    /// When the step began; nothing for the sum of all.
    #[schema(format = DateTime)]
    pub at: Option<String>,
    #[schema(example = "develop")]
    pub kind: String,
    /// Jobs that came.
    pub enqueued: i64,
    /// Tries that ended, however.
    pub started: i64,
    pub succeeded: i64,
    pub failed: i64,
    /// Tries after which the job is tried again; `lost` ones among them.
    pub retried: i64,
    /// Tries whose worker went away.
    pub lost: i64,
    pub cancelled: i64,
    /// How long jobs had waited before a try.
    pub wait_ms: Option<PercentilesView>,
    /// How long tries took.
    pub work_ms: Option<PercentilesView>,
}

/// Where parts of all lie; each at most a tenth too high.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Percentiles)]
pub struct PercentilesView {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RatesOfWindow)]
pub struct WindowView {
    pub step_secs: i64,
    /// Of the whole window, by kind.
    pub totals: Vec<RatesView>,
    /// Oldest first; steps in which nothing happened are left out.
    pub items: Vec<RatesView>,
    /// Of an account only the newest 2000 jobs were looked at.
    pub is_capped: bool,
}

fn percentiles(buckets: &BTreeMap<u32, i64>) -> Option<PercentilesView> {
    let round = |share| percentile(buckets, share).map(|ms| (ms * 10.0).round() / 10.0);
    let (p50, p95, p99, max) = (round(0.5)?, round(0.95)?, round(0.99)?, round(1.0)?);
    Some(PercentilesView { p50, p95, p99, max })
}

fn view(at_ms: Option<i64>, kind: &str, rates: &Rates) -> RatesView {
    let of = |outcome: &str| rates.outcomes.get(outcome).copied().unwrap_or(0);
    RatesView {
        at: at_ms.map(rfc3339),
        kind: kind.to_owned(),
        enqueued: rates.enqueued,
        started: rates.tries(),
        succeeded: of("succeeded"),
        failed: of("failed"),
        retried: of("retry") + of("lost"),
        lost: of("lost"),
        cancelled: rates.cancelled + of("cancelled"),
        wait_ms: percentiles(&rates.waits),
        work_ms: percentiles(&rates.works),
    }
}

/// Beginning of a step and kind, and what was done.
type Steps = BTreeMap<(i64, String), Rates>;

/// What an account asked for: each job counts once, as it stands.
async fn of_account(
    conn: &mut Conn,
    account: AccountId,
    step_ms: i64,
    since_ms: i64,
) -> sqlx::Result<(Steps, bool)> {
    type Line = (i64, String, String, Option<i64>, Option<i64>, Option<i64>);
    let (since, mut steps) = (first_id(since_ms), Steps::new());
    let lines = fetch_all!(conn, Line, sql::SELECT_ASKED, account, since, ASKED_MAX)?;
    let is_capped = lines.len() as i64 == ASKED_MAX;
    for (asked_ms, kind, state, started_ms, finished_ms, cancelled_ms) in lines {
        let at = |ms: i64| (ms - ms % step_ms, kind.clone());
        steps.entry(at(asked_ms)).or_default().enqueued += 1;
        if let Some(cancelled_ms) = cancelled_ms {
            steps.entry(at(cancelled_ms)).or_default().cancelled += 1;
        } else if let Some(finished_ms) = finished_ms.filter(|_| state != "cancelled") {
            let begun_ms = started_ms.unwrap_or(finished_ms).max(asked_ms);
            let ended_ms = finished_ms.max(begun_ms);
            let rates = steps.entry(at(ended_ms)).or_default();
            rates.note(&state, begun_ms - asked_ms, ended_ms - begun_ms);
        }
    }
    Ok((steps, is_capped))
}

/// Show rates of jobs
///
/// Of the lab for an admin, out of sums that are kept; of what it asked for itself for an account.
#[utoipa::path(get, path = "/api/v1/jobs/rates", tag = "jobs", params(RatesQuery),
    responses((status = 200, body = WindowView)))]
pub async fn show_rates(
    State(app): State<App>,
    Watcher(caller): Watcher,
    Query(query): Query<RatesQuery>,
) -> Result<Answer<WindowView>, Problem> {
    let window = Window::parse(query.window.as_deref())?;
    let (step, since_ms) = (window.step(), app.clock.now_ms() - window.ms());
    let mut conn = app.db.read_within(app.config.images.listing_time()).await?;
    let (steps, is_capped) = match Whose::by(&caller) {
        Whose::All => (rollup::read(&mut conn, step, since_ms).await?, false),
        Whose::Of(account) => of_account(&mut conn, account, step.ms(), since_ms).await?,
    };
    let mut totals = BTreeMap::<&str, Rates>::new();
    for ((_, kind), rates) in &steps {
        totals.entry(kind).or_default().add(rates);
    }
    let totals = totals.iter().map(|(kind, rates)| view(None, kind, rates)).collect();
    let items = steps.iter().map(|((at_ms, kind), rates)| view(Some(*at_ms), kind, rates));
    let (step_secs, items) = (step.ms() / 1000, items.collect());
    Ok(Answer(WindowView { step_secs, totals, items, is_capped }))
}
