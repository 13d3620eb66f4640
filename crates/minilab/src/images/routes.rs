//! `/api/v1/images`: list, show, delete, and the original.

use anyhow::Context;
use axum::extract::State as AppState;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::filter::FilterQuery;
use super::found::Total;
use super::list::{self, Whose, list};
use super::view::{ImageView, view};
use super::{Image, State, delete, expire, find, retention, searched, sql};
use crate::accounts::{Caller, CallerOrHolder};
use crate::app::App;
use crate::blobs::BlobKey;
use crate::cache;
use crate::counters::{self, CounterScope};
use crate::execute;
use crate::http::CachePolicy;
use crate::http::bytes::{Served, serve};
use crate::http::code::Code;
use crate::http::disposition::{Disposition, safe_name};
use crate::http::extract::{Json, PathId, Query};
use crate::http::merge::Said;
use crate::http::paging::{Page, PageQuery, next_link};
use crate::http::prefer::{PreferHeader, applied, patience};
use crate::http::problem::{Problem, ProblemResponse};
use crate::http::tag::{fingerprint, short_tag};
use crate::ids::{AccountId, ImageId};
use crate::tiers::DeleteAfter;
use crate::variants::{Variant, location, remake};
use crate::waiting::Waiting;

/// Bytes of a picture.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes a body")]
pub struct PictureBytes(Vec<u8>);

/// `?v=` names the content: bytes behind it never change.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VersionQuery {
    pub v: Option<String>,
    /// To be saved as a file. An image that is to go after its first download goes.
    #[serde(default)]
    pub download: bool,
}

impl VersionQuery {
    pub fn disposition(&self) -> Disposition {
        if self.download { Disposition::Attachment } else { Disposition::Inline }
    }

    pub fn policy(&self, hash: &[u8]) -> CachePolicy {
        match &self.v {
            Some(version) if *version == fingerprint(hash) => CachePolicy::Immutable,
            _ => CachePolicy::Revalidate,
        }
    }
}

/// An image that the caller may see: their own, or one that came through the link they hold.
pub async fn find_own(app: &App, caller: &Caller, id: ImageId) -> Result<Image, Problem> {
    let image = find(&mut app.db.read().await?, caller.account.id, id).await?;
    let may_see =
        |image: &Image| caller.link.as_ref().is_none_or(|link| image.scope_id == link.id.into());
    image.filter(may_see).ok_or_else(|| Problem::not_found("image"))
}

/// The image with its variants, as it is now.
pub async fn show(app: &App, caller: &Caller, image: &Image) -> Result<ImageView, Problem> {
    let made = crate::variants::of_blob(&mut app.db.read().await?, image.blob_id).await?;
    Ok(view(caller, image, &made))
}

/// One page of a library.
#[derive(Serialize, ToSchema)]
#[schema(as = Images)]
struct ImagesView {
    items: Vec<ImageView>,
    /// Of the next page; nothing on the last one.
    next_cursor: Option<String>,
    /// Images in all, of those that were asked for.
    total: i64,
    /// There may be more: it was not worth counting on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_is_capped: bool,
}

/// List images
///
/// The caller's own, newest first; by an upload link, those that came through it. With a filter, those
/// that pass: a page may then be short, or empty, and have a next one. A cursor belongs to one order.
#[utoipa::path(
    get, path = "/api/v1/images", tag = "images", params(PageQuery, FilterQuery),
    responses(
        (status = 200, body = ImagesView, headers(
            ("link" = String, description = "`rel=\"next\"`, unless this is the last page"),
        )),
        (status = 410, response = ProblemResponse),
    ),
)]
pub async fn list_images(
    AppState(app): AppState<App>,
    CallerOrHolder(caller): CallerOrHolder,
    filter: FilterQuery,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let filter = filter.filter(&caller)?;
    let page = query.page_of(filter.order.cursor())?;
    let counted =
        counters::of(&mut app.db.read().await?, CounterScope::Account(caller.account.id)).await?;
    let asked = filter.text().to_owned();
    let key = page_key(&caller, cache::List::Images, counted.changes, page, asked.clone());
    let is_costly = (!filter.is_empty() || !page.is_cheap()) && !app.cache.has(&key);
    // Nobody waits for a place with a connection in hand.
    let _place = if is_costly { Some(list::place(&app, &caller).await?) } else { None };
    let load = async {
        let mut conn = app.db.read_within(app.config.images.listing_time()).await?;
        let (listed, total) = list(&mut conn, Whose::of(&caller), &filter, page).await?;
        let total = total.unwrap_or(Total { count: counted.images, is_capped: false });
        let Total { count: total, is_capped: total_is_capped } = total;
        let view_one = |image| view(&caller, image, &listed.variants);
        let items = listed.images.iter().map(view_one).collect();
        let next_cursor = listed.next_cursor.clone();
        let body = ImagesView { items, next_cursor, total, total_is_capped };
        // The cursor stands before the body, for the header.
        let cursor = listed.next_cursor.unwrap_or_default();
        Ok(format!("{cursor}\n{}", serde_json::to_string(&body)?).into())
    };
    let kept = app.cache.get_or_load(key, load).await?;
    let (cursor, body) = split_page(&kept)?;
    let cursor = Some(cursor).filter(|cursor| !cursor.is_empty());
    let next = next_link(&app.config.base_url(), "/api/v1/images", page.limit, cursor, &asked);
    let media_type = [(header::CONTENT_TYPE, "application/json")];
    Ok((next, media_type, body).into_response())
}

