//! `POST /api/v1/images`.

use axum::Json;
use axum::extract::{Request, State as AppState};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::batch::{Batch, UploadItem};
use super::idempotency::{self, Once};
use super::store::StoredImage;
use crate::accounts::{Caller, CallerOrHolder, Key};
use crate::app::App;
use crate::http::code::Code;
use crate::http::extract::{Path, Query};
use crate::http::prefer::{PreferHeader, applied, patience};
use crate::http::problem::{self, ItemProblem, Problem, ProblemResponse};
use crate::ids::ImageId;
use crate::images::routes::PictureBytes;
use crate::images::view::ImageView;
use crate::images::{self, State};
use crate::tiers::retention::{self, DeleteAfter};
use crate::variants;
use crate::waiting::Waiting;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// How an upload is to be taken.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// The name of a picture that is the whole body.
    filename: Option<String>,
    /// The images go by themselves: once they were downloaded (`download`), or so many seconds from
    /// now. What the tier or the link says holds as well. What is brought again goes as it is said
    /// now, but no time becomes shorter.
    #[param(pattern = "^(download|[1-9][0-9]{0,7})$")]
    delete_after: Option<String>,
}

impl UploadQuery {
    fn batch(self, app: &App) -> Result<Batch, Problem> {
        let delete_after = self.delete_after.map(|text| {
            DeleteAfter::parse(&text).ok_or_else(|| {
                let detail = format!("delete_after: {text:?} {}", retention::WRONG);
                Problem::new(Code::BadDeleteAfter, detail)
            })
        });
        Ok(Batch {
            files_max: app.config.uploads.files_max,
            name_of_raw: self.filename,
            title_input: None,
            delete_after: delete_after.transpose()?,
        })
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what `once` reads")]
struct KeyHeader {
    /// Makes it safe to try again: for a day the same key with the same files gets the same answer.
    #[param(
        rename = "idempotency-key",
        pattern = "^[!-~]{1,255}$",
        min_length = 1,
        max_length = 255
    )]
    idempotency_key: Option<String>,
}

/// Files of a form, under any names.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Files` reads")]
struct UploadForm {
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1)]
    file: Vec<Vec<u8>>,
}

/// One item for each file, in the order they came.
#[derive(Serialize, ToSchema)]
#[schema(as = Upload)]
struct UploadView {
    items: Vec<UploadItemView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = UploadItem)]
struct UploadItemView {
    index: usize,
    filename: String,
    status: ItemStatus,
    /// Of the image that was made, or that is there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    id: Option<ImageId>,
    /// As it is now; missing when it was deleted in the meantime.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<ImageView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ItemProblem>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = UploadStatus)]
enum ItemStatus {
    Created,
    Duplicate,
    Rejected,
}

/// Upload pictures
///
/// One or many as a form, or one as the whole body. When this is answered, they are safe: the
/// variants follow in the background. A picture that the account has already is a `duplicate`, with
/// the id of the one that is there. One bad file does not spoil the others; when all are refused, the
/// answer is a problem with the same `items`. With `Prefer: wait=N` the answer comes when the variants
/// are made, or after N seconds.
#[utoipa::path(
    post, path = "/api/v1/images", tag = "images", params(UploadQuery, KeyHeader, PreferHeader),
    request_body(content(
        (UploadForm = "multipart/form-data"),
        (PictureBytes = "application/octet-stream"),
    )),
    responses(
        (status = 200, description = "All are there already.", body = UploadView),
        (status = 201, description = "Stored. One file also gets a `Location`.", body = UploadView),
        (status = 409, response = ProblemResponse),
        (status = 410, response = ProblemResponse),
        (status = 507, response = ProblemResponse),
    ),
)]
pub async fn create_images(
    AppState(app): AppState<App>,
    CallerOrHolder(caller): CallerOrHolder,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Response, Problem> {
    create(&app, &caller, query, request).await
}

/// Bring pictures by an upload link
///
/// The same as `POST /api/v1/images`, with the link's token in the address instead of the header. A
/// duplicate is a picture that came through this link before.
#[utoipa::path(
    post, path = "/u/{token}", tag = "upload links", security(()),
    params(("token" = String, Path, description = "Of the upload link"), UploadQuery,
        KeyHeader, PreferHeader),
    request_body(content(
        (UploadForm = "multipart/form-data"),
        (PictureBytes = "application/octet-stream"),
    )),
    responses(
        (status = 200, description = "All are there already.", body = UploadView),
        (status = 201, description = "Stored. One file also gets a `Location`.", body = UploadView),
        (status = 401, response = ProblemResponse),
        (status = 403, response = ProblemResponse),
        (status = 409, response = ProblemResponse),
        (status = 410, response = ProblemResponse),
        (status = 507, response = ProblemResponse),
    ),
)]
pub async fn create_images_by_link(
    AppState(app): AppState<App>,
    token: Result<Path<String>, Problem>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let token = token.ok().and_then(|Path(token)| Key::parse(&token));
    let unknown = || Problem::unauthorized("this upload link is unknown");
    let caller = Caller::by_link(&app, &token.ok_or_else(unknown)?).await?;
    create(&app, &caller, query, request).await
}

