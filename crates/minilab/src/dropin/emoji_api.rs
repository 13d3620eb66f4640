//! The emoji service: `/api/gallery` and `/api/uploads`, with previews in the answers.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{obtain_of, store_one};
use crate::accounts::Caller;
use crate::app::App;
use crate::cache::{self, Tenant};
use crate::counters::{self, CounterScope};
use crate::gallery::list::GalleryPage;
use crate::gallery::{self, GalleryItem};
use crate::http::code::Code;
use crate::http::extract::{PathId, Query};
use crate::http::paging::{Page, page_number};
use crate::http::problem::{Problem, ProblemResponse};
use crate::ids::{ImageId, ItemId};
use crate::images::routes::{find_own, page_key};
use crate::images::{self, Image, list};
use crate::links::ORIGINAL;
use crate::sharing::{HANDED_SECS, LinkWish, issue};
use crate::uploads::StoredImage;
use crate::variants::previews;
use crate::variants::routes::allowed_preset;
use crate::{fetch_all, tiers::Preset};

const PER_PAGE: i64 = 20;
const PREVIEW: &str = "preview";

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_emoji_gallery))
        .routes(routes!(show_emoji_gallery_item))
        .routes(routes!(list_emoji_uploads, create_emoji_upload))
        .routes(routes!(show_emoji_upload, delete_emoji_upload))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageParam {
    /// Counted from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 500, default = 1)]
    page: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EmojiImage)]
struct EmojiView {
    id: Uuid,
    /// The preview, base64; nothing while it is being made.
    #[schema(content_encoding = "base64")]
    data: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EmojiPage)]
struct EmojiPageView {
    images: Vec<EmojiView>,
    page: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EmojiAsset)]
struct AssetView {
    /// Opens for five to ten minutes, for whoever has it. The same again while that holds.
    asset_url: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EmojiDeleted)]
struct EmojiDeletedView {
    success: bool,
    #[schema(value_type = Uuid)]
    id: ImageId,
}

fn page_body<T: Copy + Into<Uuid>>(
    ids: &[T],
    previews: Vec<Option<Bytes>>,
    page: i64,
) -> anyhow::Result<Bytes> {
    let view = |(id, preview): (&T, Option<Bytes>)| EmojiView {
        id: (*id).into(),
        data: preview.map(|bytes| STANDARD.encode(bytes)),
    };
    let images = ids.iter().zip(previews).map(view).collect();
    Ok(serde_json::to_string(&EmojiPageView { images, page })?.into())
}

fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// List the gallery
///
/// What is active and of a rank that the caller has, oldest first.
#[utoipa::path(get, path = "/api/gallery", tag = "emoji drop-in", params(PageParam),
    responses((status = 200, body = EmojiPageView)))]
async fn list_emoji_gallery(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageParam>,
) -> Result<Response, Problem> {
    let page = page_number(query.page.as_deref())?;
    let (rank, skip) = (caller.tier().rank, (page - 1) * PER_PAGE);
    let version =
        counters::read(&mut app.db.read().await?, CounterScope::Gallery, counters::CHANGES).await?;
    let place = GalleryPage {
        limit: PER_PAGE,
        behind: (0, ItemId::nil()),
        skip,
        with_locked: false,
        with_inactive: false,
    };
    let list = cache::List::EmojiGallery;
    let key = gallery::routes::page_key(&caller, list, version, place);
    let load = async {
        let sql = gallery::sql::SELECT_BY_ID;
        let mut conn = app.db.read().await?;
        let items = fetch_all!(&mut conn, GalleryItem, sql, rank, PER_PAGE, skip)?;
        let mut images = Vec::with_capacity(items.len());
        for item in &items {
            images.extend(images::find(&mut conn, item.account_id, item.image_id).await?);
        }
        let mut made = Vec::new();
        for image in &images {
            made.extend(crate::variants::of_blob(&mut conn, image.blob_id).await?);
        }
        drop(conn);
        let previews = previews::of(&app, Tenant::Gallery(rank), &images, &made).await;
        let shown = |image: &Image| items.iter().find(|item| item.image_id == image.id);
        let ids = images.iter().filter_map(|image| Some(shown(image)?.id)).collect::<Vec<_>>();
        page_body(&ids, previews, page)
    };
    Ok(json(app.cache.get_or_load(key, load).await?))
}

/// Where a gallery item's picture is
///
/// The best rendition that the caller's tier allows.
#[utoipa::path(get, path = "/api/gallery/{id}", tag = "emoji drop-in", params(("id" = Uuid, Path)),
    responses((status = 200, body = AssetView),
        (status = 409, response = ProblemResponse), (status = 422, response = ProblemResponse)))]
async fn show_emoji_gallery_item(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ItemId>,
) -> Result<Json<AssetView>, Problem> {
    let unknown = || Problem::not_found("gallery item");
    let item = gallery::routes::find_open(&app, &caller, id).await?;
    let image = images::find(&mut app.db.read().await?, item.account_id, item.image_id).await?;
    asset(&app, &caller, &image.ok_or_else(unknown)?).await
}

