//! RFC 9457 problem+json: the one shape of every error answer.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::{self, ContentBuilder, RefOr, ResponseBuilder};
use utoipa::{ToResponse, ToSchema};

use super::code::Code;
use super::page::ForPeople;
use super::request_id;
use crate::db;
use crate::limits::Limit;
use crate::shares::Full;

pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error as the caller sees it: a status, a stable code, and a sentence that helps.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: StatusCode,
    pub code: Code,
    pub detail: String,
    /// Members beside the standard ones, such as `limit` or `items`.
    pub extra: Map<String, Value>,
    pub retry_after_secs: Option<u32>,
}

/// Every error: problem+json by RFC 9457. `code` is stable, `detail` is a sentence that helps; some
/// problems say more, such as `limit`, `used` or `items`.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    #[schema(example = "not_found")]
    code: Code,
    detail: String,
    /// The log has more under this id.
    request_id: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    extra: Map<String, Value>,
}

/// The one response that describes all errors.
pub struct ProblemResponse;

impl<'r> ToResponse<'r> for ProblemResponse {
    fn response() -> (&'r str, RefOr<openapi::Response>) {
        let schema = openapi::Ref::from_schema_name("Problem");
        let response = ResponseBuilder::new()
            .description("Refused or failed: `code` and `detail` say why.")
            .content(MEDIA_TYPE, ContentBuilder::new().schema(Some(schema)).build());
        ("Problem", response.build().into())
    }
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status: code.status(), code, detail, extra: Map::new(), retry_after_secs: None }
    }

    /// The same with another status than its code's, where one word fits two situations.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, secs: u32) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }

    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(Code::Unauthorized, detail)
    }

    /// Unknown and foreign things look alike.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }

    /// Turned away at a bound that passes by itself: counted, told in the log once a minute, and worth
    /// another try after `secs`.
    pub fn reached(limit: Limit, code: Code, detail: impl Into<String>, secs: u32) -> Self {
        limit.reached();
        Self::new(code, detail).retry_after(secs)
    }

    /// The same at a bound of shares: 429 where the caller asks too much, 503 where all do.
    pub fn crowded(
        full: Full,
        limit: Limit,
        code: Code,
        detail: impl Into<String>,
        secs: u32,
    ) -> Self {
        let status = match full {
            Full::Each => StatusCode::TOO_MANY_REQUESTS,
            Full::All => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::reached(limit, code, detail, secs).with_status(status)
    }

    /// The cause goes to the log, once, here; the caller learns only where to look. What passes by itself,
    /// such as a full disk or a database that is away, says so.
    pub fn internal(cause: &anyhow::Error) -> Self {
        if db::is_full(cause) {
            tracing::warn!(cause = format!("{cause:#}"), "a request found no room on the disk");
            return disk_full();
        }
        let of_database = cause.chain().find_map(|error| error.downcast_ref::<sqlx::Error>());
        if let Some(problem) = of_database.and_then(Self::of_database) {
            return problem;
        }
        tracing::error!(cause = format!("{cause:#}"), "a request failed");
        let detail = "something went wrong on our side; the log has it under this request id";
        Self::new(Code::InternalError, detail)
    }

    /// What a failure of the database means for the caller, where it is not our mistake.
    fn of_database(error: &sqlx::Error) -> Option<Self> {
        if db::is_away(error) {
            Limit::DatabaseAway.reached_by(error);
            let detail = "the database is away for a moment; come again";
            return Some(Self::new(Code::DatabaseAway, detail).retry_after(2));
        }
        if db::is_too_slow(error) {
            let detail = "this takes too long now; ask for less, or come again";
            return Some(Self::reached(Limit::SlowQueries, Code::TooSlowQuery, detail, 5));
        }
        let detail = "there is a NUL character in a text";
        db::is_bad_text(error).then(|| Self::new(Code::BadText, detail))
    }

    fn view(self) -> ProblemView {
        ProblemView {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail,
            request_id: request_id::current(),
            extra: self.extra,
        }
    }

    /// The body it is answered with.
    pub fn body(self) -> Value {
        serde_json::to_value(self.view()).expect("plain values")
    }
}

/// On an answer that another try may spare the caller.
#[derive(Clone, Copy)]
pub(super) struct Again;

/// Why one file of several was refused.
#[derive(Serialize, ToSchema)]
pub struct ItemProblem {
    code: Code,
    detail: String,
    #[serde(flatten)]
    #[schema(ignore)]
    extra: Map<String, Value>,
}

impl From<Problem> for ItemProblem {
    fn from(problem: Problem) -> Self {
        Self { code: problem.code, detail: problem.detail, extra: problem.extra }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after_secs) = (self.status, self.retry_after_secs);
        let for_people = ForPeople { status, detail: self.detail.clone() };
        let is_away = self.code == Code::DatabaseAway;
        let mut response = (status, axum::Json(self.view())).into_response();
        response.extensions_mut().insert(for_people);
        if is_away {
            response.extensions_mut().insert(Again);
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(secs) = retry_after_secs {
            headers.insert(header::RETRY_AFTER, secs.into());
        }
        response
    }
}

/// What can end a transaction: the caller's fault, or ours.
#[derive(Debug)]
pub enum TxError {
    Refused(Problem),
    Failed(anyhow::Error),
}

impl From<Problem> for TxError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<anyhow::Error> for TxError {
    fn from(cause: anyhow::Error) -> Self {
        Self::Failed(cause)
    }
}

impl From<sqlx::Error> for TxError {
    fn from(cause: sqlx::Error) -> Self {
        Self::Failed(cause.into())
    }
}

impl From<TxError> for Problem {
    fn from(stop: TxError) -> Self {
        match stop {
            TxError::Refused(problem) => problem,
            TxError::Failed(cause) => Self::internal(&cause),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(cause: anyhow::Error) -> Self {
        Self::internal(&cause)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(cause: sqlx::Error) -> Self {
        Self::internal(&cause.into())
    }
}

/// What is answered when the disk is full.
pub fn disk_full() -> Problem {
    let detail = "the disk is full; what is there can be read and deleted, and what is new is taken in \
                  again when there is room";
    Problem::reached(Limit::Disk, Code::DiskFull, detail, 30)
}
