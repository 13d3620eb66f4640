//! `/api/v1/gallery`: for everybody who may call.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::{GalleryPage, GalleryQuery, list};
use super::{GalleryItem, GalleryItemView, find};
use crate::accounts::Caller;
use crate::app::App;
use crate::cache::{CacheKey, List, Tenant, What};
use crate::counters::{self, CounterScope};
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::extract::{Path, PathId, Query};
use crate::http::prefer::PreferHeader;
use crate::ids::ItemId;
use crate::images::routes::{PictureBytes, VersionQuery, split_page};
use crate::variants::routes::{NotYetView, VariantRequest, serve_variant};

#[derive(Serialize, ToSchema)]
#[schema(as = Gallery)]
pub struct GalleryView {
    items: Vec<GalleryItemView>,
    /// Of the next page; nothing on the last one.
    next_cursor: Option<String>,
}

/// List the gallery
///
/// In its own order. Without `locked=true`, only what the caller's tier opens.
#[utoipa::path(get, path = "/api/v1/gallery", tag = "gallery", params(GalleryQuery),
    responses(
        (status = 200, body = GalleryView, headers(
            ("link" = String, description = "`rel=\"next\"`, unless this is the last page"),
        )),
    ))]
pub async fn list_gallery(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<GalleryQuery>,
) -> Result<Response, Problem> {
    let page = query.page()?;
    if page.with_inactive && !caller.is_admin() {
        let detail = "only admins see what is not active";
        return Err(Problem::new(Code::NotAdmin, detail));
    }
    let rank = caller.tier().rank;
    let mut conn = app.db.read().await?;
    let version = counters::read(&mut conn, CounterScope::Gallery, counters::CHANGES).await?;
    let load = async move {
        let (items, next_cursor) = list(&mut conn, rank, page).await?;
        let cursor = next_cursor.clone().unwrap_or_default();
        let items = items.iter().map(|item| item.view(item.rank > rank)).collect();
        let body = serde_json::to_string(&GalleryView { items, next_cursor })?;
        Ok(format!("{cursor}\n{body}").into())
    };
    // What admins look through is not worth keeping.
    let kept = if page.with_inactive {
        let kept: anyhow::Result<bytes::Bytes> = load.await;
        kept?
    } else {
        app.cache.get_or_load(page_key(&caller, List::Gallery, version, page), load).await?
    };
    let (cursor, body) = split_page(&kept)?;
    let next = (!cursor.is_empty()).then(|| {
        let GalleryPage { limit, with_locked, with_inactive, .. } = page;
        let path = format!(
            "/api/v1/gallery?limit={limit}&locked={with_locked}&inactive={with_inactive}\
             &cursor={cursor}"
        );
        [(header::LINK, format!("<{}>; rel=\"next\"", app.url(&path)))]
    });
    Ok((next, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Where a page of the gallery is kept, for all of the caller's rank.
pub fn page_key(caller: &Caller, list: List, version: i64, page: GalleryPage) -> CacheKey {
    let what = What::Page {
        list,
        tier: caller.account.tier.clone(),
        generation: caller.catalogue.generation,
        version,
        limit: page.limit,
        from: (page.behind.0, page.behind.1.uuid()),
        skip: page.skip,
        filter: if page.with_locked { "locked".to_owned() } else { String::new() },
    };
    CacheKey { tenant: Tenant::Gallery(caller.tier().rank), what }
}

fn unknown() -> Problem {
    Problem::not_found("gallery item")
}

/// An item that is there for the caller: one that is not active is for admins only.
pub async fn find_visible(app: &App, caller: &Caller, id: ItemId) -> Result<GalleryItem, Problem> {
    let item = find(&mut app.db.read().await?, id).await?;
    item.filter(|item| item.active || caller.is_admin()).ok_or_else(unknown)
}

/// The same, open to the caller's tier.
pub async fn find_open(app: &App, caller: &Caller, id: ItemId) -> Result<GalleryItem, Problem> {
    let item = find_visible(app, caller, id).await?;
    if item.is_open_to(caller) || caller.is_admin() {
        return Ok(item);
    }
    let detail = format!("this item is for tiers of rank {} and above", item.rank);
    Err(Problem::new(Code::RankTooLow, detail).with("rank", item.rank))
}

/// Show a gallery item
#[utoipa::path(get, path = "/api/v1/gallery/{id}", tag = "gallery", params(("id" = Uuid, Path)),
    responses((status = 200, body = GalleryItemView)))]
pub async fn show_item(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ItemId>,
) -> Result<Answer<GalleryItemView>, Problem> {
    let item = find_visible(&app, &caller, id).await?;
    let is_locked = item.rank > caller.tier().rank && !caller.is_admin();
    Ok(Answer(item.view(is_locked)))
}

/// Download a variant of a gallery item
///
/// As a variant of one's own image, in the presets of one's own tier.
#[utoipa::path(get, path = "/api/v1/gallery/{id}/variants/{preset}", tag = "gallery",
    params(
        ("id" = Uuid, Path),
        ("preset" = String, Path, description = "`GET /api/v1/me` lists them", example = "preview"),
        VersionQuery,
        PreferHeader,
    ),
    responses(
        (status = 200, description = "The bytes.", content((PictureBytes = "image/*"))),
        (status = 202, description = "Not made yet: come again.", body = NotYetView,
            headers(("retry-after" = u32))),
        (status = 206, description = "The range that was asked for.",
            content((PictureBytes = "image/*"))),
        (status = 304, description = "The caller has these bytes."),
    ))]
pub async fn show_item_variant(
    State(app): State<App>,
    caller: Caller,
    path: Result<Path<(ItemId, String)>, Problem>,
    Query(version): Query<VersionQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((id, preset)) = path.map_err(|_| unknown())?;
    let item = find_open(&app, &caller, id).await?;
    let wanted = VariantRequest {
        suffix: &preset.clone(),
        preset: &preset,
        disposition: version.disposition(),
        version,
        owner: item.account_id,
        tenant: Tenant::Gallery(item.rank),
    };
    serve_variant(&app, &caller, item.image_id, wanted, &method, &headers).await
}
