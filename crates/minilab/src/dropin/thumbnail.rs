//! The thumbnail service: `/api/v1/thumbnail` and its pulse.

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;
use crate::http::disposition::Disposition;
use crate::images::list::{Page, list};
use crate::images::routes::{ImageId, VersionQuery, find_own};
use crate::images::{self, Image, State as ImageState};
use crate::uploads::{Stored, receive_all};
use crate::variants::routes::{Handing, hand_out};
use crate::variants::{Variant, latest, of_blob};

const PRESET: &str = "thumb";
/// The old service had no pages; the newest so many are listed.
const LISTED_MAX: i64 = 1000;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/system/pulse", get(show_pulse))
        .route(
            "/api/v1/thumbnail",
            get(list_thumbnails).post(create_thumbnail).layer(DefaultBodyLimit::disable()),
        )
        .route("/api/v1/thumbnail/{id}", get(show_thumbnail).delete(delete_thumbnail))
        .route("/api/v1/thumbnail/{id}/download", get(download_thumbnail))
}

/// `{"id","filename","ready","size":{"original","thumbnail"}}`, sizes in bytes.
fn record(image: &Image, made: &[Variant]) -> Value {
    let is_ready = image.state == ImageState::Ready;
    let thumbnail = latest(made, image.blob_id, PRESET).filter(|_| is_ready);
    let mut size = json!({ "original": image.blob.bytes });
    if let Some(thumbnail) = thumbnail {
        size["thumbnail"] = thumbnail.bytes.into();
    }
    json!({
        "id": image.id,
        "filename": image.filename,
        "ready": thumbnail.is_some(),
        "size": size,
    })
}

async fn record_of(app: &App, image: &Image) -> Result<Value, Problem> {
    let made = of_blob(&mut app.db.read().await?, image.blob_id).await?;
    Ok(record(image, &made))
}

async fn show_pulse() -> Json<Value> {
    Json(json!({ "alive": true }))
}

async fn list_thumbnails(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Vec<Value>>, Problem> {
    let page = Page { limit: LISTED_MAX, before: uuid::Uuid::max(), skip: 0 };
    let listed = list(&mut app.db.read().await?, caller.account.id, page).await?;
    Ok(Json(listed.images.iter().map(|image| record(image, &listed.variants)).collect()))
}

async fn show_thumbnail(
    State(app): State<App>,
    caller: Caller,
    ImageId(id): ImageId,
) -> Result<Json<Value>, Problem> {
    let image = find_own(&app, &caller, id).await?;
    Ok(Json(record_of(&app, &image).await?))
}

async fn create_thumbnail(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let mut items = receive_all(&app, &caller, 1, None, request).await?;
    let (Stored::Created(id) | Stored::Duplicate(id)) = items.swap_remove(0).outcome?;
    let image = find_own(&app, &caller, id).await?;
    // The old service never had it ready so soon, and its clients do not expect it.
    Ok((StatusCode::CREATED, Json(record(&image, &[]))).into_response())
}

async fn delete_thumbnail(
    State(app): State<App>,
    caller: Caller,
    ImageId(id): ImageId,
) -> Result<Json<Value>, Problem> {
    let image = find_own(&app, &caller, id).await?;
    let deleted = record_of(&app, &image).await?;
    if !images::delete::delete(&app, caller.account.id, id).await? {
        return Err(Problem::not_found("image"));
    }
    Ok(Json(deleted))
}

async fn download_thumbnail(
    State(app): State<App>,
    caller: Caller,
    ImageId(id): ImageId,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let handing = Handing {
        preset: PRESET,
        version: VersionQuery::default(),
        disposition: Disposition::Attachment,
        suffix: "thumbnail",
    };
    hand_out(&app, &caller, id, handing, &method, &headers).await
}
