//! One line for each request, that says who asked for how much; probes and assets are quiet.

use minilab::http::peer::Peer;

use crate::support::{Kept, Lab, Server, request};

// On one thread, so that all of it is heard.
#[tokio::test]
async fn each_request_is_a_line_with_account_peer_and_size() {
    let proxies = |config: &mut minilab::config::Config| {
        config.proxies = vec!["10.0.0.0/8".parse().unwrap()];
    };
    let lab = Lab::with(Server::Sqlite, proxies).await;
    let key = lab.account("ada", "premium").await;
    let path = lab.account_path("ada").await;
    let account = path.rsplit_once('/').unwrap().1;
    let (kept, listening) = Kept::listen("info");
    let asked = request(&key, "GET", "/api/v1/images").header("x-forwarded-for", "203.0.113.9");
    let mut asked = asked.body(axum::body::Body::empty()).unwrap();
    asked.extensions_mut().insert(Peer("10.1.2.3".parse().unwrap()));
    let length = lab.send(asked).await.body.len();
    for quiet in ["/healthz", "/readyz", "/ui/style.css"] {
        assert_eq!(lab.get("", quiet).await.status, 200);
    }
    lab.get("", "/api/v1/me").await;
    drop(listening);

    let log = kept.text();
    let lines = log.lines().filter(|line| line.contains("minilab::access")).collect::<Vec<_>>();
    assert_eq!(lines.len(), 2, "{log}");
    for word in [
        "status=200",
        &format!("bytes={length}"),
        "duration_ms=",
        "peer=203.0.113.9",
        &format!("account={account}"),
        "route=\"/api/v1/images\"",
        "method=GET",
    ] {
        assert!(lines[0].contains(word), "{word}: {}", lines[0]);
    }
    // Nobody known asked for the second one.
    assert!(lines[1].contains("status=401") && !lines[1].contains("account="), "{}", lines[1]);
}
