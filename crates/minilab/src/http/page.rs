//! A problem as a page, for people whom a browser brought to a dead link or to nothing at all.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::request_id;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// What a problem says to people; stands beside its JSON until it is known who reads it.
#[derive(Clone)]
pub(super) struct ForPeople {
    pub(super) status: StatusCode,
    pub(super) detail: String,
}

/// Whether a browser asks for a page to show. Scripts, programs and `<img>` do not ask for HTML.
pub(super) fn wants_page(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let takes_html = accepts.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("text/html"));
        is_html && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    });
    method.is_safe() && !path.starts_with("/api/") && takes_html
}

/// The same answer as a page, if it is a problem. `home` is where the way out leads.
pub(super) fn as_page(answer: Response, home: &str) -> Response {
    let Some(ForPeople { status, detail }) = answer.extensions().get::<ForPeople>().cloned() else {
        return answer;
    };
    let title = match status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::GONE => "This is gone",
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => "This is not open to you",
        _ if status.is_server_error() => "Something went wrong",
        _ => "That did not work",
    };
    let mut page = (status, Html(render(title, &detail, home))).into_response();
    let policy = HeaderValue::from_static(POLICY);
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    page.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    for (name, value) in answer.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            page.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    page
}

fn render(title: &str, detail: &str, home: &str) -> String {
    let mut sentence = detail.chars();
    let sentence = sentence.next().map(|first| first.to_uppercase().chain(sentence));
    let sentence = sentence.map(Iterator::collect::<String>).unwrap_or_default();
    let id = request_id::current().unwrap_or_default();
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
  <meta name="color-scheme" content="light dark">
  <title>{title} · Minilab</title>
  <link rel="icon" href="/ui/favicon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/ui/style.css">
</head>
<body>
  <main class="door">
    <img src="/ui/favicon.svg" alt="" width="64" height="64">
    <h1>{title}</h1>
    <p>{sentence}.</p>
    <a class="main" href="{home}">To the library</a>
    <p class="hint">The log has this under {id}.</p>
  </main>
</body>
</html>
"#,
        sentence = escape(&sentence),
        home = escape(home),
        id = escape(&id),
    )
}

/// Text as HTML shows it.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(c),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_asks_for_html_gets_a_page() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (path, accept, wants) in [
            ("/nothing", browser, true),
            ("/l/x", "text/html", true),
            ("/api/v1/nothing", browser, false),
            ("/nothing", "*/*", false),
            ("/nothing", "image/avif,image/webp,*/*", false),
            ("/nothing", "application/json, text/html;q=0", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(wants_page(&Method::GET, path, &headers), wants, "{path} {accept}");
        }
        assert!(!wants_page(&Method::GET, "/", &HeaderMap::new()));
        assert_eq!(escape("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
