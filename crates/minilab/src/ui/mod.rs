//! The page at `/`, its scripts and its style, out of the binary itself.
//!
//! Nothing here is private: the page asks the API for everything, with the visitor's own key.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::bytes::{fingerprint, matches_tag};
use crate::http::{CachePolicy, Problem};

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
    let etag = format!("\"{}\"", fingerprint(blake3::hash(bytes).as_bytes()));
    let is_known = request.get(header::IF_NONE_MATCH).is_some_and(|tag| matches_tag(tag, &etag));
    let common = [
        (header::ETAG, etag),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.to_owned()),
    ];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, CachePolicy::Revalidate, common).into_response());
    }
    let media_type = [(header::CONTENT_TYPE, media_type)];
    Ok((CachePolicy::Revalidate, common, media_type, bytes).into_response())
}
