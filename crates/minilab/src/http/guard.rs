//! What every request must pass, and what every answer carries.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header, uri::Authority};

use super::browsers::BrowsersConfig;
use super::code::Code;
use super::query::KnownQueries;
use super::{Network, Problem};

/// The names this service answers to, beside addresses and `localhost`.
#[derive(Clone, Debug, Default)]
pub struct Hosts(pub Arc<[String]>);

/// What requests are held against, and answers are marked with.
pub struct Guard {
    pub hosts: Hosts,
    pub browsers: BrowsersConfig,
    /// Whose word about addresses is believed.
    pub proxies: Vec<Network>,
    pub queries: KnownQueries,
    /// Where a way home leads.
    pub home: String,
    /// Whether the database is elsewhere, so that a connection to it may be lost.
    pub loses_database: bool,
}

impl Hosts {
    /// Refusing foreign names stops DNS rebinding; an address in `Host` cannot be rebound.
    fn allow(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        if host.contains('@') {
            return false;
        }
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok()
            || self.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}

/// Hardens an answer.
pub(super) fn harden(guard: &Guard, headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let name = HeaderName::from_static("cross-origin-resource-policy");
    headers.entry(name).or_insert_with(|| guard.browsers.resources.header());
}

/// Refuses foreign hosts, and browsers that were sent here by another site.
pub(super) fn refusal(guard: &Guard, request: &Request) -> Option<Problem> {
    if request.headers().get_all(header::HOST).iter().nth(1).is_some() {
        // Who stands in front of us may have believed another of them.
        return Some(Problem::new(Code::TwoHosts, "a request names one Host, not several"));
    }
    if request.headers().get(header::HOST).is_some_and(|host| host.to_str().is_err()) {
        return Some(Problem::new(Code::UnknownHost, "the Host is not written in ASCII"));
    }
    let authority = request.uri().authority().map(Authority::as_str);
    let said = text(request.headers(), &header::HOST);
    if let (Some(one), Some(other)) = (authority, said)
        && !one.eq_ignore_ascii_case(other)
    {
        return Some(Problem::new(Code::TwoHosts, "a request names one host, not several"));
    }
    let host = authority.or_else(|| text(request.headers(), &header::HOST)).unwrap_or_default();
    if !guard.hosts.allow(host) {
        let detail = "this service does not answer to that Host; its operator adds the name to the \
             setting `hosts` (MINILAB__HOSTS), or makes it that of `public_url`";
        return Some(Problem::new(Code::UnknownHost, detail));
    }
    let is_welcome = is_welcome(&guard.browsers, request.headers());
    if is_cross_site(request.method(), request.headers(), host) && !is_welcome {
        let detail = "a browser on another site sent this request";
        return Some(Problem::new(Code::CrossSite, detail));
    }
    guard.queries.refusal(request)
}

/// A page of an origin that the settings name, which shows a key and not what its browser keeps.
fn is_welcome(browsers: &BrowsersConfig, headers: &HeaderMap) -> bool {
    let origin = text(headers, &header::ORIGIN);
    let is_known =
        origin.is_some_and(|origin| browsers.origins.iter().any(|known| known == origin));
    is_known && !headers.contains_key(header::COOKIE)
}

/// Browsers say where a request comes from; programs do not, and pass.
fn is_cross_site(method: &Method, headers: &HeaderMap, host: &str) -> bool {
    if method.is_safe() {
        return false;
    }
    if let Some(site) = text(headers, &HeaderName::from_static("sec-fetch-site")) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(headers, &header::ORIGIN) else {
        return false;
    };
    origin.split_once("://").is_none_or(|(_, origin_host)| origin_host != host)
}

/// A cookie is sent by the browser whoever asked it to: what changes something must say that it
/// comes from a page of ours. Every browser of these days does.
pub fn must_come_from_here(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
    // Whatever is said was held against the host by the layer.
    if method.is_safe() || site.is_some() || headers.contains_key(header::ORIGIN) {
        return Ok(());
    }
    let detail = "with a cookie, changes need an `Origin` or `Sec-Fetch-Site` header; \
         programs send a key instead";
    Err(Problem::new(Code::CrossSite, detail))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_and_addresses_are_answered() {
        let hosts = Hosts(["lab.example".to_owned()].into());
        for (host, allowed) in [
            ("lab.example", true),
            ("LAB.example:8000", true),
            ("localhost:8000", true),
            ("127.0.0.1:8000", true),
            ("[::1]:8000", true),
            ("evil.example", false),
            ("lab.example.evil.example", false),
            ("", false),
            ("user@", false),
        ] {
            assert_eq!(hosts.allow(host), allowed, "{host}");
        }
    }

    #[test]
    fn a_browser_on_another_site_cannot_write() {
        let with = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
        };
        for (method, headers, cross_site) in [
            (Method::POST, HeaderMap::new(), false),
            (Method::POST, with("sec-fetch-site", "same-origin"), false),
            (Method::POST, with("sec-fetch-site", "cross-site"), true),
            (Method::POST, with("sec-fetch-site", "same-site"), true),
            (Method::GET, with("sec-fetch-site", "cross-site"), false),
            (Method::DELETE, with("origin", "http://evil.example"), true),
            (Method::DELETE, with("origin", "null"), true),
            (Method::DELETE, with("origin", "http://lab.example"), false),
        ] {
            assert_eq!(is_cross_site(&method, &headers, "lab.example"), cross_site, "{headers:?}");
        }
    }
}
