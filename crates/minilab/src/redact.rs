//! Settings and errors without the secrets that their addresses hold.

use percent_encoding::percent_decode_str;

const HIDDEN: &str = "***";

/// Parameters of an address that say nothing secret. Of all others only the name is shown.
const PLAIN: [&str; 20] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "statement-cache-capacity",
    "connect_timeout",
    "application_name",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "region",
    "endpoint",
    "bucket",
    "prefix",
    "db",
    "timeout",
    "v",
];
/// A word of these, not in an address: `password=…`.
const SECRET: [&str; 7] = ["pass", "pwd", "secret", "token", "key", "credential", "auth"];

/// The text with every password, token and key in it hidden: in each address, however many there are and
/// whatever is wrong with them, and in `name=value` pairs.
pub fn redact(text: &str) -> String {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_end).unwrap_or(rest.len());
        redact_word(&rest[..end], &mut out);
        let between = rest[end..].find(|c| !is_end(c)).map_or(rest.len(), |length| end + length);
        out.push_str(&rest[end..between]);
        rest = &rest[between..];
    }
    out
}

/// The same for a text that is one setting: an address may have spaces and quotes in it.
pub fn redact_setting(text: &str) -> String {
    if scheme_start(text).is_none() {
        return redact(text);
    }
    let mut out = String::with_capacity(text.len());
    redact_word(text, &mut out);
    out
}

/// A word is one address, or several behind each other, or none.
fn redact_word(word: &str, out: &mut String) {
    let Some(start) = scheme_start(word) else {
        return redact_plain(word, out);
    };
    out.push_str(&word[..start]);
    let (scheme, rest) = word[start..].split_once("://").expect("found before");
    out.push_str(scheme);
    out.push_str("://");
    // The next one begins behind a comma or the like; a password may contain one, too.
    let next = rest
        .match_indices([',', ';'])
        .find_map(|(at, _)| (scheme_start(&rest[at + 1..]) == Some(0)).then_some(at + 1));
    let (this, others) = rest.split_at(next.unwrap_or(rest.len()));
    redact_address(this, out);
    redact_word_if_any(others, out);
}

fn redact_word_if_any(word: &str, out: &mut String) {
    if !word.is_empty() {
        redact_word(word, out);
    }
}

/// Where an address begins: letters, digits and `+-.` before `://`.
fn scheme_start(word: &str) -> Option<usize> {
    let end = word.find("://")?;
    let scheme = word[..end].bytes().rev();
    let length = scheme.take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
    (length > 0).then_some(end - length)
}

/// What stands behind `://`: who, where, and parameters.
fn redact_address(address: &str, out: &mut String) {
    let authority = address.find(['/', '?', '#']).unwrap_or(address.len());
    let (front, back) = address.split_at(authority);
    let path = back.split(['?', '#']).next().unwrap_or_default();
    if front.contains('@') && back.contains('@') {
        // Where the password ends cannot be told.
        out.push_str(HIDDEN);
        return;
    }
    // A password whose `/`, `?` or `#` was not encoded looks like a port, and has the `@` behind it.
    let is_broken = !front.contains('@') && (front.contains(':') || path.contains('@'));
    let credentials = if is_broken { address } else { front };
    let rest = match credentials.rfind('@') {
        Some(end) => {
            redact_credentials(&address[..end], out);
            out.push('@');
            &address[end + 1..]
        }
        None => address,
    };
    let (before, fragment) = rest.split_once('#').map_or((rest, None), |(a, b)| (a, Some(b)));
    let (place, query) = before.split_once('?').map_or((before, None), |(a, b)| (a, Some(b)));
    redact_place(place, out);
    if let Some(query) = query {
        out.push('?');
        redact_query(query, out);
    }
    if fragment.is_some_and(|fragment| !fragment.is_empty()) {
        out.push('#');
        out.push_str(HIDDEN);
    }
}

/// Hosts with their ports, and a path. What is no port may be a password, and what follows a `;` a parameter.
fn redact_place(place: &str, out: &mut String) {
    let (place, parameters) = place.split_once(';').map_or((place, None), |(a, b)| (a, Some(b)));
    let end = place.find('/').unwrap_or(place.len());
    let has_port = |host: &str| match host.rsplit_once(':') {
        Some((_, port)) => host.ends_with(']') || port.bytes().all(|b| b.is_ascii_digit()),
        None => true,
    };
    let hosts = &place[..end];
    out.push_str(if hosts.split(',').all(has_port) { hosts } else { HIDDEN });
    out.push_str(&place[end..]);
    if let Some(parameters) = parameters {
        out.push(';');
        redact_query(parameters, out);
    }
}

/// Who has a password may be named; a name alone may be a token.
fn redact_credentials(credentials: &str, out: &mut String) {
    match credentials.split_once(':') {
        Some((user, password)) if !password.is_empty() && password != "x-oauth-basic" => {
            out.push_str(user);
            out.push(':');
        }
        _ => {}
    }
    out.push_str(HIDDEN);
}

