//! The thumbnail service: `/api/v1/thumbnail` and its pulse.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store_one;
use crate::accounts::Caller;
use crate::app::App;
use crate::cache::Tenant;
use crate::http::disposition::Disposition;
use crate::http::extract::PathId;
use crate::http::paging::Page;
use crate::http::problem::{Problem, ProblemResponse};
use crate::ids::ImageId;
use crate::images::filter::Filter;
use crate::images::list::{Whose, list, place};
use crate::images::routes::{PictureBytes, VersionQuery, find_own};
use crate::images::{self, Image, State as ImageState};
use crate::uploads::StoredImage;
use crate::variants::routes::{NotYetView, VariantRequest, serve_variant};
use crate::variants::{Variant, latest, of_blob};

const PRESET: &str = "thumb";
/// The old service had no pages; the newest so many are listed.
const LISTED_MAX: i64 = 1000;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_pulse))
        .routes(routes!(list_thumbnails, create_thumbnail))
        .routes(routes!(show_thumbnail, delete_thumbnail))
        .routes(routes!(download_thumbnail))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Pulse)]
struct PulseView {
    alive: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Thumbnail)]
struct ThumbnailView {
    #[schema(value_type = Uuid)]
    id: ImageId,
    filename: String,
    ready: bool,
    size: SizeView,
}

/// Bytes.
#[derive(Serialize, ToSchema)]
#[schema(as = ThumbnailSize)]
struct SizeView {
    original: i64,
    /// Only when it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail: Option<i64>,
}

fn record(image: &Image, made: &[Variant]) -> ThumbnailView {
    let is_ready = image.state == ImageState::Ready;
    let thumbnail = latest(made, image.blob_id, PRESET).filter(|_| is_ready);
    ThumbnailView {
        id: image.id,
        filename: image.filename.clone(),
        ready: thumbnail.is_some(),
        size: SizeView {
            original: image.blob.bytes,
            thumbnail: thumbnail.map(|thumbnail| thumbnail.bytes),
        },
    }
}

async fn record_of(app: &App, image: &Image) -> Result<ThumbnailView, Problem> {
    let made = of_blob(&mut app.db.read().await?, image.blob_id).await?;
    Ok(record(image, &made))
}

/// Whether the service is alive
#[utoipa::path(
    get, path = "/api/v1/system/pulse", tag = "thumbnail drop-in", security(()),
    responses((status = 200, body = PulseView)),
)]
async fn show_pulse() -> Json<PulseView> {
    Json(PulseView { alive: true })
}

/// What the form brings.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `receive_all` reads")]
struct ThumbnailForm {
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
}

/// List thumbnails
#[utoipa::path(
    get, path = "/api/v1/thumbnail", tag = "thumbnail drop-in",
    responses((status = 200, body = Vec<ThumbnailView>)),
)]
async fn list_thumbnails(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Vec<ThumbnailView>>, Problem> {
    let page = Page::first(LISTED_MAX);
    let (whose, all) = (Whose::of(&caller), Filter::default());
    let _place = place(&app, &caller).await?;
    let mut conn = app.db.read_within(app.config.images.listing_time()).await?;
    let (listed, _) = list(&mut conn, whose, &all, page).await?;
    Ok(Json(listed.images.iter().map(|image| record(image, &listed.variants)).collect()))
}

/// Show a thumbnail
#[utoipa::path(
    get, path = "/api/v1/thumbnail/{id}", tag = "thumbnail drop-in", params(ImageId),
    responses(
        (status = 200, body = ThumbnailView),
    ),
)]
async fn show_thumbnail(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
) -> Result<Json<ThumbnailView>, Problem> {
    let image = find_own(&app, &caller, id).await?;
    Ok(Json(record_of(&app, &image).await?))
}

/// Upload a picture
#[utoipa::path(
    post, path = "/api/v1/thumbnail", tag = "thumbnail drop-in",
    request_body(content = ThumbnailForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = ThumbnailView),
    ),
)]
async fn create_thumbnail(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (StoredImage::Created(id) | StoredImage::Duplicate(id)) =
        store_one(&app, &caller, request).await?.0;
    let image = find_own(&app, &caller, id).await?;
    // The old service never had it ready so soon, and its clients do not expect it.
    Ok((StatusCode::CREATED, Json(record(&image, &[]))).into_response())
}

/// Delete a thumbnail and its picture
#[utoipa::path(
    delete, path = "/api/v1/thumbnail/{id}", tag = "thumbnail drop-in", params(ImageId),
    responses(
        (status = 200, description = "What was deleted.", body = ThumbnailView),
    ),
)]
async fn delete_thumbnail(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
) -> Result<Json<ThumbnailView>, Problem> {
    let image = find_own(&app, &caller, id).await?;
    let deleted = record_of(&app, &image).await?;
    if !images::delete::delete(&app, caller.account.id, id).await? {
        return Err(Problem::not_found("image"));
    }
    Ok(Json(deleted))
}

/// Download a thumbnail
#[utoipa::path(
    get, path = "/api/v1/thumbnail/{id}/download", tag = "thumbnail drop-in", params(ImageId),
    responses(
        (status = 200, description = "The JPEG.", content((PictureBytes = "image/jpeg"))),
        (status = 202, description = "Not made yet: come again.", body = NotYetView),
        (status = 206, description = "The range that was asked for.",
            content((PictureBytes = "image/jpeg"))),
        (status = 304, description = "The caller has these bytes."),
        (status = 422, response = ProblemResponse),
    ),
)]
async fn download_thumbnail(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted = VariantRequest {
        preset: PRESET,
        version: VersionQuery::default(),
        disposition: Disposition::Attachment,
        suffix: "thumbnail",
        owner: caller.account.id,
        tenant: Tenant::Account(caller.account.id),
    };
    serve_variant(&app, &caller, id, wanted, &method, &headers).await
}
