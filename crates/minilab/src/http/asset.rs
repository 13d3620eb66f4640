//! Answers with files that the binary carries: pages, scripts, descriptions.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::CachePolicy;
use super::tag::{fingerprint, matches_tag};

/// A file of this build.
#[derive(Clone)]
pub struct Asset {
    /// Shared: many may be under way at once.
    pub bytes: Bytes,
    pub media_type: &'static str,
    /// `Content-Security-Policy`: what a browser may do for it.
    pub policy: &'static str,
}

/// Answers a GET or HEAD; 304 when the caller has this file.
pub fn serve(request: &HeaderMap, asset: Asset) -> Response {
    let etag = format!("\"{}\"", fingerprint(blake3::hash(&asset.bytes).as_bytes()));
    let is_known = request.get(header::IF_NONE_MATCH).is_some_and(|tag| matches_tag(tag, &etag));
    let common = [
        (header::ETAG, HeaderValue::from_str(&etag).expect("hexadecimal")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(asset.policy)),
    ];
    if is_known {
        return (StatusCode::NOT_MODIFIED, CachePolicy::Revalidate, common).into_response();
    }
    let media_type = [(header::CONTENT_TYPE, asset.media_type)];
    (CachePolicy::Revalidate, common, media_type, asset.bytes).into_response()
}