/// Where a page of one's own list is kept. `version` is the number of changes of that list so far.
pub fn page_key(
    caller: &Caller,
    list: cache::List,
    version: i64,
    page: Page,
    filter: String,
) -> cache::CacheKey {
    let what = cache::What::Page {
        list,
        tier: caller.account.tier.clone(),
        generation: caller.catalogue.generation,
        version,
        limit: page.limit,
        from: (page.time_before, page.before),
        skip: page.skip,
        filter,
    };
    cache::CacheKey { tenant: caller.tenant(), what }
}

/// A kept page: the next cursor, if there is one, and the JSON.
pub fn split_page(kept: &Bytes) -> anyhow::Result<(&str, Bytes)> {
    let end = kept.iter().position(|byte| *byte == b'\n').context("a page without its cursor")?;
    Ok((std::str::from_utf8(&kept[..end])?, kept.slice(end + 1..)))
}

/// Show an image
///
/// With `Prefer: wait=N` the answer comes when the image is ready, or as it is after N seconds.
#[utoipa::path(
    get, path = "/api/v1/images/{id}", tag = "images", params(ImageId, PreferHeader),
    responses(
        (status = 200, body = ImageView),
        (status = 410, response = ProblemResponse),
    ),
)]
pub async fn show_image(
    AppState(app): AppState<App>,
    CallerOrHolder(caller): CallerOrHolder,
    PathId(id): PathId<ImageId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut waiting = Waiting::new(&app, caller.account.id, patience(&headers, 0));
    let image = loop {
        waiting.subscribe();
        let image = find_own(&app, &caller, id).await?;
        if image.state != State::Processing || !waiting.wait().await {
            break image;
        }
    };
    let shown = axum::Json(show(&app, &caller, &image).await?).into_response();
    Ok(applied(&headers, shown))
}

/// What may be changed of an image.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageChange {
    /// The name it is handed out under; made safe like that of an upload.
    filename: Option<String>,
    /// When it goes by itself: `"download"`, or seconds from now; null keeps it. What the tier said when
    /// it came in still holds.
    #[serde(default)]
    #[schema(value_type = Option<DeleteAfter>)]
    delete_after: Said<DeleteAfter>,
}

/// Change an image
///
/// Its name, and when it goes. Only what is named.
#[utoipa::path(
    patch, path = "/api/v1/images/{id}", tag = "images", params(ImageId),
    request_body = ImageChange,
    responses(
        (status = 200, body = ImageView),
    ),
)]
pub async fn change_image(
    AppState(app): AppState<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
    Json(change): Json<ImageChange>,
) -> Result<axum::Json<ImageView>, Problem> {
    if let Said::Value(after) = change.delete_after {
        retention::change(&app, &caller, id, after).await?;
    }
    if let Some(filename) = &change.filename {
        rename(&app, caller.account.id, id, filename).await?;
    }
    let image = find_own(&app, &caller, id).await?;
    Ok(axum::Json(show(&app, &caller, &image).await?))
}

