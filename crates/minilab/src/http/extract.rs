//! Extractors whose refusals are problems, and which let no text in that no field takes.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::Problem;
use super::code::Code;
use super::gather::gather;
use super::texts;
use super::words::plain;
use crate::ids::Id;
use crate::text;

/// A query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Ok(pairs) = axum::extract::Query::<Pairs>::try_from_uri(&parts.uri) {
            check_pairs(&pairs.0)?;
        }
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let query = query.map_err(|rejected| {
            let said = rejected.body_text();
            let said = said.strip_prefix("Failed to deserialize query string: ").unwrap_or(&said);
            Problem::new(Code::BadQuery, at_member(said))
        });
        query.map(|axum::extract::Query(query)| Self(query))
    }
}

/// What stands in an address. What cannot be read there is at no address.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nowhere = || Problem::not_found("address");
        let params = axum::extract::RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| nowhere())?;
        if params.iter().any(|(_, value)| text::flaw(value).is_some()) {
            return Err(nowhere());
        }
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(path)| Self(path)).map_err(|_| nowhere())
    }
}

/// An id in an address, as its parameter `id`. What is no id names nothing: it is not found, like one that
/// is unknown.
pub struct PathId<T>(pub T);

impl<T: Id, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Params {
            id: Uuid,
        }
        let params = axum::extract::Path::<Params>::from_request_parts(parts, state).await;
        params.map(|params| Self(params.0.id.into())).map_err(|_| Problem::not_found(T::NOUN))
    }
}

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
        let (request, body) = read(request).await?;
        let pairs = axum::Form::<Pairs>::from_request(with(&request, body.clone()), state).await;
        if let Ok(pairs) = pairs {
            check_pairs(&pairs.0)?;
        }
        let form = axum::Form::<T>::from_request(with(&request, body), state).await;
        let form = form.map_err(|rejected| {
            Problem::new(Code::BadBody, rejected.body_text()).with_status(rejected.status())
        });
        form.map(|axum::Form(body)| Self(body))
    }
}

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (request, body) = read(request).await?;
        texts::check_json(&body)?;
        let body = axum::Json::<Value>::from_request(with(&request, body), state).await;
        let body = body.map_err(|rejected| {
            let code = match rejected.status() {
                StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::NotJson,
                StatusCode::BAD_REQUEST => Code::BrokenJson,
                _ => Code::BadBody,
            };
            Problem::new(code, rejected.body_text()).with_status(rejected.status())
        });
        body.and_then(|axum::Json(body)| understand(body)).map(Self)
    }
}

/// Every body of ours is an object: a list is not taken for its members in their order.
fn understand<T: DeserializeOwned>(body: Value) -> Result<T, Problem> {
    if !body.is_object() {
        return Err(Problem::new(Code::BadBody, "the body is not a JSON object"));
    }
    serde_path_to_error::deserialize(body)
        .map_err(|error| Problem::new(Code::BadBody, at_member(&error.to_string())))
}

/// What is wrong, in plain words, behind the member it is wrong with: as `serde_path_to_error` writes it.
fn at_member(error: &str) -> String {
    match error.split_once(": ") {
        // The error names its member itself.
        Some((_, inner))
            if inner.starts_with("unknown field") || inner.starts_with("missing field") =>
        {
            plain(inner)
        }
        Some((path, inner)) if !path.contains(' ') => format!("{path}: {}", plain(inner)),
        _ => plain(error),
    }
}

async fn read(request: Request) -> Result<(Parts, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let body = gather(&parts.headers, body).await?;
    Ok((parts, body))
}

fn with(parts: &Parts, body: impl Into<Body>) -> Request {
    Request::from_parts(parts.clone(), body.into())
}

/// Names and values, as queries and forms have them.
type Pairs = Vec<(String, String)>;

fn check_pairs(pairs: &[(String, String)]) -> Result<(), Problem> {
    for (name, value) in pairs {
        if let Some(flaw) = text::flaw(name).or_else(|| texts::flaw(name, value)) {
            let name = name.chars().take(40).collect::<String>();
            return Err(Problem::new(Code::BadText, format!("{name:?} {flaw}")));
        }
    }
    Ok(())
}