async fn asset(app: &App, caller: &Caller, image: &Image) -> Result<Json<AssetView>, Problem> {
    let variant = best(caller, image);
    let wish = LinkWish { variant, secs: HANDED_SECS, keep_location: false, handed: true };
    let issued = issue(app, caller, image, wish).await?;
    Ok(Json(AssetView { asset_url: issued.url }))
}

/// The original, or else the largest picture that is neither cut nor padded. Where the original was
/// not kept, what was made at upload is all there is.
fn best(caller: &Caller, image: &Image) -> String {
    let (tier, is_discarded) = (caller.tier(), image.blob.discarded);
    if tier.rights.original && !is_discarded {
        return ORIGINAL.to_owned();
    }
    let presets = tier.presets.iter().filter_map(|name| caller.catalogue.presets.get(name));
    let whole = presets.filter(|preset| preset.recipe.fit == pixels::Fit::Inside);
    let whole = whole.filter(|preset| preset.eager || !is_discarded);
    let side = |preset: &&Preset| preset.recipe.width.max(preset.recipe.height);
    whole.max_by_key(side).map_or_else(|| PREVIEW.to_owned(), |preset| preset.name.clone())
}

/// List uploads
///
/// The caller's own, oldest first.
#[utoipa::path(get, path = "/api/uploads", tag = "emoji drop-in", params(PageParam),
    responses((status = 200, body = EmojiPageView)))]
async fn list_emoji_uploads(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageParam>,
) -> Result<Response, Problem> {
    let number = page_number(query.page.as_deref())?;
    let account = caller.account.id;
    let skip = (number - 1) * PER_PAGE;
    let page = Page { skip, ..Page::first(PER_PAGE) };
    let of_account = CounterScope::Account(account);
    let version = counters::read(&mut app.db.read().await?, of_account, counters::CHANGES).await?;
    let key = page_key(&caller, cache::List::Uploads, version, page, String::new());
    let load = async {
        let sql = images::sql::SELECT_OLDEST;
        let mut conn = app.db.read().await?;
        let images = fetch_all!(&mut conn, Image, sql, account, PER_PAGE, skip)?;
        let made = list::variants_of(&mut conn, &images).await?;
        drop(conn);
        let previews = previews::of(&app, Tenant::Account(account), &images, &made).await;
        let ids = images.iter().map(|image| image.id).collect::<Vec<_>>();
        page_body(&ids, previews, number)
    };
    Ok(json(app.cache.get_or_load(key, load).await?))
}

/// What the form brings.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct EmojiForm {
    #[schema(value_type = String, format = Binary)]
    data: Vec<u8>,
}

/// Upload a picture
///
/// The answer comes when its preview is ready.
#[utoipa::path(post, path = "/api/uploads", tag = "emoji drop-in",
    request_body(content = EmojiForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, body = EmojiView),
    ))]
async fn create_emoji_upload(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Json<EmojiView>, Problem> {
    let preset = allowed_preset(&caller, PREVIEW)?;
    let stored = store_one(&app, &caller, request).await.map_err(|mut problem| {
        if problem.code == Code::QuotaReached {
            // As the old service answered.
            problem.status = StatusCode::BAD_REQUEST;
        }
        problem
    })?;
    let (StoredImage::Created(id) | StoredImage::Duplicate(id)) = stored.0;
    let preview = obtain_of(&app, &caller, stored.0, preset).await?;
    let Some(preview) = preview else { return Ok(Json(EmojiView { id: id.into(), data: None })) };
    let image = find_own(&app, &caller, id).await?;
    let bytes = previews::of(&app, Tenant::Account(caller.account.id), &[image], &[preview]).await;
    let data = bytes.into_iter().flatten().next().map(|bytes| STANDARD.encode(bytes));
    Ok(Json(EmojiView { id: id.into(), data }))
}

/// Where an upload's picture is
///
/// The best rendition that the caller's tier allows.
#[utoipa::path(get, path = "/api/uploads/{id}", tag = "emoji drop-in", params(ImageId),
    responses((status = 200, body = AssetView),
        (status = 409, response = ProblemResponse), (status = 422, response = ProblemResponse)))]
async fn show_emoji_upload(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
) -> Result<Json<AssetView>, Problem> {
    let image = find_own(&app, &caller, id).await?;
    asset(&app, &caller, &image).await
}

/// Delete an upload
#[utoipa::path(delete, path = "/api/uploads/{id}", tag = "emoji drop-in", params(ImageId),
    responses((status = 200, body = EmojiDeletedView)))]
async fn delete_emoji_upload(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
) -> Result<Json<EmojiDeletedView>, Problem> {
    if !images::delete::delete(&app, caller.account.id, id).await? {
        return Err(Problem::not_found("image"));
    }
    Ok(Json(EmojiDeletedView { success: true, id }))
}
