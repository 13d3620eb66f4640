//! The API as OpenAPI 3.1: generated from the handlers, served at `/api/openapi.json`, and to be read
//! and tried at `/docs`.

mod examples;
mod rules;

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::app::App;
use crate::http::Problem;
use crate::http::asset::{self, Asset};
use crate::http::extract::Path;
use crate::http::problem::{ProblemResponse, ProblemView};

pub use rules::{complete, known_queries};

const DOCUMENT: &str = "/api/openapi.json";

/// Swagger UI writes styles into its elements and draws with `data:` pictures.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
const DOCUMENT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// What stands before the operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Minilab",
        description = "A photo lab: pictures in, every size out.\n\n\
            Send a key as `Authorization: Bearer KEY`; `minilab account add` makes one. Access tokens of \
            `/api/v1/tokens` go the same way, and browsers sign in with a cookie. Errors are \
            problem+json with a stable `code`, and each answer carries an `X-Request-Id`.",
    ),
    tags(
        (name = "images", description = "Originals and their variants"),
        (name = "account", description = "Who calls, and what they may do"),
        (name = "sharing", description = "Temporary links"),
        (name = "upload links", description = "Links by which others bring pictures"),
        (name = "gallery", description = "The curated collection"),
        (name = "jobs", description = "What is done in the background"),
        (name = "events", description = "What happened"),
        (name = "admin", description = "Accounts, tiers and presets, for admins"),
        (name = "operation", description = "Whether the service is well"),
        (name = "thumbnail drop-in", description = "The routes of an older thumbnail service"),
        (name = "emoji drop-in", description = "The routes of an older emoji service"),
        (name = "image drop-in", description = "The routes of an older image service with tiers"),
    ),
    components(schemas(ProblemView), responses(ProblemResponse)),
    security(("key" = [])),
    modifiers(&KeyScheme),
)]
pub struct Head;

/// How callers prove who they are.
struct KeyScheme;

impl Modify for KeyScheme {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An API key, `mlk_...`, an access token, `mla_...`, or an upload link's, `mlu_...`",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
    }
}

/// The document, and the pages that show it.
pub fn routes(document: &utoipa::openapi::OpenApi) -> Router<App> {
    let text = document.to_pretty_json().expect("a document of plain values");
    let document = Asset {
        bytes: text.into_bytes().into(),
        media_type: "application/json",
        policy: DOCUMENT_POLICY,
    };
    let config = utoipa_swagger_ui::Config::from(DOCUMENT)
        .validator_url("none")
        .persist_authorization(false)
        .display_request_duration(true);
    let config = Arc::new(config);
    let index_config = config.clone();
    Router::new()
        .route(DOCUMENT, get(|headers: HeaderMap| async move { asset::serve(&headers, &document) }))
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route(
            "/docs/",
            get(|headers: HeaderMap| async move { show("index.html", index_config, &headers) }),
        )
        .route(
            "/docs/{file}",
            get(|Path(file): Path<String>, headers: HeaderMap| async move {
                show(&file, config, &headers)
            }),
        )
}

fn show(
    name: &str,
    config: Arc<utoipa_swagger_ui::Config<'static>>,
    request: &HeaderMap,
) -> Result<Response, Problem> {
    let file = utoipa_swagger_ui::serve(name, config)
        .map_err(|cause| Problem::internal(&anyhow::anyhow!("{cause}")))?
        .ok_or_else(|| Problem::not_found("file"))?;
    let media_type = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Ok(asset::serve(request, &Asset { bytes, media_type, policy: DOCS_POLICY }))
}
