//! `GET /api/v1/images/{id}/variants/{preset}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as AppState;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::on_demand::obtain;
use super::resolved::ResolvedVariant;
use super::{Variant, remake};
use crate::accounts::{Caller, CallerOrHolder};
use crate::app::App;
use crate::cache::Tenant;
use crate::http::bytes::{Served, serve};
use crate::http::code::Code;
use crate::http::disposition::{Disposition, stem};
use crate::http::extract::{Path, PathId, Query};
use crate::http::prefer::{PreferHeader, applied, patience};
use crate::http::problem::{Problem, ProblemResponse};
use crate::http::tag::short_tag;
use crate::ids::{AccountId, ImageId};
use crate::images::routes::{PictureBytes, VersionQuery};
use crate::images::{self, Image, State, expire};
use crate::tiers::Preset;

/// The variant that is to be served, and how.
pub struct VariantRequest<'a> {
    pub preset: &'a str,
    pub version: VersionQuery,
    pub disposition: Disposition,
    /// Between the stem of the image's name and the extension.
    pub suffix: &'a str,
    /// Whose image it is; the caller may see it.
    pub owner: AccountId,
    pub tenant: Tenant,
}

/// Download a variant
///
/// One that is not made yet is waited for: `Prefer: wait=N`, or 10 seconds. It is made once, however
/// many ask. Strong `ETag`, `Range`, `HEAD`.
#[utoipa::path(
    get, path = "/api/v1/images/{id}/variants/{preset}", tag = "images",
    params(
        ImageId,
        ("preset" = String, Path, description = "`GET /api/v1/me` lists them", example = "h200"),
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
        (status = 410, response = ProblemResponse),
    ),
)]
pub async fn show_variant(
    AppState(app): AppState<App>,
    CallerOrHolder(caller): CallerOrHolder,
    PathId(id): PathId<ImageId>,
    Path((_, preset)): Path<(String, String)>,
    Query(version): Query<VersionQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted = VariantRequest {
        suffix: &preset.clone(),
        preset: &preset,
        disposition: version.disposition(),
        version,
        owner: caller.account.id,
        tenant: caller.tenant(),
    };
    serve_variant(&app, &caller, id, wanted, &method, &headers).await
}

/// Answers with the variant, or with 202 when it is not made in time.
pub async fn serve_variant(
    app: &App,
    caller: &Caller,
    id: ImageId,
    wanted: VariantRequest<'_>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    // Whoever holds a link sees less than the owner, whose variants these are.
    let known = match wanted.tenant {
        Tenant::UploadLink(_) => None,
        _ => app.recent_variants.find(wanted.owner, id, wanted.preset).await,
    };
    let resolved = match known {
        Some(resolved) => {
            allowed_preset(caller, wanted.preset)?;
            resolved
        }
        // Boxed, so that the future of the cached path stays small.
        None => match Box::pin(resolve(app, caller, id, &wanted, method, headers)).await? {
            Some(resolved) => resolved,
            None => return Ok(applied(headers, not_yet())),
        },
    };
    let answer = match serve_resolved(app, &resolved, &wanted, method, headers).await {
        Err(problem) if problem.code == Code::VariantLost => {
            match Box::pin(serve_remade(app, caller, id, &wanted, &resolved, method, headers))
                .await?
            {
                Some(answer) => answer,
                None => return Ok(applied(headers, not_yet())),
            }
        }
        answer => answer?,
    };
    // Visitors of the gallery and holders of upload links take nothing away.
    let is_download = wanted.disposition == Disposition::Attachment
        && matches!(wanted.tenant, Tenant::Account(_));
    let delete_after_download = resolved.delete_after_download.filter(|_| is_download);
    Ok(applied(headers, expire::after_download(app, delete_after_download, method, answer)))
}

