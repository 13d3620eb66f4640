//! `POST /api/v1/images/zip`: many pictures as one file, written while it is read.

mod stream;

use std::mem::take;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::{Caller, ReadingCaller};
use crate::app::App;
use crate::http::code::Code;
use crate::http::disposition::{Disposition, content_disposition};
use crate::http::extract::Json;
use crate::http::problem::{Problem, ProblemResponse};
use crate::http::received::OnReceived;
use crate::ids::ImageId;
use crate::images::bulk::{IDS_MAX, distinct};
use crate::images::expire;
use crate::images::routes::{PictureBytes, find_own, may_have_original};
use crate::limits::Limit;
use crate::links::ORIGINAL;
use crate::shares::Full;
use crate::variants::routes::allowed_preset;

const COME_AGAIN: Duration = Duration::from_secs(10);

/// Which pictures, and which form of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZipForm {
    /// Of one's own images; at most 1000.
    #[schema(min_items = 1, max_items = 1000)]
    #[schema(value_type = Vec<Uuid>)]
    ids: Vec<ImageId>,
    /// A preset, or `original`.
    #[schema(example = "h200")]
    variant: String,
}

/// The images of a whole file that go after their first download.
type Going = Arc<Mutex<Vec<ImageId>>>;

/// What goes into one file.
pub(crate) struct ArchiveWish {
    pub(crate) caller: Caller,
    pub(crate) ids: Vec<ImageId>,
    /// Nothing: the originals.
    pub(crate) preset: Option<String>,
}

/// Download many images
///
/// As one zip file, in the order they are named, under their own names; rights are those of single
/// downloads. What is deleted meanwhile, or cannot be made, is named in `not-included.txt` within the
/// file. A file that breaks off is not complete, and is no valid zip.
#[utoipa::path(
    post, path = "/api/v1/images/zip", tag = "images", request_body = ZipForm,
    responses(
        (status = 200, description = "The file.", content((PictureBytes = "application/zip"))),
        (status = 404, response = ProblemResponse),
        (status = 410, response = ProblemResponse),
        (status = 429, response = ProblemResponse),
        (status = 503, response = ProblemResponse),
    ),
)]
pub async fn zip_images(
    State(app): State<App>,
    ReadingCaller(caller): ReadingCaller,
    Json(form): Json<ZipForm>,
) -> Result<Response, Problem> {
    let ids = distinct(form.ids)?;
    let preset = Some(form.variant).filter(|name| name != ORIGINAL);
    if let Some(name) = &preset {
        allowed_preset(&caller, name)?;
    }
    let place = app.zips.try_take(caller.account.id).map_err(full)?;
    // Nothing is promised that cannot be kept: rights and ids are looked at before the first byte.
    let mut unknown = Vec::new();
    for id in &ids {
        match find_own(&app, &caller, *id).await {
            Ok(image) if preset.is_none() => may_have_original(&caller, &image)?,
            Ok(_) => {}
            Err(problem) if problem.status == StatusCode::NOT_FOUND => unknown.push(id.to_string()),
            Err(problem) => return Err(problem),
        }
    }
    if !unknown.is_empty() {
        let detail = format!("there are no such images: {}", unknown.join(", "));
        let problem = Problem::new(Code::NotFound, detail);
        return Err(problem.with("unknown", unknown));
    }
    let name = format!("{}.zip", preset.as_deref().unwrap_or("originals"));
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, content_disposition(Disposition::Attachment, &name)),
    ];
    let going = Going::default();
    let body = stream::body(app.clone(), ArchiveWish { caller, ids, preset }, place, going.clone());
    let mut answer = (headers, body).into_response();
    answer.extensions_mut().insert(OnReceived::new(move || {
        for id in take(&mut *going.lock().expect("nobody panics holding it")) {
            crate::spawn(expire::downloaded(app.clone(), id));
        }
    }));
    Ok(answer)
}

fn full(full: Full) -> Problem {
    let detail = match full {
        Full::Each => "this account downloads as many zip files as it may already; let one end",
        Full::All => "too many zip files are being downloaded",
    };
    let secs = COME_AGAIN.as_secs() as u32;
    Problem::crowded(full, Limit::Zips, Code::TooManyZips, detail, secs)
}

const _: () = assert!(IDS_MAX == 1000, "the description says so");