fn redact_query(query: &str, out: &mut String) {
    for pair in query.split_inclusive(['&', ';']) {
        let bare = pair.trim_end_matches(['&', ';']);
        let (name, value) = bare.split_once('=').map_or((bare, None), |(a, b)| (a, Some(b)));
        let plain = percent_decode_str(name).decode_utf8_lossy().to_ascii_lowercase();
        match value {
            Some(value)
                if PLAIN.contains(&&*plain)
                    && !value.contains('@')
                    && !(plain == "user" && value.contains(':')) =>
            {
                out.push_str(bare);
            }
            Some(_) => {
                out.push_str(name);
                out.push('=');
                out.push_str(HIDDEN);
            }
            // Without a value it may be the secret itself.
            None if PLAIN.contains(&&*plain) || name.is_empty() => out.push_str(name),
            None => out.push_str(HIDDEN),
        }
        out.push_str(&pair[bare.len()..]);
    }
}

/// A word without `://`: a pair, or an address whose scheme was forgotten. A path of modules with a level
/// is a filter of the log, and no pair.
fn redact_plain(word: &str, out: &mut String) {
    if let Some((name, value)) = word.split_once('=')
        && !value.is_empty()
        && !name.contains("::")
        && SECRET.iter().any(|secret| name.to_ascii_lowercase().contains(secret))
    {
        out.push_str(name);
        out.push('=');
        out.push_str(HIDDEN);
        return;
    }
    match word.rsplit_once('@') {
        Some((credentials, place)) if credentials.contains(':') => {
            redact_credentials(credentials, out);
            out.push('@');
            out.push_str(place);
        }
        _ => out.push_str(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_an_address_shows_its_secret() {
        for (given, shown) in [
            ("postgres://me:s3cret@db/lab", "postgres://me:***@db/lab"),
            ("postgres://me:s3@cret@db/lab", "postgres://me:***@db/lab"),
            ("postgres://me:s3/cret@db/lab", "postgres://me:***@db/lab"),
            ("postgres://me:s3?cret#x@db/lab", "postgres://me:***@db/lab"),
            ("postgres://me:%733cret@db/lab", "postgres://me:***@db/lab"),
            ("redis://:s3cret@cache:6379/0", "redis://:***@cache:6379/0"),
            ("https://s3cret@host/x", "https://***@host/x"),
            ("https://s3cret:@host/x", "https://***@host/x"),
            ("https://s3cret:x-oauth-basic@host/x", "https://***@host/x"),
            ("postgres://db/lab?password=s3cret", "postgres://db/lab?password=***"),
            (
                "postgres://db/lab?user=me&sslpassword=s3cret&sslmode=require",
                "postgres://db/lab?user=me&sslpassword=***&sslmode=require",
            ),
            ("postgres://db/lab?pass%77ord=s3cret", "postgres://db/lab?pass%77ord=***"),
            ("https://host/x?s3cret", "https://host/x?***"),
            (
                "https://host/x?X-Amz-Signature=s3cret#s3cret",
                "https://host/x?X-Amz-Signature=***#***",
            ),
            (
                "redis://:s3cret@a,redis://:s3cret@b redis://me:s3cret@c",
                "redis://:***@a,redis://:***@b redis://me:***@c",
            ),
            ("amqp://me:s3,cret@h1,h2/x", "amqp://me:***@h1,h2/x"),
            ("postgres://me:a@s3/cret@db/lab", "postgres://***"),
            ("postgres://me:a@s3#cret@db/lab", "postgres://***"),
            ("postgres://m/e:s3cret@db/lab", "postgres://m/e:***@db/lab"),
            ("postgres://db/lab;password=s3cret", "postgres://db/lab;password=***"),
            ("postgres://db/lab?user=me:s3cret", "postgres://db/lab?user=***"),
            ("postgres://me:s3,postgres://cret@db/lab", "postgres://***postgres://***@db/lab"),
            ("me:s3cret@db/lab", "me:***@db/lab"),
            ("host=db password=s3cret user=me", "host=db password=*** user=me"),
            (
                "x: \"jdbc:postgres://me:s3cret@db\" is not",
                "x: \"jdbc:postgres://me:***@db\" is not",
            ),
        ] {
            assert_eq!(redact(given), shown);
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        for plain in [
            "",
            "127.0.0.1:8000",
            "http://127.0.0.1:8000/setup",
            "file:///srv/blobs",
            "amqp://one:5672,two:5673/lab",
            "postgres://[::1]:5432/lab",
            "postgres://db.example:5432/lab?sslmode=verify-full&application_name=lab",
            "the settings are not usable:\n  workers: 300 is more than 256",
            "info,minilab::jobs=debug",
            "info,minilab::accounts::key=debug",
        ] {
            assert_eq!(redact(plain), plain);
        }
    }
}
