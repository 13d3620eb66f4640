//! Extractors whose refusals are problems.

use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
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

/// What stands in an address. What cannot be read there is at no address.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let path = path.map_err(|_| Problem::not_found("address"));
        path.map(|axum::extract::Path(path)| Self(path))
    }
}

/// JSON is small: it comes within this time or not at all.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A JSON body, or the same as a form of the old kind.
pub struct JsonOrForm<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonOrForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media_type = request.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !media_type.starts_with("application/x-www-form-urlencoded") {
            return Json::from_request(request, state).await.map(|Json(body)| Self(body));
        }
        let form = in_time(axum::Form::<T>::from_request(request, state)).await?;
        let form = form
            .map_err(|rejected| Problem::new(rejected.status(), "bad_body", rejected.body_text()));
        form.map(|axum::Form(body)| Self(body))
    }
}

async fn in_time<T>(body: impl Future<Output = T>) -> Result<T, Problem> {
    tokio::time::timeout(BODY_TIMEOUT, body).await.map_err(|_| {
        let detail = format!("the body did not come within {} s", BODY_TIMEOUT.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", detail)
    })
}

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = in_time(axum::Json::<T>::from_request(request, state)).await?;
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
