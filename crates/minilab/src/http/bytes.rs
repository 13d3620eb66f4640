//! Answers with stored bytes: strong `ETag`, 304, one `Range`, `HEAD`, and safe headers.
//!
//! Called after authorisation. 304, HEAD and refused ranges read no byte of the blob; what is answered with
//! bytes, or as if, is looked at first (see [`intact`]).

use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::code::Code;
use super::disposition::{Disposition, content_disposition, named_as};
use super::intact::{self, Damage};
use super::range::{Requested, parse_range};
use super::tag::matches_tag;
use super::{CachePolicy, Problem};
use crate::blobs::{BlobKey, Blobs, hex};
use crate::cache::{Cache, CacheKey, Tenant, What};
use crate::limits::Limit;

/// What is to be served, and how.
pub struct Served<'a> {
    pub key: BlobKey<'a>,
    pub bytes: u64,
    /// Names the content: the quoted tag is made from it. See [`short_tag`](super::tag::short_tag).
    pub tag: [u8; 16],
    pub format: pixels::Format,
    pub disposition: Disposition,
    /// Gets the extension of the format, if it has another one.
    pub filename: &'a str,
    pub policy: CachePolicy,
    /// Whom the bytes are kept in memory for.
    pub tenant: Tenant,
}

/// Answers a GET or HEAD for `served`.
pub async fn serve(
    blobs: &Blobs,
    cache: &Cache,
    method: &Method,
    request: &HeaderMap,
    served: Served<'_>,
) -> Result<Response, Problem> {
    let etag = format!("\"{}\"", hex(&served.tag));
    if request.get(header::IF_NONE_MATCH).is_some_and(|wanted| matches_tag(wanted, &etag)) {
        return Ok(
            (StatusCode::NOT_MODIFIED, served.policy, common(&served, &etag)).into_response()
        );
    }
    let range = match requested_range(request, &etag, served.bytes) {
        Requested::Whole => None,
        Requested::Part(range) => Some(range),
        Requested::Nothing => {
            let detail = format!("the range lies outside of the {} bytes there are", served.bytes);
            let problem = Problem::new(Code::BadRange, detail);
            let extent = [(header::CONTENT_RANGE, format!("bytes */{}", served.bytes))];
            return Ok((extent, problem).into_response());
        }
    };
    let (status, part) = match &range {
        Some(range) => (StatusCode::PARTIAL_CONTENT, range.clone()),
        None => (StatusCode::OK, 0..served.bytes),
    };
    let is_head = method == Method::HEAD;
    let read = if is_head || !Cache::takes(served.bytes) || part.is_empty() {
        read_stored(blobs, &served, part.clone(), is_head).await
    } else {
        read_kept(blobs, cache, &served, part.clone()).await
    };
    let body = read?;
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.extensions_mut().insert(served.policy);
    *response.headers_mut() = common(&served, &etag);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, (part.end - part.start).into());
    if range.is_some() {
        let extent = format!("bytes {}-{}/{}", part.start, part.end - 1, served.bytes);
        headers.insert(header::CONTENT_RANGE, ascii(&extent));
    }
    Ok(response)
}

/// One look at the file, and its bytes unless it is for a HEAD.
async fn read_stored(
    blobs: &Blobs,
    served: &Served<'_>,
    part: Range<u64>,
    is_head: bool,
) -> Result<Body, Problem> {
    if let Some(damage) = intact::find_damage(blobs, &served.key, served.bytes).await? {
        return Err(damage.problem(&served.key));
    }
    if is_head {
        return Ok(Body::empty());
    }
    let is_whole = part == (0..served.bytes);
    let body = blobs.read(&served.key, part).await?;
    let body = body.ok_or_else(|| {
        let detail = "too many large pictures are being sent; try again in a few seconds";
        Problem::reached(Limit::OpenFiles, Code::Busy, detail, 5)
    })?;
    Ok(if is_whole {
        intact::verified(blobs, body, served.bytes, served.tag, &served.key)
    } else {
        body
    })
}

/// Small bodies are kept in memory, whole and true; ranges are cut from what is kept.
async fn read_kept(
    blobs: &Blobs,
    cache: &Cache,
    served: &Served<'_>,
    part: Range<u64>,
) -> Result<Body, Problem> {
    let key = CacheKey { tenant: served.tenant, what: What::Bytes { tag: served.tag } };
    let load = intact::read(blobs, &served.key, served.bytes, &served.tag);
    let bytes = cache.get_or_load(key, load).await;
    let bytes = bytes.map_err(|cause| Damage::explain(&cause, &served.key))?;
    Ok(Body::from(bytes.slice(part.start as usize..part.end as usize)))
}

/// With room for what every answer gets later: a map that grows is paid for by each request.
fn common(served: &Served<'_>, etag: &str) -> HeaderMap {
    let filename = named_as(served.filename, served.format);
    let disposition = content_disposition(served.disposition, &filename);
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(served.format.media_type()));
    headers.insert(header::ETAG, ascii(etag));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_DISPOSITION, ascii(&disposition));
    headers
}

fn ascii(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("made of visible ASCII only")
}

/// The range that counts, if the caller holds what is stored here.
fn requested_range(request: &HeaderMap, etag: &str, bytes: u64) -> Requested {
    let Some(range) = request.get(header::RANGE).and_then(|range| range.to_str().ok()) else {
        return Requested::Whole;
    };
    // If-Range compares strongly; anything but our tag means the caller holds something else.
    if request.get(header::IF_RANGE).is_some_and(|tag| tag.as_bytes() != etag.as_bytes()) {
        return Requested::Whole;
    }
    parse_range(range, bytes)
}
