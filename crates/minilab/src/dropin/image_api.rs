//! The image service with tiers, tokens and expiring links: `/api/token/`, `/api/image/…`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{obtain_of, store_one};
use crate::accounts::Caller;
use crate::accounts::routes::RefreshForm;
use crate::accounts::scopes::Scope;
use crate::accounts::sign_in::{self, Address, Tokens};
use crate::app::App;
use crate::clock::rfc3339;
use crate::http::extract::JsonOrForm;
use crate::http::paging::Page;
use crate::http::problem::{Problem, ProblemResponse};
use crate::http::tag::fingerprint;
use crate::ids::ImageId;
use crate::images::filter::Filter;
use crate::images::list::{Whose, list, place};
use crate::images::routes::find_own;
use crate::images::{self, Image, State as ImageState};
use crate::links::ORIGINAL;
use crate::sharing::{LinkWish, issue};
use crate::tiers::Preset;
use crate::uploads::StoredImage;
use crate::variants::{Variant, latest, of_blob};

/// The old service had no pages; the newest so many are listed.
const LISTED_MAX: i64 = 1000;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_token_pair))
        .routes(routes!(refresh_token_pair))
        .routes(routes!(list_tiered_images))
        .routes(routes!(create_tiered_image))
        .routes(routes!(create_expiring_image))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = UserPassword)]
struct UserForm {
    username: String,
    #[schema(format = Password)]
    password: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TokenPair)]
struct PairView {
    access: String,
    refresh: String,
}

impl From<Tokens> for PairView {
    fn from(tokens: Tokens) -> Self {
        Self { access: tokens.access.reveal(), refresh: tokens.refresh.reveal() }
    }
}

/// Sign in
#[utoipa::path(post, path = "/api/token/", tag = "image drop-in", security(()),
    request_body = UserForm,
    responses(
        (status = 200, body = PairView),
        (status = 401, response = ProblemResponse),
        (status = 403, response = ProblemResponse),
        (status = 429, response = ProblemResponse),
    ))]
async fn create_token_pair(
    State(app): State<App>,
    Address(address): Address,
    JsonOrForm(form): JsonOrForm<UserForm>,
) -> Result<Json<PairView>, Problem> {
    let account = sign_in::check(&app, address, &form.username, form.password).await?;
    Ok(Json(sign_in::issue_tokens(&app, account.id).await?.into()))
}

/// Renew a token
#[utoipa::path(post, path = "/api/token/refresh/", tag = "image drop-in", security(()),
    request_body = RefreshForm,
    responses(
        (status = 200, body = PairView),
        (status = 401, response = ProblemResponse),
        (status = 403, response = ProblemResponse),
    ))]
async fn refresh_token_pair(
    State(app): State<App>,
    JsonOrForm(form): JsonOrForm<RefreshForm>,
) -> Result<Json<PairView>, Problem> {
    Ok(Json(sign_in::refresh(&app, &form.refresh).await?.into()))
}

#[derive(Serialize, ToSchema)]
#[schema(as = TieredImage)]
struct TieredView {
    name: String,
    #[schema(value_type = Uuid)]
    uuid: ImageId,
    #[schema(format = DateTime)]
    uploaded_at: String,
    can_fetch_expiring_image: bool,
    /// Where the original is; nothing where the tier does not include it.
    og_file: Option<String>,
    thumbnails: Vec<TieredThumbnailView>,
}

/// One of the tier's sizes.
#[derive(Serialize, ToSchema)]
#[schema(as = TieredThumbnail)]
struct TieredThumbnailView {
    height: i64,
    width: i64,
    file: String,
}

/// The sizes of the old service: of a given height, made at upload.
fn sizes(caller: &Caller) -> Vec<&Preset> {
    let eager = caller.catalogue.eager_presets(&caller.account.tier);
    eager.filter(|preset| preset.recipe.width.is_none() && preset.recipe.height.is_some()).collect()
}

