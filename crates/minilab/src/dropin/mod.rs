//! The documented routes of older services: one thin file each, over the same features.

pub mod emoji_api;
pub mod image_api;
pub mod thumbnail;

use axum::extract::Request;

use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;
use crate::uploads::{Batch, Brought, Stored};

/// The one file of a form, and the title that came with it.
async fn store_one(
    app: &App,
    caller: &Caller,
    request: Request,
) -> Result<(Stored, Option<String>), Problem> {
    let batch = Batch { files_max: 1, name_of_raw: None, title_input: Some("name") };
    let Brought { mut items, title } = batch.store(app, caller, request).await?;
    Ok((items.swap_remove(0).outcome?, title))
}