/// Looks the variant up in the database, if need be after having it made.
async fn resolve(
    app: &App,
    caller: &Caller,
    id: ImageId,
    wanted: &VariantRequest<'_>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Arc<ResolvedVariant>>, Problem> {
    let owner = wanted.owner;
    let image = images::find(&mut app.db.read().await?, owner, id).await?;
    let may_see = |image: &Image| match wanted.tenant {
        Tenant::UploadLink(link) => image.scope_id == link.into(),
        _ => true,
    };
    let image = image.filter(may_see).ok_or_else(|| Problem::not_found("image"))?;
    let preset = allowed_preset(caller, wanted.preset)?;
    let may_make = method != Method::HEAD && !headers.contains_key(header::RANGE);
    let patience = patience(headers, app.config.variants.wait_secs);
    let Some(variant) = obtain(app, owner, id, preset, patience, may_make).await? else {
        return Ok(None);
    };
    let format = parse_format(&variant)?;
    let original = image.blob.original();
    let delete_after_download = image.delete_after_download();
    let resolved = Arc::new(ResolvedVariant {
        filename: image.filename,
        original,
        variant,
        format,
        delete_after_download,
    });
    app.recent_variants.keep(owner, id, resolved.clone()).await;
    Ok(Some(resolved))
}

/// What was lost is made anew and served; nothing when that takes longer than the caller waits.
async fn serve_remade(
    app: &App,
    caller: &Caller,
    id: ImageId,
    wanted: &VariantRequest<'_>,
    lost: &ResolvedVariant,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Response>, Problem> {
    let image = images::find(&mut app.db.read().await?, wanted.owner, id).await?;
    let image = image.ok_or_else(|| Problem::not_found("image"))?;
    remake::forget_lost(app, &image, &lost.variant).await?;
    app.recent_variants.forget(&caller.catalogue, wanted.owner, id).await;
    match resolve(app, caller, id, wanted, method, headers).await? {
        Some(resolved) => serve_resolved(app, &resolved, wanted, method, headers).await.map(Some),
        None => Ok(None),
    }
}

async fn serve_resolved(
    app: &App,
    resolved: &ResolvedVariant,
    wanted: &VariantRequest<'_>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let ResolvedVariant { variant, format, .. } = resolved;
    let filename = format!("{}.{}.{}", stem(&resolved.filename), wanted.suffix, format.extension());
    let served = Served {
        key: variant.key(&resolved.original),
        bytes: variant.bytes as u64,
        tag: short_tag(&variant.hash),
        format: *format,
        disposition: wanted.disposition,
        filename: &filename,
        policy: wanted.version.policy(&variant.hash),
        tenant: wanted.tenant,
    };
    serve(&app.blobs, &app.cache, method, headers, served).await
}

/// The preset, if the caller's tier has it.
pub fn allowed_preset<'a>(caller: &'a Caller, name: &str) -> Result<&'a Preset, Problem> {
    if caller.link.is_some() {
        // What is made at upload; and nothing is told of the maker's tier.
        let mut eager = caller.catalogue.eager_presets(&caller.account.tier);
        return eager
            .find(|preset| preset.name == name)
            .ok_or_else(|| Problem::not_found("preset"));
    }
    let Some(preset) = caller.catalogue.presets.get(name) else {
        let known = caller.tier().presets.join(", ");
        let mut problem = Problem::not_found("preset");
        problem.detail = format!("there is no preset {name:?}; your tier has {known}");
        return Err(problem);
    };
    if !caller.tier().may_see(name) {
        let detail = format!("the tier {:?} does not include {name:?}", caller.tier().name);
        return Err(Problem::new(Code::PresetNotInTier, detail));
    }
    Ok(preset)
}

/// The format of stored bytes.
pub fn parse_format(variant: &Variant) -> anyhow::Result<pixels::Format> {
    variant.format.parse().map_err(|_| anyhow::anyhow!("unknown format {:?}", variant.format))
}

/// A variant that is still being made.
#[derive(Serialize, ToSchema)]
#[schema(as = NotYet)]
pub struct NotYetView {
    state: State,
}

fn not_yet() -> Response {
    let body = Json(NotYetView { state: State::Processing });
    (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "1")], body).into_response()
}
