//! `POST /api/v1/images/delete`: many images in one call.

use std::collections::HashSet;
use std::hash::Hash;

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delete;
use crate::accounts::Caller;
use crate::app::App;
use crate::http::code::Code;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::ids::ImageId;

/// Images of one call.
pub const IDS_MAX: usize = 1000;

/// Which images.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdsForm {
    /// At most 1000.
    #[schema(min_items = 1, max_items = 1000)]
    #[schema(value_type = Vec<Uuid>)]
    ids: Vec<ImageId>,
}

/// What became of each.
#[derive(Serialize, ToSchema)]
#[schema(as = DeletedImages)]
pub struct DeletedView {
    #[schema(value_type = Vec<Uuid>)]
    deleted: Vec<ImageId>,
    /// There is no such image of one's own.
    #[schema(value_type = Vec<Uuid>)]
    unknown: Vec<ImageId>,
}

/// Delete many images
///
/// Each as if alone. What is gone stays gone when the call is broken off; calling again is safe.
#[utoipa::path(
    post, path = "/api/v1/images/delete", tag = "images", request_body = IdsForm,
    responses((status = 200, body = DeletedView)),
)]
pub async fn delete_images(
    State(app): State<App>,
    caller: Caller,
    Json(form): Json<IdsForm>,
) -> Result<Answer<DeletedView>, Problem> {
    let (mut deleted, mut unknown) = (Vec::new(), Vec::new());
    for id in distinct(form.ids)? {
        let is_deleted = delete::delete(&app, caller.account.id, id).await?;
        if is_deleted { deleted.push(id) } else { unknown.push(id) }
    }
    Ok(Answer(DeletedView { deleted, unknown }))
}

/// The ids in their order, each once; at least one and not too many.
pub fn distinct<I: Copy + Eq + Hash>(ids: Vec<I>) -> Result<Vec<I>, Problem> {
    if !(1..=IDS_MAX).contains(&ids.len()) {
        let detail = format!("ids: names 1 to {IDS_MAX}, not {}", ids.len());
        return Err(Problem::new(Code::BadIds, detail));
    }
    let mut seen = HashSet::new();
    Ok(ids.into_iter().filter(|id| seen.insert(*id)).collect())
}
