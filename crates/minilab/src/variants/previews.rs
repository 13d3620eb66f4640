//! The previews of a page, as bytes: one look for all, and what is missing fetched.

use bytes::Bytes;

use super::on_demand::ask;
use super::{Variant, latest, remake};
use crate::app::App;
use crate::blobs::BlobKey;
use crate::cache::{Cache, CacheKey, Tenant, What};
use crate::http::intact;
use crate::http::tag::short_tag;
use crate::images::{Image, State};
use crate::jobs::Job;

const PRESET: &str = "preview";

/// The preview of each image, in their order; nothing for one that is not made yet.
///
/// What is not in memory is read from where it is stored and kept in the background; what is not made
/// is asked for in the background, too.
pub async fn of(
    app: &App,
    tenant: Tenant,
    images: &[Image],
    made: &[Variant],
) -> Vec<Option<Bytes>> {
    let previews = images
        .iter()
        .map(|image| latest(made, image.blob_id, PRESET).filter(|_| image.state == State::Ready));
    let previews = previews.collect::<Vec<_>>();
    let key = |preview: &Variant| CacheKey {
        tenant,
        what: What::Bytes { tag: short_tag(&preview.hash) },
    };
    let keys = previews.iter().flatten().map(|preview| key(preview)).collect::<Vec<_>>();
    let mut kept = app.cache.get_many(&keys).await.into_iter();
    let mut found = Vec::with_capacity(images.len());
    for (image, preview) in images.iter().zip(previews) {
        let Some(preview) = preview else {
            make(app, image);
            found.push(None);
            continue;
        };
        found.push(match kept.next().flatten() {
            Some(bytes) => Some(bytes),
            // One file that cannot be read does not spoil the page; `minilab check` names it.
            None => match fetch(app, image, preview, key(preview)).await {
                Ok(bytes) => Some(bytes),
                Err(cause) => {
                    tracing::warn!(cause = format!("{cause:#}"), "a preview is missing");
                    make_anew(app, image, preview);
                    None
                }
            },
        });
    }
    found
}

async fn fetch(
    app: &App,
    image: &Image,
    preview: &Variant,
    key: CacheKey,
) -> anyhow::Result<Bytes> {
    let original = image.blob.original();
    let stored: BlobKey<'_> = preview.key(&original);
    let bytes = intact::read(&app.blobs, &stored, preview.bytes as u64, &preview.hash).await?;
    if Cache::takes(bytes.len() as u64) {
        let (cache, kept) = (app.cache.clone(), bytes.clone());
        crate::spawn(async move { cache.put(key, kept).await });
    }
    Ok(bytes)
}

/// One whose bytes are lost.
fn make_anew(app: &App, image: &Image, preview: &Variant) {
    let (app, image, preview) = (app.clone(), image.clone(), preview.clone());
    crate::spawn(async move {
        if remake::forget_lost(&app, &image, &preview).await.is_ok() {
            make(&app, &image);
        }
    });
}

fn make(app: &App, image: &Image) {
    if image.state != State::Ready || image.blob.discarded {
        return;
    }
    let (app, image) = (app.clone(), image.clone());
    crate::spawn(async move {
        let Ok(catalogue) = app.catalogues.current(&app.db).await else { return };
        let Some(preset) = catalogue.presets.get(PRESET) else { return };
        let (preset, version) = (preset.name.clone(), preset.version);
        let job = Job::MakeVariant { blob: image.blob_id, preset, version };
        if let Err(problem) = ask(&app, &image, job).await {
            tracing::warn!(detail = problem.detail, "could not ask for a preview");
        }
    });
}
