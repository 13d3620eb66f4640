//! `GET /l/{token}`: what a temporary link shows, without asking the database.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::{IntoResponse, Response};

use super::mend;
use crate::app::App;
use crate::cache::Tenant;
use crate::http::CachePolicy;
use crate::http::bytes::{Served, serve};
use crate::http::code::Code;
use crate::http::disposition::Disposition;
use crate::http::extract::Path;
use crate::http::problem::{Problem, ProblemResponse};
use crate::images::expire;
use crate::images::routes::PictureBytes;
use crate::links::Payload;

/// Open a temporary link
///
/// Whoever has the link may. 403 for a link that was not made here, 410 for one that expired or was
/// revoked. Strong `ETag`, `Range`, `HEAD`. Pages of any site may show it.
#[utoipa::path(
    get, path = "/l/{token}", tag = "sharing", security(()),
    params(("token" = String, Path, description = "The end of the URL that was answered")),
    responses(
        (status = 200, description = "The bytes.", content((PictureBytes = "image/*"))),
        (status = 206, description = "The range that was asked for.", content((PictureBytes = "image/*"))),
        (status = 304, description = "The caller has these bytes."),
        (status = 403, response = ProblemResponse),
        (status = 410, response = ProblemResponse),
    ),
)]
pub async fn open_link(
    State(app): State<App>,
    token: Result<Path<String>, Problem>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let mut answer = open(&app, token, &method, &headers).await.into_response();
    // A link is made to be shown elsewhere, whatever the settings say of other pictures.
    let name = HeaderName::from_static("cross-origin-resource-policy");
    answer.headers_mut().insert(name, HeaderValue::from_static("cross-origin"));
    answer
}

async fn open(
    app: &App,
    token: Result<Path<String>, Problem>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let forged = || Problem::new(Code::ForgedLink, "this link was not made here");
    let Path(token) = token.map_err(|_| forged())?;
    let plain = app.seal.open_token(&token).map_err(|_| forged())?;
    let payload = Payload::from_bytes(&plain).ok_or_else(forged)?;
    let left_ms = payload.expires_ms - app.clock.now_ms();
    if left_ms <= 0 {
        return Err(Problem::new(Code::LinkExpired, "this link has expired"));
    }
    if app.denied.contains(payload.link) {
        let detail = "this link was revoked, or what it showed is gone";
        return Err(Problem::new(Code::LinkRevoked, detail));
    }
    let format = payload.format.parse::<pixels::Format>().map_err(|_| forged())?;
    let served = Served {
        key: payload.key(),
        bytes: payload.bytes,
        tag: payload.tag,
        format,
        disposition: Disposition::Inline,
        filename: &payload.filename,
        policy: CachePolicy::PrivateFor { secs: (left_ms / 1000) as u32 },
        tenant: Tenant::Link(payload.link),
    };
    let answer = match serve(&app.blobs, &app.cache, method, headers, served).await {
        Err(problem) if mend::may_help(&problem) => {
            mend::serve(app, &payload, left_ms, method, headers, problem).await?
        }
        answer => answer?,
    };
    Ok(expire::after_download(app, payload.delete_after_download, method, answer))
}
