//! The one cookie: who is signed in with this browser.

use axum::http::{HeaderMap, HeaderValue, header};

/// Browsers hold a `__Host-` cookie to one host, all paths and TLS; without TLS they refuse it.
fn name(secure: bool) -> &'static str {
    if secure { "__Host-minilab" } else { "minilab" }
}

/// The cookie's value, if there is one.
pub fn read(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(found, value)| {
        [name(true), name(false)].contains(&found.trim()).then_some(value.trim())
    })
}

/// `Set-Cookie` for so many seconds; 0 removes it. `secure`: the service is reached by TLS.
pub fn set(value: &str, max_age_secs: u64, secure: bool) -> HeaderValue {
    let (name, flag) = (name(secure), if secure { "; Secure" } else { "" });
    let cookie =
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_secs}{flag}");
    HeaderValue::from_str(&cookie).expect("a key is made of visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        for (sent, value) in [
            ("minilab=x", Some("x")),
            ("a=b; minilab=x; c=d", Some("x")),
            ("__Host-minilab=y", Some("y")),
            ("minilabs=x; xminilab=y", None),
            ("minilab", None),
        ] {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(sent))]);
            assert_eq!(read(&headers), value, "{sent}");
        }
    }

    #[test]
    fn scripts_and_other_sites_do_not_get_it() {
        let plain = "minilab=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60";
        assert_eq!(set("x", 60, false), plain);
        assert_eq!(set("x", 60, true), format!("__Host-{plain}; Secure"));
    }
}
