//! The pages, their scripts and their style, out of the binary itself.
//!
//! Nothing here is private: the pages ask the API for everything, as the visitor.

use axum::Router;
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use axum::routing::get;
use bytes::Bytes;

use crate::app::App;
use crate::http::Problem;
use crate::http::asset::{self, Asset};
use crate::http::extract::Path;

/// What a browser may do for this page: scripts, styles and data from here, and nothing else.
/// Prints are fetched with the key and shown as blobs, because an `<img>` cannot send one.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; \
     frame-ancestors 'none'";

/// Name, bytes and media type.
type File = (&'static str, &'static [u8], &'static str);

macro_rules! files {
    ($($name:literal: $media_type:literal,)+) => {
        &[$((
            $name,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/", $name)),
            $media_type,
        ),)+]
    };
}

/// Every file of the folder `ui`; a test compares.
pub const FILES: &[File] = files! {
    "index.html": "text/html; charset=utf-8",
    "invitations.html": "text/html; charset=utf-8",
    "invite.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "favicon.ico": "image/x-icon",
    "favicon.svg": "image/svg+xml",
    "setup.html": "text/html; charset=utf-8",
    "sign-in.html": "text/html; charset=utf-8",
    "sign-out.html": "text/html; charset=utf-8",
    "drop.js": "text/javascript; charset=utf-8",
    "enter.js": "text/javascript; charset=utf-8",
    "form.js": "text/javascript; charset=utf-8",
    "setup.js": "text/javascript; charset=utf-8",
    "sign-in.js": "text/javascript; charset=utf-8",
    "sign-out.js": "text/javascript; charset=utf-8",
    "allowance.js": "text/javascript; charset=utf-8",
    "api.js": "text/javascript; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "bring.js": "text/javascript; charset=utf-8",
    "card.js": "text/javascript; charset=utf-8",
    "inside.js": "text/javascript; charset=utf-8",
    "invitation.js": "text/javascript; charset=utf-8",
    "invitations.js": "text/javascript; charset=utf-8",
    "invite.js": "text/javascript; charset=utf-8",
    "inviting.js": "text/javascript; charset=utf-8",
    "library.js": "text/javascript; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "picture.js": "text/javascript; charset=utf-8",
    "queue.js": "text/javascript; charset=utf-8",
    "session.js": "text/javascript; charset=utf-8",
    "share.js": "text/javascript; charset=utf-8",
    "sheet.js": "text/javascript; charset=utf-8",
    "shelf.js": "text/javascript; charset=utf-8",
    "sure.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
};

/// Every page, and the files they need.
pub fn routes() -> Router<App> {
    let page =
        |name: &'static str| get(move |headers: HeaderMap| async move { answer(name, &headers) });
    Router::new()
        .route("/", page("index.html"))
        .route("/sign-in", page("sign-in.html"))
        .route("/sign-out", page("sign-out.html"))
        .route("/setup", page("setup.html"))
        .route("/upload-links", page("invitations.html"))
        .route("/invitations", get(|| async { Redirect::permanent("/upload-links") }))
        .route("/favicon.ico", get(show_favicon))
        .route("/u/{token}", page("invite.html"))
        .route("/ui/{file}", get(show_file))
}

/// Browsers ask for it wherever they are, also where no page names another.
async fn show_favicon(headers: HeaderMap) -> Result<Response, Problem> {
    answer("favicon.ico", &headers)
}

async fn show_file(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    answer(&name, &headers)
}

fn answer(name: &str, request: &HeaderMap) -> Result<Response, Problem> {
    let file = FILES.iter().find(|(known, ..)| *known == name);
    let (_, bytes, media_type) = *file.ok_or_else(|| Problem::not_found("file"))?;
    let asset =
        Asset { bytes: Bytes::from_static(bytes), media_type, policy: CONTENT_SECURITY_POLICY };
    Ok(asset::serve(request, asset))
}
