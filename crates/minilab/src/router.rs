//! Every URL on one screen.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::http::guard::{self, Hosts};
use crate::http::{Problem, cache_policy, request_id};
use crate::{accounts, dropin, health, images, ui, uploads, variants};

pub fn router(app: App) -> Router {
    let hosts = Hosts(app.config.host_names().into());
    let mut routes = Router::new()
        .route("/", get(ui::show_page))
        .route("/ui/{file}", get(ui::show_file))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/api/v1/me", get(accounts::routes::show_me))
        .route(
            "/api/v1/images",
            post(uploads::routes::create_images)
                // Uploads count their own bytes, by what the caller's tier allows.
                .layer(DefaultBodyLimit::disable())
                .get(images::routes::list_images),
        )
        .route(
            "/api/v1/images/{id}",
            get(images::routes::show_image)
                .patch(images::routes::change_image)
                .delete(images::routes::delete_image),
        )
        .route("/api/v1/images/{id}/original", get(images::routes::show_original))
        .route("/api/v1/images/{id}/variants/{preset}", get(variants::routes::show_variant));
    if app.config.dropin {
        routes = routes.merge(dropin::thumbnail::routes());
    }
    routes
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(hosts, guard::layer))
        .layer(CatchPanicLayer::custom(|_| {
            let cause = anyhow::anyhow!("a handler panicked");
            axum::response::IntoResponse::into_response(Problem::internal(&cause))
        }))
        .layer(map_response(cache_policy::apply))
        .layer(from_fn(request_id::layer))
        .with_state(app)
}

async fn unknown_route() -> Problem {
    Problem::not_found("address")
}

async fn wrong_method() -> Problem {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    Problem::new(status, "method_not_allowed", "this address does not know that method")
}
