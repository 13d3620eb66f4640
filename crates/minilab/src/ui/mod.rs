//! The page at `/`, its scripts and its style, out of the binary itself.
//!
//! Nothing here is private: the page asks the API for everything, with the visitor's own key.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::http::Problem;
use crate::http::asset::{self, Asset};

/// What a browser may do for this page: scripts, styles and data from here, and nothing else.
/// Prints are fetched with the key and shown as blobs, because an `<img>` cannot send one.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; \
     frame-ancestors 'none'";

const PAGE: &str = "index.html";

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
    "style.css": "text/css; charset=utf-8",
    "favicon.svg": "image/svg+xml",
    "api.js": "text/javascript; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "bring.js": "text/javascript; charset=utf-8",
    "card.js": "text/javascript; charset=utf-8",
    "library.js": "text/javascript; charset=utf-8",
    "picture.js": "text/javascript; charset=utf-8",
    "queue.js": "text/javascript; charset=utf-8",
    "session.js": "text/javascript; charset=utf-8",
    "share.js": "text/javascript; charset=utf-8",
    "sheet.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
};

pub async fn show_page(headers: HeaderMap) -> Result<Response, Problem> {
    answer(PAGE, &headers)
}

pub async fn show_file(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    answer(&name, &headers)
}

fn answer(name: &str, request: &HeaderMap) -> Result<Response, Problem> {
    let file = FILES.iter().find(|(known, ..)| *known == name);
    let (_, bytes, media_type) = *file.ok_or_else(|| Problem::not_found("file"))?;
    let asset = Asset { bytes: bytes.into(), media_type, policy: CONTENT_SECURITY_POLICY };
    Ok(asset::serve(request, asset))
}
