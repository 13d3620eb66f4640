//! What browsers on pages of other sites may do with our answers.

use axum::http::{HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// `[browsers]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct BrowsersConfig {
    /// Origins of pages that may call the API with a key, such as `https://app.example`.
    pub origins: Vec<String>,
    /// `Cross-Origin-Resource-Policy`: which pages may show our pictures.
    pub resources: Resources,
}

/// Who may embed what is served here.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Resources {
    SameOrigin,
    SameSite,
    CrossOrigin,
}

impl Default for BrowsersConfig {
    fn default() -> Self {
        Self { origins: Vec::new(), resources: Resources::SameSite }
    }
}

impl Resources {
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossOrigin => "cross-origin",
        })
    }
}

impl BrowsersConfig {
    pub fn problems(&self) -> Vec<String> {
        let is_origin = |origin: &str| {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']))
                && HeaderValue::from_str(origin).is_ok()
        };
        let wrong = self.origins.iter().filter(|origin| !is_origin(origin));
        wrong
            .map(|origin| format!("browsers.origins: {origin:?} is not like https://app.example"))
            .collect()
    }

    /// Answers preflights and marks answers. Cookies are never let through: other pages need a key.
    pub fn cors(&self) -> CorsLayer {
        let origins = self.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::RANGE,
                header::IF_NONE_MATCH,
                HeaderName::from_static("idempotency-key"),
                HeaderName::from_static("prefer"),
                HeaderName::from_static("x-request-id"),
            ])
            .expose_headers([
                header::ETAG,
                header::LINK,
                header::LOCATION,
                header::RETRY_AFTER,
                header::CONTENT_RANGE,
                header::CONTENT_DISPOSITION,
                HeaderName::from_static("preference-applied"),
                HeaderName::from_static("x-request-id"),
            ])
    }
}
