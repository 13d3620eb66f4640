//! `GET /api/v1/stats` and `/api/v1/me/stats`.

use std::collections::BTreeMap;

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Stats, read};
use crate::accounts::{Admin, Caller};
use crate::app::App;
use crate::http::Problem;
use crate::ids::AccountId;
use crate::tiers::words::PictureFormat;

/// The images that are there, their formats and cameras; the uploads of 30 days.
#[derive(Serialize, ToSchema)]
#[schema(as = Stats)]
pub struct StatsView {
    images: i64,
    /// The most popular first.
    formats: Vec<FormatView>,
    /// The ten most frequent models.
    cameras: Vec<CameraView>,
    /// Images by all other cameras.
    other_cameras: i64,
    /// Images that do not say.
    unknown_cameras: i64,
    /// Uploads of each day, UTC, oldest first. Deletes do not change them.
    days: Vec<DayView>,
    /// Originals, as uploaded.
    bytes_uploaded: i64,
    /// Distinct originals.
    bytes_stored: i64,
    /// What is not stored: because it is there already, or because the original was not kept.
    bytes_saved: i64,
    bytes_variants: i64,
    /// By state. Those that ended well are counted for ever, also when their rows are gone.
    #[schema(example = json!({"pending": 0, "started": 1, "retry": 0, "failed": 0,
        "succeeded": 1200, "cancelled": 3}))]
    jobs: BTreeMap<String, i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FormatCount)]
struct FormatView {
    #[schema(value_type = PictureFormat)]
    format: String,
    count: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CameraCount)]
struct CameraView {
    #[schema(example = "Canon EOS 40D")]
    model: String,
    count: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DayCount)]
struct DayView {
    #[schema(format = Date, example = "2026-11-22")]
    date: String,
    count: i64,
}

impl From<Stats> for StatsView {
    fn from(stats: Stats) -> Self {
        let named = stats.cameras.iter().map(|(_, count)| count).sum::<i64>();
        let formats = stats.formats.into_iter();
        let cameras = stats.cameras.into_iter();
        let days = stats.days.into_iter();
        Self {
            images: stats.images,
            formats: formats.map(|(format, count)| FormatView { format, count }).collect(),
            cameras: cameras.map(|(model, count)| CameraView { model, count }).collect(),
            other_cameras: stats.images - named - stats.unknown_cameras,
            unknown_cameras: stats.unknown_cameras,
            days: days.map(|(date, count)| DayView { date, count }).collect(),
            bytes_uploaded: stats.bytes,
            bytes_stored: stats.stored_bytes,
            bytes_saved: stats.bytes - stats.stored_bytes,
            bytes_variants: stats.variant_bytes,
            jobs: stats.jobs,
        }
    }
}

/// Statistics of the lab
#[utoipa::path(get, path = "/api/v1/stats", tag = "admin",
    responses((status = 200, body = StatsView)))]
pub async fn show_stats(State(app): State<App>, _: Admin) -> Result<Answer<StatsView>, Problem> {
    answer(&app, None).await
}

/// My statistics
#[utoipa::path(get, path = "/api/v1/me/stats", tag = "account",
    responses((status = 200, body = StatsView)))]
pub async fn show_my_stats(
    State(app): State<App>,
    caller: Caller,
) -> Result<Answer<StatsView>, Problem> {
    answer(&app, Some(caller.account.id)).await
}

async fn answer(app: &App, account: Option<AccountId>) -> Result<Answer<StatsView>, Problem> {
    let now_ms = app.clock.now_ms();
    let stats = read(&mut app.db.read().await?, account, now_ms).await?;
    Ok(Answer(stats.into()))
}
