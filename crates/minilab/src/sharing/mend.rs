//! A link whose bytes are not where it says: what its image has now is shown, made anew if need be.
//!
//! Only then the database is asked.

use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;

use crate::app::App;
use crate::blobs::BlobKey;
use crate::cache::Tenant;
use crate::fetch_optional;
use crate::http::bytes::{Served, serve as serve_bytes};
use crate::http::code::Code;
use crate::http::disposition::Disposition;
use crate::http::tag::short_tag;
use crate::http::{CachePolicy, Problem};
use crate::ids::{AccountId, ImageId};
use crate::images::{self, Image};
use crate::links::{self, ORIGINAL, Payload, Subject};
use crate::variants::on_demand::obtain;
use crate::variants::routes::parse_format;
use crate::variants::{Variant, latest, location, of_blob, remake};

/// Whether the bytes may have been put elsewhere, or may be made anew.
pub(super) fn may_help(problem: &Problem) -> bool {
    matches!(problem.code, Code::OriginalDamaged | Code::OriginalLost | Code::VariantLost)
}

/// Serves what the link's image has now, or says what was said before.
pub(super) async fn serve(
    app: &App,
    payload: &Payload,
    left_ms: i64,
    method: &Method,
    headers: &HeaderMap,
    problem: Problem,
) -> Result<Response, Problem> {
    let Some(image) = find(app, payload).await? else { return Err(problem) };
    let original = image.blob.original();
    let may_make = method != Method::HEAD && !headers.contains_key(header::RANGE);
    let variant = match &payload.subject {
        Subject::Original if original == payload.original => return Err(problem),
        Subject::Original => None,
        Subject::Variant { preset, .. } => {
            let made = variant(app, &image, preset, may_make).await?;
            Some(made.ok_or_else(|| {
                let detail = "the variant was lost and is being made anew; come again";
                Problem::new(Code::NotMadeYet, detail)
                    .with_status(StatusCode::SERVICE_UNAVAILABLE)
                    .retry_after(1)
            })?)
        }
    };
    let (key, bytes, hash, format) = if let Some(variant) = &variant {
        (variant.key(&original), variant.bytes, &variant.hash, parse_format(variant)?)
    } else {
        let blob = &image.blob;
        (BlobKey::Original(&original), blob.bytes, &blob.hash, blob.format()?)
    };
    let served = Served {
        key,
        bytes: bytes as u64,
        tag: short_tag(hash),
        format,
        disposition: Disposition::Inline,
        filename: &payload.filename,
        policy: CachePolicy::PrivateFor { secs: (left_ms / 1000) as u32 },
        tenant: Tenant::Link(payload.link),
    };
    serve_bytes(&app.blobs, &app.cache, method, headers, served).await
}

/// The image, as long as it shows the bytes that the link was made for.
async fn find(app: &App, payload: &Payload) -> Result<Option<Image>, Problem> {
    let mut conn = app.db.read().await?;
    let sql = links::sql::SELECT_SHOWN;
    let shown = fetch_optional!(&mut conn, (AccountId, ImageId), sql, payload.link)?;
    let Some((owner, image)) = shown else { return Ok(None) };
    let image = images::find(&mut conn, owner, image).await?;
    Ok(image.filter(|image| image.blob.hash == payload.original.hash))
}

/// The variant of that name, made anew if its bytes are gone.
async fn variant(
    app: &App,
    image: &Image,
    preset: &str,
    may_make: bool,
) -> Result<Option<Variant>, Problem> {
    let made = of_blob(&mut app.db.read().await?, image.blob_id).await?;
    if let Some(known) = latest(&made, image.blob_id, preset) {
        remake::forget_lost(app, image, known).await?;
        let left = of_blob(&mut app.db.read().await?, image.blob_id).await?;
        if let Some(whole) = latest(&left, image.blob_id, preset) {
            return Ok(Some(whole.clone()));
        }
    }
    if preset == ORIGINAL {
        return if may_make { location::without(app, image).await } else { Ok(None) };
    }
    let catalogue = app.catalogues.current(&app.db).await?;
    let preset = catalogue.presets.get(preset).ok_or_else(|| Problem::not_found("preset"))?;
    let patience = Duration::from_secs(app.config.variants.wait_secs);
    obtain(app, image.account_id, image.id, preset, patience, may_make).await
}
