//! What a link does not tell, and who is not told of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minilab::blobs::hex;

use super::{link, links_path, open, token};
use crate::support::pictures::bmp;
use crate::support::{Kept, Lab, Server, ids};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_nothing_in_clear() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "business").await;
    let picture = bmp(30, 20, 1);
    let image = lab.ready(&key, "holiday.bmp", picture.clone()).await;
    let print = lab.get(&key, &format!("/api/v1/images/{image}/variants/h200")).await;
    let paths = [link(&lab, &key, &image, "h200").await, link(&lab, &key, &image, "h200").await];
    let [first, second] = paths.each_ref().map(|path| URL_SAFE_NO_PAD.decode(token(path)).unwrap());
    let link_id = ids(&lab.get(&key, &links_path(&image)).await.json()["items"]).remove(0);
    let id = |text: &str| uuid::Uuid::try_parse(text).unwrap().as_bytes().to_vec();
    for (what, secret) in [
        ("the file's name", b"holiday".to_vec()),
        ("the preset", b"h200".to_vec()),
        ("the format", b"jpeg".to_vec()),
        ("the original's hash", blake3::hash(&picture).as_bytes()[..16].to_vec()),
        ("the print's hash", blake3::hash(&print.body).as_bytes()[..8].to_vec()),
        ("the image's id", id(&image)),
        ("the link's id", id(&link_id)),
    ] {
        for token in [&first, &second] {
            let is_there = token.windows(secret.len()).any(|window| window == secret);
            assert!(!is_there, "{what}");
        }
    }
    // Behind the key's name, two links to the same thing have nothing in common.
    assert_eq!(first[..4], second[..4]);
    let alike = first[4..].iter().zip(&second[4..]).filter(|(one, other)| one == other).count();
    assert!(alike < first.len() / 8, "{alike} of {} bytes", first.len());
}

// On one thread, so that all of it is heard.
#[tokio::test]
async fn the_log_has_no_token_and_no_path() {
    let (kept, listening) = Kept::listen("trace");
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "business").await;
    let picture = bmp(30, 20, 1);
    let image = lab.ready(&key, "holiday.bmp", picture.clone()).await;
    let mut paths = Vec::new();
    for variant in ["h200", "original"] {
        paths.push(link(&lab, &key, &image, variant).await);
    }
    let mut statuses = Vec::new();
    for path in &paths {
        statuses.push(open(&lab, path).await.status.as_u16());
        statuses.push(lab.get_with("", path, &[("range", "bytes=1-2")]).await.status.as_u16());
        // The log must not help to guess, either.
        statuses.push(open(&lab, &format!("{path}x")).await.status.as_u16());
    }
    assert_eq!(lab.call(&key, "DELETE", &format!("/api/v1/images/{image}")).await.status, 204);
    statuses.push(open(&lab, &paths[0]).await.status.as_u16());
    lab.app.clock.advance(std::time::Duration::from_hours(2));
    statuses.push(open(&lab, &paths[1]).await.status.as_u16());
    assert_eq!(statuses, [200, 206, 403, 200, 206, 403, 410, 410]);
    drop(listening);

    let log = kept.text();
    assert!(log.contains("/l/{token}") && log.contains("answered"), "something is logged");
    let stored = hex(blake3::hash(&picture).as_bytes());
    for (what, secret) in [
        ("the first token", &token(&paths[0])[10..40]),
        ("the second token", &token(&paths[1])[10..40]),
        ("the original's path", &stored),
        ("the file's name", "holiday"),
        ("the caller's key", &key[4..]),
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{what}");
    }
}
