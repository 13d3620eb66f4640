//! Every address of the API on one screen; the paths stand at the handlers, beside what they answer.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::db::Dialect;
use crate::http::code::Code;
use crate::http::guard::{Guard, Hosts};
use crate::http::{Problem, front};
use crate::{
    accounts, admin, archive, dropin, feed, gallery, health, images, metrics, openapi, sharing,
    stats, ui, uploads, variants,
};

/// The API and its description, grown from the same lines. `with_dropin`: older services' routes too.
pub fn api(with_dropin: bool) -> (Router<App>, utoipa::openapi::OpenApi) {
    let mut api = OpenApiRouter::with_openapi(openapi::Head::openapi())
        .routes(routes!(uploads::routes::create_images, images::routes::list_images))
        .routes(routes!(
            images::routes::show_image,
            images::routes::change_image,
            images::routes::delete_image
        ))
        .routes(routes!(images::bulk::delete_images))
        .routes(routes!(archive::zip_images))
        .routes(routes!(images::routes::show_original))
        .routes(routes!(variants::routes::show_variant))
        .merge(upload_links())
        .routes(routes!(stats::routes::show_stats))
        .routes(routes!(stats::routes::show_my_stats))
        .routes(routes!(sharing::routes::create_link, sharing::routes::list_links))
        .routes(routes!(sharing::routes::revoke_link))
        .routes(routes!(sharing::open::open_link))
        .routes(routes!(gallery::routes::list_gallery, gallery::curate::create_item))
        .routes(routes!(
            gallery::routes::show_item,
            gallery::curate::change_item,
            gallery::curate::delete_item
        ))
        .routes(routes!(gallery::routes::show_item_variant))
        .merge(jobs())
        .routes(routes!(feed::routes::list_events))
        .merge(callers())
        .merge(admin())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::show_metrics));
    if with_dropin {
        api = api
            .merge(dropin::thumbnail::routes())
            .merge(dropin::emoji_api::routes())
            .merge(dropin::image_api::routes());
    }
    let (routes, mut document) = api.split_for_parts();
    openapi::complete(&mut document);
    (routes, document)
}

/// Others who bring pictures.
fn upload_links() -> OpenApiRouter<App> {
    use crate::upload_links::{change, routes};
    OpenApiRouter::new()
        .routes(routes!(routes::create_upload_link, routes::list_upload_links))
        .routes(routes!(
            routes::show_upload_link,
            change::change_upload_link,
            routes::revoke_upload_link
        ))
        .routes(routes!(change::renew_upload_link_token))
        .routes(routes!(routes::show_held_link))
        .routes(routes!(uploads::routes::create_images_by_link))
}

/// What is done in the background.
fn jobs() -> OpenApiRouter<App> {
    use crate::queue::{action_routes, pause_routes, rates, routes, workers};
    OpenApiRouter::new()
        .routes(routes!(routes::list_jobs))
        .routes(routes!(routes::show_job))
        .routes(routes!(routes::list_causes))
        .routes(routes!(rates::show_rates))
        .routes(routes!(action_routes::retry_jobs))
        .routes(routes!(action_routes::cancel_jobs))
        .routes(routes!(action_routes::show_action, action_routes::end_action))
        .routes(routes!(pause_routes::list_pauses))
        .routes(routes!(pause_routes::pause_jobs, pause_routes::resume_jobs))
        .routes(routes!(workers::list_workers))
        .routes(routes!(workers::show_schedule))
}

/// Who calls.
fn callers() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(accounts::routes::show_me))
        .routes(routes!(accounts::routes::change_password))
        .routes(routes!(accounts::keys::list_keys, accounts::keys::create_key))
        .routes(routes!(accounts::keys::revoke_key))
        .routes(routes!(accounts::routes::open_session, accounts::routes::close_session))
        .routes(routes!(accounts::routes::create_tokens, accounts::routes::revoke_tokens))
        .routes(routes!(accounts::routes::refresh_tokens))
        .routes(routes!(accounts::setup::set_up))
}

/// What admins change.
fn admin() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(admin::accounts::list_accounts, admin::accounts::create_account))
        .routes(routes!(
            admin::accounts::show_account,
            admin::accounts::change_account,
            admin::accounts::delete_account
        ))
        .routes(routes!(admin::tiers::list_tiers, admin::tiers::create_tier))
        .routes(routes!(
            admin::tiers::show_tier,
            admin::tiers::change_tier,
            admin::tiers::delete_tier
        ))
        .routes(routes!(admin::presets::list_presets, admin::presets::create_preset))
        .routes(routes!(
            admin::presets::show_preset,
            admin::presets::change_preset,
            admin::presets::delete_preset
        ))
        .routes(routes!(admin::audit::list_audit))
}

pub fn router(app: App) -> Router {
    let hosts = Hosts(app.config.host_names().into());
    let (api, document) = api(app.config.dropin);
    let guard = Arc::new(Guard {
        hosts,
        browsers: app.config.browsers.clone(),
        proxies: app.config.proxies.clone(),
        queries: openapi::known_queries(&document),
        home: app.url("/"),
        loses_database: app.db.dialect() == Dialect::Postgres,
    });
    let mut router = Router::new()
        .merge(ui::routes())
        .merge(openapi::routes(&document))
        .merge(api)
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method);
    if !app.config.browsers.origins.is_empty() {
        router = router.layer(app.config.browsers.cors());
    }
    router.layer(from_fn_with_state(guard, front::layer)).with_state(app)
}

async fn unknown_route() -> Problem {
    Problem::not_found("address")
}

async fn wrong_method() -> Problem {
    Problem::new(Code::MethodNotAllowed, "this address does not know that method")
}
