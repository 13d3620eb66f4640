//! Extractors whose refusals are problems.

use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::Problem;

/// A query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let query =
            query.map_err(|rejected| Problem::unprocessable("bad_query", rejected.body_text()));
        query.map(|axum::extract::Query(query)| Self(query))
    }
}

/// JSON is small: it comes within this time or not at all.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = axum::Json::<T>::from_request(request, state);
        let body = tokio::time::timeout(BODY_TIMEOUT, body).await.map_err(|_| {
            let secs = BODY_TIMEOUT.as_secs();
            let detail = format!("the body did not come within {secs} s");
            Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", detail)
        })?;
        let body = body.map_err(|rejected| {
            let code = match rejected.status() {
                StatusCode::UNSUPPORTED_MEDIA_TYPE => "not_json",
                StatusCode::PAYLOAD_TOO_LARGE => "too_large",
                StatusCode::BAD_REQUEST => "broken_json",
                _ => "bad_body",
            };
            Problem::new(rejected.status(), code, rejected.body_text())
        });
        body.map(|axum::Json(body)| Self(body))
    }
}
