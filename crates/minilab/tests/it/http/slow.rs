//! Whoever sends too slowly is given up.

use std::time::Duration;

use axum::body::Body;
use futures_util::{StreamExt, stream};

use crate::support::pictures::bmp;
use crate::support::{Lab, Server, request};

/// One byte at a time, for ever: never idle, never done.
fn trickle(start: Vec<u8>) -> Body {
    let first = stream::once(async move { Ok::<_, std::io::Error>(start) });
    let rest = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok(vec![0]), ()))
    });
    Body::from_stream(first.chain(rest))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_below_the_least_rate_is_given_up_and_leaves_nothing() {
    let lab = Lab::with(Server::Sqlite, |config| {
        config.uploads.idle_secs = 1;
        config.uploads.rate_min = 1000;
    })
    .await;
    let key = lab.account("ada", "premium").await;
    let form = b"--X\r\nContent-Disposition: form-data; name=f; filename=a.bmp\r\n\r\nBM".to_vec();
    let between = b"--X\r\nContent-Disposition: form-data; na".to_vec();
    for (what, content_type, start) in [
        ("a body", "image/bmp", bmp(9, 9, 1)),
        ("a file of a form", "multipart/form-data; boundary=X", form),
        ("the head of a part", "multipart/form-data; boundary=X", between),
    ] {
        let sent = request(&key, "POST", "/api/v1/images").header("content-type", content_type);
        let answer = lab.send(sent.body(trickle(start)).unwrap()).await;
        let found = (answer.status.as_u16(), answer.code());
        assert_eq!(found, (408, "too_slow".to_owned()), "{what}");
    }
    assert_eq!(lab.stored(), [""; 0]);
    assert_eq!(lab.get(&key, "/api/v1/me").await.json()["usage"]["images"], 0);
}
