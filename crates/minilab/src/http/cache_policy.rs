//! How long an answer may be kept, as a word. Handlers attach it; `apply` writes the headers.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponseParts, Response, ResponseParts};

/// Chosen by intent. An answer without one is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePolicy {
    /// Bytes behind an address that names their content: they never change.
    Immutable,
    /// The same for bytes that are no secret: caches on the way may keep them too.
    PublicImmutable,
    /// Bytes that may be replaced: kept, but asked about (by `ETag`) each time.
    Revalidate,
    /// Bytes that may be had for so long.
    PrivateFor { secs: u32 },
    /// Everything private or short-lived, and every error.
    NoStore,
}

impl CachePolicy {
    fn header(self) -> HeaderValue {
        match self {
            Self::Immutable => HeaderValue::from_static("private, max-age=31536000, immutable"),
            Self::PublicImmutable => {
                HeaderValue::from_static("public, max-age=31536000, immutable")
            }
            Self::Revalidate => HeaderValue::from_static("private, no-cache"),
            Self::PrivateFor { secs } => HeaderValue::from_str(&format!("private, max-age={secs}"))
                .expect("made of visible ASCII only"),
            Self::NoStore => HeaderValue::from_static("no-store"),
        }
    }
}

impl IntoResponseParts for CachePolicy {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// Writes `Cache-Control` from the policy that the handler attached.
pub(super) fn apply(response: &mut Response) {
    debug_assert!(
        !response.headers().contains_key(header::CACHE_CONTROL),
        "handlers attach a CachePolicy; they set no caching header"
    );
    let worth_keeping = response.status().is_success() || response.status().as_u16() == 304;
    let policy = response.extensions().get::<CachePolicy>().copied();
    let policy = policy.filter(|_| worth_keeping).unwrap_or(CachePolicy::NoStore);
    response.headers_mut().insert(header::CACHE_CONTROL, policy.header());
}
