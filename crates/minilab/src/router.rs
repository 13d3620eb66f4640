//! Every address of the API on one screen; the paths stand at the handlers, beside what they answer.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::guard::{self, Hosts};
use crate::http::{Problem, cache_policy, request_id};
use crate::{accounts, dropin, health, images, openapi, ui, uploads, variants};

/// The API and its description, grown from the same lines. `with_dropin`: older services' routes too.
pub fn api(with_dropin: bool) -> (Router<App>, utoipa::openapi::OpenApi) {
    let mut api = OpenApiRouter::with_openapi(openapi::Head::openapi())
        .routes(routes!(uploads::routes::create_images, images::routes::list_images))
        .routes(routes!(
            images::routes::show_image,
            images::routes::change_image,
            images::routes::delete_image
        ))
        .routes(routes!(images::routes::show_original))
        .routes(routes!(variants::routes::show_variant))
        .routes(routes!(accounts::routes::show_me))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz));
    if with_dropin {
        api = api.merge(dropin::thumbnail::routes());
    }
    let (routes, mut document) = api.split_for_parts();
    openapi::complete(&mut document);
    (routes, document)
}

pub fn router(app: App) -> Router {
    let hosts = Hosts(app.config.host_names().into());
    let (api, document) = api(app.config.dropin);
    Router::new()
        .route("/", get(ui::show_page))
        .route("/ui/{file}", get(ui::show_file))
        .merge(openapi::routes(&document))
        .merge(api)
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
