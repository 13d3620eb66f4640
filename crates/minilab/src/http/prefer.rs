//! `Prefer: wait=N` by RFC 7240: how long a caller is ready to wait, and that they were obeyed.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use utoipa::IntoParams;

pub const WAIT_SECS_MAX: u64 = 30;

/// How long the caller is ready to wait.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what `wanted_secs` reads")]
pub struct PreferHeader {
    /// `wait=N`: wait up to N seconds, at most 30. The answer says `Preference-Applied`.
    prefer: Option<String>,
}

/// The seconds that are asked for, within bounds.
fn wanted_secs(headers: &HeaderMap) -> Option<u64> {
    let wanted = headers.get_all("prefer").iter().find_map(|value| {
        value.to_str().ok()?.split([',', ';']).find_map(|preference| {
            let (name, secs) = preference.split_once('=')?;
            let secs = secs.trim().trim_matches('"').parse::<u64>().ok()?;
            name.trim().eq_ignore_ascii_case("wait").then_some(secs)
        })
    });
    wanted.map(|secs| secs.min(WAIT_SECS_MAX))
}

/// How long the caller is ready to wait.
pub fn patience(headers: &HeaderMap, default_secs: u64) -> Duration {
    Duration::from_secs(wanted_secs(headers).unwrap_or(default_secs).min(WAIT_SECS_MAX))
}

/// The answer of a route that waits, with word that it was ready to wait so long.
pub fn applied(headers: &HeaderMap, mut answer: Response) -> Response {
    if let Some(secs) = wanted_secs(headers) {
        let value = HeaderValue::from_str(&format!("wait={secs}")).expect("a plain word");
        answer.headers_mut().insert(HeaderName::from_static("preference-applied"), value);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefer_wait_changes_the_patience_within_bounds() {
        for (prefer, secs) in [
            (None, 10),
            (Some("wait=3"), 3),
            (Some("respond-async, wait=5"), 5),
            (Some("wait=0"), 0),
            (Some("wait=99999"), 30),
            (Some("wait=-1"), 10),
            (Some("waiting=3"), 10),
        ] {
            let headers = prefer.map(|value| ("prefer".parse().unwrap(), value.parse().unwrap()));
            let headers = HeaderMap::from_iter(headers);
            assert_eq!(patience(&headers, 10), Duration::from_secs(secs), "{prefer:?}");
        }
    }
}
