//! A request's files, one after the other, whatever form they come in.

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::time::Duration;

use super::between::Between;
use super::receive::{Allowed, receive};
use super::refused::{Refused, Stop};
use super::store::{Stored, store};
use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;
use crate::http::disposition::safe_name;

/// What became of one file of a request.
pub struct Item {
    pub filename: String,
    pub outcome: Result<Stored, Problem>,
}

/// After a refused file so many more of its bytes are read, so that the next file can be reached
/// and the sender hears the answer. A sender with more than that to say is cut off.
const SKIPPED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Takes in every file of the request. One bad file does not spoil the others.
pub async fn receive_all(
    app: &App,
    caller: &Caller,
    files_max: usize,
    name_of_raw: Option<String>,
    request: Request,
) -> Result<Vec<Item>, Problem> {
    if is_multipart(request.headers()) {
        return receive_multipart(app, caller, files_max, request).await;
    }
    let filename = safe_name(&name_of_raw.unwrap_or_default());
    let max = caller.tier().upload_bytes_max;
    let said = said_length(request.headers());
    let mut body = chunks(request.into_body());
    // A length that is said and too large need not be waited for.
    let outcome = match said {
        Some(bytes) if bytes > max => Err(Refused::TooLarge { max }.into()),
        _ => take_one(app, caller, &filename, &mut body).await,
    };
    if outcome.is_err() {
        // The answer goes out at once; a sender who does not listen yet can still finish.
        crate::spawn(async move { skip(&mut body).await });
    }
    Ok(vec![Item { filename, outcome }])
}

fn said_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn receive_multipart(
    app: &App,
    caller: &Caller,
    files_max: usize,
    request: Request,
) -> Result<Vec<Item>, Problem> {
    let broken = |status: StatusCode, text: String| {
        if status.is_server_error() {
            return Problem::internal(&anyhow::anyhow!(text));
        }
        Problem::from(Refused::BrokenBody(text))
    };
    let between = Between::default();
    let request = between.watch(request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| broken(rejection.status(), rejection.body_text()))?;
    let idle = Duration::from_secs(app.config.uploads.idle_secs);
    let mut items = Vec::new();
    loop {
        let field = tokio::time::timeout(idle, form.next_field()).await;
        let field = match field {
            Ok(Ok(Some(field))) => field,
            Ok(Err(error)) if items.is_empty() => {
                return Err(broken(error.status(), error.body_text()));
            }
            Err(_) if items.is_empty() => {
                let secs = idle.as_secs();
                return Err(Refused::TooSlow { secs }.into());
            }
            // The end; or the body broke off, and what was stored before is stored, and said so.
            Ok(Ok(None) | Err(_)) | Err(_) => break,
        };
        if !is_file(&field) {
            continue;
        }
        let name = safe_name(field.file_name().unwrap_or_default());
        between.enter_file();
        if items.len() == files_max {
            items.push(Item {
                filename: name,
                outcome: Err(Refused::TooManyFiles { max: files_max }.into()),
            });
            break;
        }
        let mut body = field.map(|chunk| {
            chunk.map_err(|error| Stop::Refused(Refused::BrokenBody(error.body_text())))
        });
        let outcome = take_one(app, caller, &name, &mut body).await;
        let goes_on = outcome.is_ok() || skip(&mut body).await;
        between.leave_file();
        items.push(Item { filename: name, outcome });
        if !goes_on {
            break;
        }
    }
    if items.is_empty() { Err(Refused::NoFile.into()) } else { Ok(items) }
}

async fn take_one(
    app: &App,
    caller: &Caller,
    filename: &str,
    body: &mut (impl Stream<Item = Result<Bytes, Stop>> + Unpin),
) -> Result<Stored, Problem> {
    let bytes_max = caller.tier().upload_bytes_max;
    let allowed = Allowed {
        bytes_max,
        idle: Duration::from_secs(app.config.uploads.idle_secs),
        limits: pixels::Limits { bytes: bytes_max, ..app.config.pictures },
    };
    let received = receive(&app.spool, body, allowed).await?;
    // In a task of its own: a sender who hangs up now must not leave bytes without a row.
    let (app, account, name) = (app.clone(), caller.account.clone(), filename.to_owned());
    let stored = crate::spawn(async move { store(&app, &account, name, received).await });
    let stored = stored.await.map_err(|died| Problem::internal(&died.into()))?;
    Ok(stored?)
}

/// Reads on to the end of a refused file; false when that is too far.
async fn skip(body: &mut (impl Stream<Item = Result<Bytes, Stop>> + Unpin)) -> bool {
    let mut skipped = 0;
    let deadline = Duration::from_secs(30);
    let read_on = async {
        while let Some(Ok(chunk)) = body.next().await {
            skipped += chunk.len() as u64;
            if skipped > SKIPPED_BYTES_MAX {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(deadline, read_on).await.unwrap_or(false)
}

/// A form's other inputs have neither a file name nor a type of their own.
fn is_file(field: &Field<'_>) -> bool {
    field.file_name().is_some()
        || field.content_type().is_some_and(|media_type| !media_type.starts_with("text/"))
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/form-data"))
}

fn chunks(body: Body) -> impl Stream<Item = Result<Bytes, Stop>> + Unpin {
    body.into_data_stream()
        .map(|chunk| chunk.map_err(|error| Stop::Refused(Refused::BrokenBody(error.to_string()))))
}
