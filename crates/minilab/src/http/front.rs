//! What stands before every handler, in one layer: a layer more is paid for by each request.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http_body::Body as _;
use tracing::Instrument;

use super::guard::{self, Guard};
use super::problem::Again;
use super::request_id::{CURRENT, Current};
use super::{Problem, cache_policy, compress, page, peer, request_id};
use crate::measures;

/// Who waited so long for the database does not wait for it again.
const PATIENCE: Duration = Duration::from_secs(2);

/// Gives the request an id and a span, refuses what must not come in, and dresses the answer.
pub async fn layer(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id::of(&request);
    // The matched route, never the raw path: paths can carry secrets.
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let route = matched.as_ref().map_or("-", MatchedPath::as_str);
    let span = tracing::info_span!("request", id, method = %method, route);
    let reads_gzip = compress::accepts(request.headers());
    let peer = peer::address(request.extensions(), request.headers(), &guard.proxies);
    let wants_page = page::wants_page(&method, request.uri().path(), request.headers());
    let answer = async {
        let mut response = match guard::refusal(&guard, &request) {
            Some(problem) => problem.into_response(),
            None => answer(request, next, guard.loses_database).await,
        };
        if wants_page {
            response = page::as_page(response, &guard.home);
        }
        guard::harden(&guard, response.headers_mut());
        cache_policy::apply(&mut response);
        let response = compress::apply(&method, route, reads_gzip, response).await;
        let took = started.elapsed();
        measures::answered(route, &method, response.status(), took);
        log(&response, route, peer, took);
        response
    };
    let name = HeaderValue::from_str(&id).expect("a plain word");
    let current = Current { id, account: OnceLock::new() };
    let mut response = CURRENT.scope(current, answer.instrument(span)).await;
    response.headers_mut().insert(request_id::HEADER, name);
    response
}

/// Whether a route is asked by machines all the time, or brings what belongs to a page.
fn is_noise(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz" | "/metrics" | "/api/v1/system/pulse" | "/favicon.ico")
        || route.starts_with("/ui/")
        || route.starts_with("/docs/")
}

/// The access log: one line for each request, with a target of its own.
fn log(response: &Response, route: &str, peer: IpAddr, took: Duration) {
    macro_rules! say {
        ($level:ident) => {
            if tracing::enabled!(target: "minilab::access", tracing::Level::$level) {
                let account = CURRENT.try_with(|current| current.account.get().copied());
                let account = account.ok().flatten().map(tracing::field::display);
                let status = response.status().as_u16();
                let bytes = bytes_of(response);
                let duration_ms = took.as_secs_f64() * 1000.0;
                let duration_ms = format_args!("{duration_ms:.1}");
                tracing::event!(target: "minilab::access", tracing::Level::$level, status, bytes,
                    duration_ms, %peer, account, "answered");
            }
        };
    }
    if is_noise(route) && !response.status().is_server_error() {
        say!(DEBUG);
    } else {
        say!(INFO);
    }
}

/// How long the body says it is; nothing for one that is made while it goes out.
fn bytes_of(response: &Response) -> Option<u64> {
    let said = response.headers().get(header::CONTENT_LENGTH);
    let said = said.and_then(|length| length.to_str().ok()?.parse().ok());
    said.or_else(|| response.body().size_hint().exact())
}

/// Asks the handler. What only looks, and finds its connection to the database dead, is asked once more: the
/// next connection is another one.
async fn answer(request: Request, next: Next, loses_database: bool) -> Response {
    let is_repeatable = loses_database && request.method().is_safe();
    let again = is_repeatable.then(|| (again(&request), next.clone()));
    let started = Instant::now();
    let first = run(request, next).await;
    let is_worth = first.extensions().get::<Again>().is_some() && started.elapsed() < PATIENCE;
    match again {
        Some((request, next)) if is_worth => run(request, next).await,
        _ => first,
    }
}

fn again(request: &Request) -> Request {
    let mut again = Request::new(axum::body::Body::empty());
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    *again.extensions_mut() = request.extensions().clone();
    again
}

async fn run(request: Request, next: Next) -> Response {
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        Problem::internal(&anyhow::anyhow!("a handler panicked")).into_response()
    })
}
