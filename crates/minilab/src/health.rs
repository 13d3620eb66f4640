//! Whether the process is up, and whether it can serve.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::App;
use crate::http::Problem;

/// The process answers.
pub async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The database answers and the process is not about to stop.
pub async fn readyz(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let unready = |detail: &str| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", detail).retry_after(1)
    };
    if app.stop.is_cancelled() {
        return Err(unready("the process is about to stop"));
    }
    app.catalogues.current(&app.db).await.map_err(|cause| {
        tracing::warn!(cause = format!("{cause:#}"), "not ready");
        unready("the database does not answer")
    })?;
    Ok(Json(json!({ "status": "ready" })))
}
