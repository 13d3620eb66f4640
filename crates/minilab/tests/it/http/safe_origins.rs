//! Pages of other sites: those that the settings name may call with a key, the others may not.

use axum::body::Body;
use axum::http::{Method, header};

use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, Server, request};

const FRIEND: &str = "https://app.example";
const FOES: [&str; 6] = [
    "https://evil.example",
    "http://app.example",
    "https://app.example:8443",
    "https://app.example.evil.example",
    "https://APP.example",
    "null",
];

async fn lab() -> Lab {
    Lab::with(Server::Sqlite, |config| config.browsers.origins = vec![FRIEND.to_owned()]).await
}

async fn call(lab: &Lab, key: &str, method: &str, headers: &[(&str, &str)]) -> Answer {
    let mut asked = request(key, method, "/api/v1/images");
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    let body = if method == "POST" { Body::from(bmp(30, 20, 1)) } else { Body::empty() };
    lab.send(asked.body(body).unwrap()).await
}

/// Whether a page of some origin may read the answer.
fn allowed(answer: &Answer) -> &str {
    // A browser would send cookies along, and show the page what they open.
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    answer.header("access-control-allow-origin")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_the_settings_name_may_call_with_a_key() {
    let lab = lab().await;
    let key = lab.account("ada", "free").await;
    let listed = call(&lab, &key, "GET", &[("origin", FRIEND)]).await;
    assert_eq!((listed.status.as_u16(), allowed(&listed)), (200, FRIEND));
    let varies = listed.headers.get_all(header::VARY).iter();
    let varies = varies.map(|value| value.to_str().unwrap().to_ascii_lowercase());
    assert!(varies.collect::<Vec<_>>().join(",").contains("origin"));
    let exposed = listed.header("access-control-expose-headers").to_ascii_lowercase();
    for name in ["etag", "link", "location", "retry-after", "content-range", "x-request-id"] {
        assert!(exposed.split(',').any(|exposed| exposed.trim() == name), "{name}: {exposed}");
    }
    let from_there = [("origin", FRIEND), ("sec-fetch-site", "cross-site")];
    let sent = call(&lab, &key, "POST", &from_there).await;
    assert_eq!((sent.status.as_u16(), allowed(&sent)), (201, FRIEND));
    // It can read why it is refused, too.
    let refused = call(&lab, "", "GET", &[("origin", FRIEND)]).await;
    assert_eq!((refused.status.as_u16(), allowed(&refused)), (401, FRIEND));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_says_what_such_a_page_may_do() {
    let lab = lab().await;
    for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let asked = [
            ("origin", FRIEND),
            ("sec-fetch-site", "cross-site"),
            ("access-control-request-method", method.as_str()),
            ("access-control-request-headers", "authorization,content-type,idempotency-key"),
        ];
        let answer = call(&lab, "", "OPTIONS", &asked).await;
        assert_eq!((answer.status.as_u16(), allowed(&answer)), (200, FRIEND), "{method}");
        let methods = answer.header("access-control-allow-methods");
        assert!(methods.split(',').any(|allowed| allowed.trim() == method.as_str()), "{methods}");
        let headers = answer.header("access-control-allow-headers").to_ascii_lowercase();
        for name in ["authorization", "content-type", "range", "idempotency-key", "prefer"] {
            assert!(headers.split(',').any(|allowed| allowed.trim() == name), "{name}: {headers}");
        }
    }
    for origin in FOES {
        let asked = [("origin", origin), ("access-control-request-method", "POST")];
        assert_eq!(allowed(&call(&lab, "", "OPTIONS", &asked).await), "", "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_pages_read_nothing_and_change_nothing() {
    let lab = lab().await;
    let key = lab.account("ada", "free").await;
    for origin in FOES {
        let listed = call(&lab, &key, "GET", &[("origin", origin)]).await;
        assert_eq!(allowed(&listed), "", "{origin}");
        for site in ["cross-site", "same-site"] {
            let asked = [("origin", origin), ("sec-fetch-site", site)];
            let sent = call(&lab, &key, "POST", &asked).await;
            assert_eq!((sent.status.as_u16(), &*sent.code()), (403, "cross_site"), "{origin}");
            assert_eq!(allowed(&sent), "", "{origin}");
        }
        // An older browser says only where it comes from.
        let sent = call(&lab, &key, "POST", &[("origin", origin)]).await;
        assert_eq!((sent.status.as_u16(), &*sent.code()), (403, "cross_site"), "{origin}");
    }
    assert_eq!(lab.stored(), [""; 0]);
    let plain = call(&lab, &key, "GET", &[]).await;
    assert_eq!(allowed(&plain), "", "nobody asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_from_another_site_counts_for_nothing_even_where_its_pages_may_call() {
    let lab = lab().await;
    let key = lab.account("ada", "free").await;
    let cookie = ("cookie", "minilab=mlc_00000000000000000000000000000000_x");
    for site in ["cross-site", "same-site"] {
        let asked = [("origin", FRIEND), ("sec-fetch-site", site), cookie];
        let sent = call(&lab, &key, "POST", &asked).await;
        assert_eq!((sent.status.as_u16(), &*sent.code()), (403, "cross_site"), "{site}");
    }
    let read = call(&lab, "", "GET", &[("origin", FRIEND), cookie]).await;
    assert_eq!((read.status.as_u16(), allowed(&read)), (401, FRIEND));
    assert_eq!(lab.stored(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_setting_no_other_page_may_call() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "free").await;
    for origin in [FRIEND, "null"] {
        let listed = call(&lab, &key, "GET", &[("origin", origin)]).await;
        assert_eq!((listed.status.as_u16(), allowed(&listed)), (200, ""), "{origin}");
        let sent = call(&lab, &key, "POST", &[("origin", origin)]).await;
        assert_eq!(sent.code(), "cross_site");
        let asked = [("origin", origin), ("access-control-request-method", "POST")];
        assert_eq!(allowed(&call(&lab, "", "OPTIONS", &asked).await), "");
    }
    // Our own pages are not from elsewhere.
    let own = [("origin", "http://localhost"), ("sec-fetch-site", "same-origin")];
    assert_eq!(call(&lab, &key, "POST", &own).await.status, 201);
}
