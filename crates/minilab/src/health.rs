//! Whether the process is up, and whether it can serve.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::code::Code;
use crate::http::problem::{Problem, ProblemResponse};
use crate::jobs::pauses;
use crate::seldom::Seldom;

/// Who asks does so every few seconds.
static UNREADY: Seldom = Seldom::new();

#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthView {
    #[schema(example = "ok")]
    status: &'static str,
    /// What is not done for now: `disk_full` means no uploads and no new variants, `paused` that some work is
    /// not begun.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["disk_full"]))]
    degraded: Vec<&'static str>,
}

/// Whether the process is up
#[utoipa::path(
    get, path = "/healthz", tag = "operation", security(()),
    responses((status = 200, body = HealthView)),
)]
pub async fn healthz() -> Json<HealthView> {
    Json(HealthView { status: "ok", degraded: Vec::new() })
}

/// Whether the process can serve
///
/// The database answers and the process is not about to stop. What cannot be done for now, while
/// everything else goes on, is listed in `degraded`.
#[utoipa::path(
    get, path = "/readyz", tag = "operation", security(()),
    responses((status = 200, body = HealthView), (status = 503, response = ProblemResponse)),
)]
pub async fn readyz(State(app): State<App>) -> Result<Json<HealthView>, Problem> {
    let unready = |detail: &str| Problem::new(Code::NotReady, detail).retry_after(1);
    if app.stop.is_cancelled() {
        return Err(unready("the process is about to stop"));
    }
    app.catalogues.current(&app.db).await.map_err(|cause| {
        if UNREADY.speaks() {
            tracing::warn!(cause = format!("{cause:#}"), "not ready");
        }
        unready("the database does not answer")
    })?;
    let paused = async { pauses::current(&mut app.db.read().await?, app.clock.now_ms()).await };
    let is_paused = paused.await.is_ok_and(|paused| !paused.is_empty());
    let degraded = [(app.room.is_low(), "disk_full"), (is_paused, "paused")];
    let degraded = degraded.into_iter().filter_map(|(is_so, word)| is_so.then_some(word)).collect();
    Ok(Json(HealthView { status: "ready", degraded }))
}
