//! The one cookie: who is signed in with this browser.

use axum::http::{HeaderMap, HeaderValue, header};

/// Browsers hold a `__Host-` cookie to one host, all paths and TLS; without TLS they refuse it.
fn name(secure: bool) -> &'static str {
    if secure { "__Host-minilab" } else { "minilab" }
}

/// The cookie's value, if there is one. By TLS only the name counts that no other host can set.
pub fn read(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(found, value)| (found.trim() == name(secure)).then_some(value.trim()))
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
        for (sent, secure, value) in [
            ("minilab=x", false, Some("x")),
            ("a=b; minilab=x; c=d", false, Some("x")),
            ("__Host-minilab=y", true, Some("y")),
            // Another host of the same site could have set this one.
            ("minilab=x", true, None),
            ("minilabs=x; xminilab=y", false, None),
            ("minilab", false, None),
        ] {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(sent))]);
            assert_eq!(read(&headers, secure), value, "{sent}");
        }
    }

    #[test]
    fn scripts_and_other_sites_do_not_get_it() {
        let plain = "minilab=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60";
        assert_eq!(set("x", 60, false), plain);
        assert_eq!(set("x", 60, true), format!("__Host-{plain}; Secure"));
    }
}
