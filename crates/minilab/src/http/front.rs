//! What stands before every handler, in one layer: a layer more is paid for by each request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;

use super::guard::{self, Guard};
use super::{Problem, cache_policy, request_id};

/// Gives the request an id and a span, refuses what must not come in, and dresses the answer.
pub async fn layer(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id::of(&request);
    // The matched route, never the raw path: paths can carry secrets.
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let span = tracing::info_span!("request", id, method = %request.method(), route);
    let answer = async move {
        let mut response = match guard::refusal(&guard, &request) {
            Some(problem) => problem.into_response(),
            None => AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
                Problem::internal(&anyhow::anyhow!("a handler panicked")).into_response()
            }),
        };
        guard::harden(&guard, response.headers_mut());
        cache_policy::apply(&mut response);
        let status = response.status().as_u16();
        let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(status, duration_ms = format_args!("{duration_ms:.1}"), "answered");
        response
    };
    let name = HeaderValue::from_str(&id).expect("a plain word");
    let mut response = request_id::CURRENT.scope(id, answer.instrument(span)).await;
    response.headers_mut().insert(request_id::HEADER, name);
    response
}