async fn create(
    app: &App,
    caller: &Caller,
    query: UploadQuery,
    request: Request,
) -> Result<Response, Problem> {
    let batch = query.batch(app)?;
    let wishes = request.headers().get_all("prefer").iter();
    let asked = wishes.map(|value| (PREFER, value.clone())).collect::<HeaderMap>();
    let once = idempotency::begin(app, caller, request.headers()).await?;
    if let Once::Again(answered) = once {
        let items = batch.compare(app, caller, request).await?.items;
        let (status, body) = answered.replay(&items)?;
        let replayed = HeaderName::from_static("idempotency-replayed");
        let replayed = [(replayed, HeaderValue::from_static("true"))];
        return Ok((replayed, respond(status, body)).into_response());
    }
    let items = batch.store(app, caller, request).await?.items;
    wait_until_made(app, caller, &items, &asked).await?;
    let (status, body) = answer(app, caller, &items).await?;
    // Holders of a link may come again and again: only what came in is worth keeping an answer for.
    let is_worth = caller.link.is_none() || status == StatusCode::CREATED;
    if let Once::First(ticket) = once
        && is_worth
    {
        ticket.settle(&items, status, &body).await?;
    }
    Ok(applied(&asked, respond(status, body)))
}

/// With `Prefer: wait=N`: until no image of the request is under way, or N seconds.
async fn wait_until_made(
    app: &App,
    caller: &Caller,
    items: &[UploadItem],
    asked: &HeaderMap,
) -> Result<(), Problem> {
    let patience = patience(asked, 0);
    if patience.is_zero() {
        return Ok(());
    }
    let stored = items.iter().filter_map(|item| item.outcome.as_ref().ok());
    let mut left = stored.map(|stored| stored.id()).collect::<Vec<_>>();
    let mut waiting = Waiting::new(app, caller.account.id, patience);
    while let Some(id) = left.last() {
        waiting.subscribe();
        let image = images::find(&mut app.db.read().await?, caller.account.id, *id).await?;
        if image.is_none_or(|image| image.state != State::Processing) {
            left.pop();
        } else if !waiting.wait().await {
            break;
        }
    }
    Ok(())
}

fn respond(status: StatusCode, body: Value) -> Response {
    if !status.is_success() {
        let media_type = [(header::CONTENT_TYPE, problem::MEDIA_TYPE)];
        return (status, media_type, body.to_string()).into_response();
    }
    let location = match body["items"].as_array().map(Vec::as_slice) {
        Some([item]) => item["id"].as_str().map(|id| format!("/api/v1/images/{id}")),
        _ => None,
    };
    (status, location.map(|place| [(header::LOCATION, place)]), Json(body)).into_response()
}

/// 201 when an image was made, 200 when all were there already, else the problem they share.
async fn answer(
    app: &App,
    caller: &Caller,
    items: &[UploadItem],
) -> Result<(StatusCode, Value), Problem> {
    let mut views = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        views.push(view_item(app, caller, index, item).await?);
    }
    let is = |wanted: ItemStatus| views.iter().any(|view| view.status == wanted);
    let status = if is(ItemStatus::Created) {
        StatusCode::CREATED
    } else if is(ItemStatus::Duplicate) {
        StatusCode::OK
    } else {
        let views = serde_json::to_value(views).map_err(anyhow::Error::from)?;
        let problem = common_problem(items).with("items", views);
        if problem.retry_after_secs.is_some() {
            // It passes by itself: nobody keeps this answer for the same key.
            return Err(problem);
        }
        return Ok((problem.status, problem.body()));
    };
    let body = serde_json::to_value(UploadView { items: views }).map_err(anyhow::Error::from)?;
    Ok((status, body))
}

async fn view_item(
    app: &App,
    caller: &Caller,
    index: usize,
    item: &UploadItem,
) -> Result<UploadItemView, Problem> {
    let filename = item.filename.clone();
    let (status, id) = match &item.outcome {
        Ok(StoredImage::Created(id)) => (ItemStatus::Created, *id),
        Ok(StoredImage::Duplicate(id)) => (ItemStatus::Duplicate, *id),
        Err(problem) => {
            let (status, error) = (ItemStatus::Rejected, Some(problem.clone().into()));
            return Ok(UploadItemView { index, filename, status, id: None, image: None, error });
        }
    };
    let mut conn = app.db.read().await?;
    let image = match images::find(&mut conn, caller.account.id, id).await? {
        Some(image) => {
            let made = variants::of_blob(&mut conn, image.blob_id).await?;
            Some(images::view::view(caller, &image, &made))
        }
        None => None,
    };
    Ok(UploadItemView { index, filename, status, id: Some(id), image, error: None })
}

/// The one problem of all files; 422 when they differ.
fn common_problem(items: &[UploadItem]) -> Problem {
    let mut problems = items.iter().filter_map(|item| item.outcome.as_ref().err());
    let first = problems.next().expect("nothing was stored, so something was refused").clone();
    if problems.all(|problem| problem.code == first.code) {
        return first;
    }
    Problem::new(Code::AllRejected, "every file was refused; `items` says why")
}
