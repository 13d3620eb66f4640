//! Answers with files that the binary carries: pages, scripts, descriptions.

use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;

use super::tag::{fingerprint, matches_tag};
use super::{CachePolicy, compress};

/// A file of this build.
#[derive(Clone)]
pub struct Asset {
    /// Shared: many may be under way at once.
    pub bytes: Bytes,
    pub media_type: &'static str,
    /// `Content-Security-Policy`: what a browser may do for it.
    pub policy: &'static str,
}

/// A file that goes out smaller to whoever can read it so: compressed once, when it is first asked for.
pub struct Packed {
    asset: Asset,
    /// Nothing where it would be no smaller.
    gzip: OnceLock<Option<Bytes>>,
}

impl Packed {
    pub fn new(asset: Asset) -> Self {
        Self { asset, gzip: OnceLock::new() }
    }

    /// Answers a GET or HEAD; 304 when the caller has this file.
    pub fn serve(&self, request: &HeaderMap, cache: CachePolicy) -> Response {
        let gzip = if compress::accepts(request) { self.gzip() } else { None };
        let mut response = answer(request, &self.asset, gzip, cache);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        response
    }

    fn gzip(&self) -> Option<&Bytes> {
        let bytes = &self.asset.bytes;
        let pack = || {
            let packed = compress::gzip(bytes, Compression::best()).ok();
            packed.filter(|packed| packed.len() < bytes.len())
        };
        self.gzip.get_or_init(pack).as_ref()
    }
}

/// Answers a GET or HEAD; 304 when the caller has this file.
pub fn serve(request: &HeaderMap, asset: &Asset) -> Response {
    answer(request, asset, None, CachePolicy::Revalidate)
}

fn answer(
    request: &HeaderMap,
    asset: &Asset,
    gzip: Option<&Bytes>,
    cache: CachePolicy,
) -> Response {
    let tag = format!("\"{}\"", fingerprint(blake3::hash(&asset.bytes).as_bytes()));
    let is_known = request.get(header::IF_NONE_MATCH).is_some_and(|known| matches_tag(known, &tag));
    // Other bytes than those of the strong tag, and the same file.
    let etag = if gzip.is_some() { format!("W/{tag}") } else { tag };
    let common = [
        (header::ETAG, HeaderValue::from_str(&etag).expect("hexadecimal")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(asset.policy)),
    ];
    if is_known {
        return (StatusCode::NOT_MODIFIED, cache, common).into_response();
    }
    let media_type = [(header::CONTENT_TYPE, asset.media_type)];
    let coding = gzip.map(|_| [(header::CONTENT_ENCODING, "gzip")]);
    let bytes = gzip.unwrap_or(&asset.bytes).clone();
    match coding {
        Some(coding) => (cache, common, media_type, coding, bytes).into_response(),
        None => (cache, common, media_type, bytes).into_response(),
    }
}
