//! `GET /api/v1/images/{id}/variants/{preset}`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Variant;
use super::on_demand::{obtain, patience};
use crate::accounts::Caller;
use crate::app::App;
use crate::blobs::BlobKey;
use crate::http::Problem;
use crate::http::bytes::{Served, serve};
use crate::http::disposition::{Disposition, stem};
use crate::http::extract::Query;
use crate::images::routes::{ImageId, VersionQuery, find_own};
use crate::tiers::Preset;

/// How a variant is to be handed out.
pub struct Handing<'a> {
    pub preset: &'a str,
    pub version: VersionQuery,
    pub disposition: Disposition,
    /// Between the stem of the image's name and the extension.
    pub suffix: &'a str,
}

pub async fn show_variant(
    State(app): State<App>,
    caller: Caller,
    ImageId(id): ImageId,
    Path((_, preset)): Path<(String, String)>,
    Query(version): Query<VersionQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let handing = Handing {
        suffix: &preset.clone(),
        preset: &preset,
        version,
        disposition: Disposition::Inline,
    };
    hand_out(&app, &caller, id, handing, &method, &headers).await
}

/// Answers with the variant, or with 202 when it is not made in time.
pub async fn hand_out(
    app: &App,
    caller: &Caller,
    id: uuid::Uuid,
    handing: Handing<'_>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let image = find_own(app, caller, id).await?;
    let preset = allowed_preset(caller, handing.preset)?;
    let may_make = method != Method::HEAD && !headers.contains_key(header::RANGE);
    let patience = patience(headers, app.config.variants.wait_secs);
    let Some(variant) = obtain(app, caller, id, preset, patience, may_make).await? else {
        return Ok(not_yet());
    };
    let format = parse_format(&variant)?;
    let filename = format!("{}.{}.{}", stem(&image.filename), handing.suffix, format.extension());
    let original = image.blob.original();
    let served = Served {
        key: BlobKey::Variant {
            original: &original,
            preset: &variant.preset,
            version: variant.version,
            pixels_version: variant.pixels_version,
        },
        bytes: variant.bytes as u64,
        hash: &variant.hash,
        media_type: format.media_type(),
        disposition: handing.disposition,
        filename: &filename,
        policy: handing.version.policy(&variant.hash),
    };
    serve(&app.blobs, method, headers, served).await
}

fn allowed_preset<'a>(caller: &'a Caller, name: &str) -> Result<&'a Preset, Problem> {
    let Some(preset) = caller.catalogue.presets.get(name) else {
        let known = caller.tier().presets.join(", ");
        let mut problem = Problem::not_found("preset");
        problem.detail = format!("there is no preset {name:?}; your tier has {known}");
        return Err(problem);
    };
    if !caller.tier().may_see(name) {
        let detail = format!("the tier {:?} does not include {name:?}", caller.tier().name);
        return Err(Problem::forbidden("preset_not_in_tier", detail));
    }
    Ok(preset)
}

fn parse_format(variant: &Variant) -> anyhow::Result<pixels::Format> {
    variant.format.parse().map_err(|_| anyhow::anyhow!("unknown format {:?}", variant.format))
}

fn not_yet() -> Response {
    let body = Json(json!({ "state": "processing" }));
    (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "1")], body).into_response()
}
