//! The documented routes of older services: one thin file each, over the same features.

pub mod emoji_api;
pub mod image_api;
pub mod thumbnail;

use std::time::Duration;

use axum::extract::Request;

use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;
use crate::http::code::Code;
use crate::images;
use crate::tiers::Preset;
use crate::uploads::{Batch, Brought, StoredImage};
use crate::variants::Variant;
use crate::variants::on_demand::obtain;

/// The one file of a form, and the title that came with it.
async fn store_one(
    app: &App,
    caller: &Caller,
    request: Request,
) -> Result<(StoredImage, Option<String>), Problem> {
    let batch = Batch { files_max: 1, title_input: Some("name"), ..Batch::default() };
    let Brought { mut items, title } = batch.store(app, caller, request).await?;
    Ok((items.swap_remove(0).outcome?, title))
}

/// A variant of a picture that was just brought. The old services refused at once what cannot be
/// rendered, so nothing of it stays; a picture that was there before this request does.
async fn obtain_of(
    app: &App,
    caller: &Caller,
    stored: StoredImage,
    preset: &Preset,
) -> Result<Option<Variant>, Problem> {
    let (StoredImage::Created(id) | StoredImage::Duplicate(id)) = stored;
    let owner = caller.account.id;
    let patience = Duration::from_secs(app.config.variants.wait_secs);
    let obtained = obtain(app, owner, id, preset, patience, true).await;
    let has_failed = obtained.as_ref().is_err_and(|problem| problem.code == Code::ImageFailed);
    if has_failed && stored == StoredImage::Created(id) {
        images::delete::delete(app, owner, id).await?;
    }
    obtained
}
