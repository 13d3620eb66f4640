//! `/api/v1/me`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Caller;
use crate::app::App;
use crate::counters::{self, Scope};
use crate::http::Problem;
use crate::tiers::Rights;

/// Who calls, what they may do and what they use.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub struct MeView {
    account: String,
    tier: String,
    admin: bool,
    rights: Rights,
    /// The presets that may be asked for.
    presets: Vec<String>,
    usage: UsageView,
    limits: LimitsView,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Usage)]
struct UsageView {
    images: i64,
    /// Bytes of originals.
    bytes: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Limits)]
struct LimitsView {
    /// How many images are kept; none is no limit.
    images: Option<i64>,
    /// Bytes of one file.
    upload_bytes: u64,
}

/// Who I am
///
/// The account behind the key, its tier with rights and limits, and what it uses.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", responses((status = 200, body = MeView)))]
pub async fn show_me(State(app): State<App>, caller: Caller) -> Result<Json<MeView>, Problem> {
    let mut conn = app.db.read().await?;
    let scope = Scope::Account(caller.account.id);
    let images = counters::read(&mut conn, scope, counters::IMAGES).await?;
    let bytes = counters::read(&mut conn, scope, counters::BYTES).await?;
    let tier = caller.tier();
    Ok(Json(MeView {
        account: caller.account.name.clone(),
        tier: tier.name.clone(),
        admin: caller.account.is_admin,
        rights: tier.rights.clone(),
        presets: tier.presets.clone(),
        usage: UsageView { images, bytes },
        limits: LimitsView { images: tier.images_max, upload_bytes: tier.upload_bytes_max },
    }))
}