fn view(app: &App, caller: &Caller, image: &Image, made: &[Variant]) -> TieredView {
    let place = app.url(&format!("/api/v1/images/{}", image.id));
    let thumbnails = sizes(caller).into_iter().filter_map(|preset| {
        let variant = latest(made, image.blob_id, &preset.name)?;
        let file = format!("{place}/variants/{}?v={}", preset.name, fingerprint(&variant.hash));
        Some(TieredThumbnailView { height: variant.height, width: variant.width, file })
    });
    let is_ready = image.state == ImageState::Ready;
    let version = fingerprint(&image.blob.hash);
    let has_original = caller.tier().rights.original && !image.blob.discarded;
    TieredView {
        name: image.filename.clone(),
        uuid: image.id,
        uploaded_at: rfc3339(image.created_ms),
        can_fetch_expiring_image: caller.tier().rights.links,
        og_file: has_original.then(|| format!("{place}/original?v={version}")),
        thumbnails: thumbnails.filter(|_| is_ready).collect(),
    }
}

/// List images
///
/// The caller's own, newest first.
#[utoipa::path(get, path = "/api/images/", tag = "image drop-in",
    responses((status = 200, body = Vec<TieredView>)))]
async fn list_tiered_images(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Vec<TieredView>>, Problem> {
    let page = Page::first(LISTED_MAX);
    let (whose, all) = (Whose::of(&caller), Filter::default());
    let _place = place(&app, &caller).await?;
    let mut conn = app.db.read_within(app.config.images.listing_time()).await?;
    let (listed, _) = list(&mut conn, whose, &all, page).await?;
    let view_one = |image| view(&app, &caller, image, &listed.variants);
    Ok(Json(listed.images.iter().map(view_one).collect()))
}

/// What the form brings.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct TieredForm {
    /// The file's own when left out.
    name: Option<String>,
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Upload an image
///
/// The answer comes with the tier's sizes.
#[utoipa::path(post, path = "/api/image/upload/", tag = "image drop-in",
    request_body(content = TieredForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = TieredView),
    ))]
async fn create_tiered_image(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Json<TieredView>), Problem> {
    let (stored, title) = store_one(&app, &caller, request).await?;
    let (StoredImage::Created(id) | StoredImage::Duplicate(id)) = stored;
    if let Some(title) = title.filter(|title| !title.trim().is_empty()) {
        images::routes::rename(&app, caller.account.id, id, &title).await?;
    }
    for preset in sizes(&caller) {
        obtain_of(&app, &caller, stored, preset).await?;
    }
    let image = find_own(&app, &caller, id).await?;
    let made = of_blob(&mut app.db.read().await?, image.blob_id).await?;
    Ok((StatusCode::CREATED, Json(view(&app, &caller, &image, &made))))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ExpiringForm)]
struct ExpiringForm {
    #[schema(value_type = Uuid)]
    uuid: ImageId,
    /// Seconds.
    #[schema(minimum = 1)]
    expire_time: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Expiring)]
struct ExpiringView {
    expire_time: i64,
    /// Absolute; it opens the original for everybody who has it.
    url: String,
}

/// Make an expiring link
#[utoipa::path(post, path = "/api/image/expiring/", tag = "image drop-in",
    request_body = ExpiringForm,
    responses(
        (status = 201, body = ExpiringView),
        (status = 404, response = ProblemResponse),
        (status = 409, response = ProblemResponse),
    ))]
async fn create_expiring_image(
    State(app): State<App>,
    caller: Caller,
    JsonOrForm(form): JsonOrForm<ExpiringForm>,
) -> Result<(StatusCode, Json<ExpiringView>), Problem> {
    caller.must_be_known()?;
    caller.must_have(Scope::Read)?;
    let image = find_own(&app, &caller, form.uuid).await?;
    let secs = form.expire_time;
    let wish = LinkWish { variant: ORIGINAL.to_owned(), secs, keep_location: false, handed: false };
    let issued = issue(&app, &caller, &image, wish).await?;
    Ok((StatusCode::CREATED, Json(ExpiringView { expire_time: secs, url: issued.url })))
}
