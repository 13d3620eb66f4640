//! JSON goes out smaller to whoever can read it so.
//!
//! Never an answer with a secret in it: beside something that a stranger chose, how small a secret gets
//! tells what it is (BREACH). Pictures are small already.

use std::io::Write;

use anyhow::Context;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::Body as _;

use super::Problem;
use crate::cpu;

/// Below this, what is saved fits into the same packet.
const BYTES_MIN: u64 = 1024;
/// What an answer of JSON may have to be held in memory once more.
const BYTES_MAX: u64 = 8 * 1024 * 1024;
/// More than this is no short computation.
const AT_ONCE_BYTES: usize = 64 * 1024;

/// What answers with keys, tokens or links that open something. A test holds the list to the API's
/// description; answers that set a cookie need not be listed.
pub const WITH_SECRETS: &[(&str, &str)] = &[
    ("POST", "/api/v1/accounts"),
    ("POST", "/api/v1/images/{id}/links"),
    ("POST", "/api/v1/keys"),
    ("POST", "/api/v1/tokens"),
    ("POST", "/api/v1/tokens/refresh"),
    ("POST", "/api/v1/upload-links"),
    ("POST", "/api/v1/upload-links/{id}/token"),
    ("GET", "/api/gallery/{id}"),
    ("GET", "/api/uploads/{id}"),
    ("POST", "/api/token/"),
    ("POST", "/api/token/refresh/"),
    ("POST", "/api/image/expiring/"),
];

/// Whether a caller can read gzip.
pub(super) fn accepts(request: &HeaderMap) -> bool {
    let listed = request.get_all(header::ACCEPT_ENCODING).iter();
    let listed = listed.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let mut any = None;
    for coding in listed {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().trim_start_matches("q=").trim_start_matches("Q=");
        let is_wanted = weight.is_empty() || weight.parse::<f32>().is_ok_and(|weight| weight > 0.0);
        match name.trim() {
            name if name.eq_ignore_ascii_case("gzip") => return is_wanted,
            "*" => any = Some(is_wanted),
            _ => {}
        }
    }
    any.unwrap_or(false)
}

/// The same answer, smaller where that is allowed, worth it and wanted.
pub(super) async fn apply(
    method: &Method,
    route: &str,
    is_accepted: bool,
    mut response: Response,
) -> Response {
    if !is_fit(method, route, &response) {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if !is_accepted {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = match smaller(body).await {
        Ok(body) => body,
        Err(cause) => return Problem::internal(&cause).into_response(),
    };
    let headers = &mut parts.headers;
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.remove(header::CONTENT_LENGTH);
    // Other bytes than those of the strong tag, and the same JSON.
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    if let Some(weak) = tag.filter(|tag| !tag.starts_with("W/")).map(|tag| format!("W/{tag}")) {
        headers.insert(header::ETAG, HeaderValue::from_str(&weak).expect("it was one before"));
    }
    Response::from_parts(parts, Body::from(body))
}

fn is_fit(method: &Method, route: &str, response: &Response) -> bool {
    let headers = response.headers();
    let media_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_json = media_type.is_some_and(|media_type| media_type.starts_with(b"application/json"));
    // Said first, because most answers are none.
    is_json
        && response.body().size_hint().exact().is_some_and(|b| (BYTES_MIN..=BYTES_MAX).contains(&b))
        && response.status().is_success()
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::SET_COOKIE)
        && !WITH_SECRETS.contains(&(method.as_str(), route))
}

async fn smaller(body: Body) -> anyhow::Result<Bytes> {
    let bytes = to_bytes(body, BYTES_MAX as usize).await.context("gathering an answer")?;
    if bytes.len() > AT_ONCE_BYTES {
        return cpu::run(move || gzip(&bytes, Compression::fast())).await;
    }
    gzip(&bytes, Compression::fast())
}

pub(super) fn gzip(bytes: &[u8], level: Compression) -> anyhow::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), level);
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_accepts_is_read_as_http_says() {
        for (listed, accepted) in [
            ("gzip", true),
            ("GZIP, br", true),
            ("br;q=1.0, gzip;q=0.1", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*", true),
            ("*;q=0", false),
            ("identity", false),
            ("x-gzipped", false),
            ("", false),
        ] {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(listed))]);
            assert_eq!(accepts(&headers), accepted, "{listed}");
        }
        assert!(!accepts(&HeaderMap::new()));
    }
}
