//! `/api/v1/me`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Caller;
use crate::app::App;
use crate::counters::{self, Scope};
use crate::http::Problem;

/// Who I am, what I may do, what I use.
pub async fn show_me(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Problem> {
    let mut conn = app.db.read().await?;
    let scope = Scope::Account(caller.account.id);
    let images = counters::read(&mut conn, scope, counters::IMAGES).await?;
    let bytes = counters::read(&mut conn, scope, counters::BYTES).await?;
    let tier = caller.tier();
    Ok(Json(json!({
        "account": caller.account.name,
        "tier": tier.name,
        "admin": caller.account.is_admin,
        "rights": tier.rights,
        "presets": tier.presets,
        "usage": { "images": images, "bytes": bytes },
        "limits": { "images": tier.images_max, "upload_bytes": tier.upload_bytes_max },
    })))
}