/// Gives an account's own image another name.
pub async fn rename(
    app: &App,
    account: AccountId,
    id: ImageId,
    filename: &str,
) -> Result<(), Problem> {
    let args = (id, account, safe_name(filename));
    let renamed = app
        .db
        .write(args, |tx, (id, account, filename)| {
            Box::pin(async move {
                counters::add(tx, CounterScope::Account(*account), counters::CHANGES, 1).await?;
                execute!(tx, sql::RENAME, *id, *account, filename, searched::fold(filename))
            })
        })
        .await?;
    let catalogue = app.catalogues.current(&app.db).await?;
    app.recent_variants.forget(&catalogue, account, id).await;
    if renamed == 0 { Err(Problem::not_found("image")) } else { Ok(()) }
}

/// Delete an image
///
/// It is gone at once, with its variants; the bytes go within seconds, unless another image shows
/// the same.
#[utoipa::path(
    delete, path = "/api/v1/images/{id}", tag = "images", params(ImageId),
    responses(
        (status = 204, description = "It is gone."),
    ),
)]
pub async fn delete_image(
    AppState(app): AppState<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
) -> Result<StatusCode, Problem> {
    if delete::delete(&app, caller.account.id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("image"))
    }
}

/// Originals are for the tiers that say so, and as long as they are kept.
pub fn may_have_original(caller: &Caller, image: &Image) -> Result<(), Problem> {
    if !caller.tier().rights.original {
        let detail = format!("the tier {:?} does not include originals", caller.tier().name);
        return Err(Problem::new(Code::OriginalNotInTier, detail));
    }
    if image.blob.discarded { Err(super::discarded()) } else { Ok(()) }
}

/// The copy without the place, where the tier hands out no other and there is a place to take out.
pub async fn without_place(
    app: &App,
    caller: &Caller,
    image: &Image,
) -> Result<Option<Variant>, Problem> {
    if caller.tier().retention.location { Ok(None) } else { location::without(app, image).await }
}

/// Download the original
///
/// The bytes as they came in; where the tier says so, without the place they were taken at. Strong
/// `ETag`, `Range`, `HEAD`.
#[utoipa::path(
    get, path = "/api/v1/images/{id}/original", tag = "images", params(ImageId, VersionQuery),
    responses(
        (status = 200, description = "The bytes.", content((PictureBytes = "image/*"))),
        (status = 206, description = "The range that was asked for.", content((PictureBytes = "image/*"))),
        (status = 304, description = "The caller has these bytes."),
        (status = 410, response = ProblemResponse),
    ),
)]
pub async fn show_original(
    AppState(app): AppState<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
    Query(version): Query<VersionQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let image = find_own(&app, &caller, id).await?;
    may_have_original(&caller, &image)?;
    match serve_original(&app, &caller, &image, &version, &method, &headers).await {
        Err((problem, Some(copy))) if problem.code == Code::VariantLost => {
            // The copy without the place is made anew.
            remake::forget_lost(&app, &image, &copy).await?;
            let again = serve_original(&app, &caller, &image, &version, &method, &headers).await;
            again.map_err(|(problem, _)| problem)
        }
        answer => answer.map_err(|(problem, _)| problem),
    }
}

/// On failure also the copy that was to be served, if it was one.
async fn serve_original(
    app: &App,
    caller: &Caller,
    image: &Image,
    version: &VersionQuery,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, (Problem, Option<Box<Variant>>)> {
    let bare = |problem: Problem| (problem, None::<Box<Variant>>);
    let original = image.blob.original();
    let stripped = without_place(app, caller, image).await.map_err(bare)?;
    let format = image.blob.format().map_err(|cause| bare(cause.into()))?;
    let (key, bytes, hash) = match &stripped {
        Some(copy) => (copy.key(&original), copy.bytes, &copy.hash),
        None => (BlobKey::Original(&original), image.blob.bytes, &image.blob.hash),
    };
    if stripped.is_none() && image.blob.damaged_ms.is_some() {
        remake::require_original(app, image).await.map_err(bare)?;
    }
    let served = Served {
        key,
        bytes: bytes as u64,
        tag: short_tag(hash),
        format,
        disposition: version.disposition(),
        filename: &image.filename,
        policy: version.policy(hash),
        tenant: caller.tenant(),
    };
    match serve(&app.blobs, &app.cache, method, headers, served).await {
        Ok(answer) => {
            Ok(expire::after_download(app, image.delete_after_download(), method, answer))
        }
        Err(problem) => Err((problem, stripped.map(Box::new))),
    }
}
