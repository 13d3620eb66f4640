//! Every route that hands out bytes follows the same rules of caching, ranges and names.

use axum::body::Body;
use serde_json::Value;

use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, Server, request};

async fn get_with(lab: &Lab, key: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut asked = request(key, "GET", path);
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    lab.send(asked.body(Body::empty()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_with_bytes_caches_ranges_and_names_alike() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "premium").await;
    let original = bmp(300, 200, 1);
    let id = lab.upload_ok(&key, "my%20cat.bmp", original.clone()).await;
    lab.run_jobs().await;
    let image: Value = lab.get(&key, &format!("/api/v1/images/{id}")).await.json();
    let versioned = image["original_url"].as_str().unwrap();
    for (path, name, media_type) in [
        (format!("/api/v1/images/{id}/original"), "inline; filename=\"my cat.bmp\"", "image/bmp"),
        (
            format!("/api/v1/images/{id}/variants/h200"),
            "inline; filename=\"my cat.h200.jpg\"",
            "image/jpeg",
        ),
        (
            format!("/api/v1/thumbnail/{id}/download"),
            "attachment; filename=\"my cat.thumbnail.jpg\"",
            "image/jpeg",
        ),
    ] {
        let whole = lab.get(&key, &path).await;
        assert_eq!(whole.status, 200, "{path}");
        assert_eq!(whole.header("content-disposition"), name);
        assert_eq!(whole.header("content-type"), media_type);
        assert_eq!(whole.header("cache-control"), "private, no-cache");
        assert_eq!(whole.header("x-content-type-options"), "nosniff");
        assert!(whole.header("content-security-policy").contains("default-src 'none'"));
        assert!(whole.header("content-security-policy").contains("sandbox"));
        let etag = whole.header("etag").to_owned();
        assert!(etag.starts_with('"'), "a strong tag: {etag}");

        let same = get_with(&lab, &key, &path, &[("if-none-match", &etag)]).await;
        assert_eq!((same.status.as_u16(), same.body.len()), (304, 0));
        assert_eq!(same.header("etag"), etag);
        let part = get_with(&lab, &key, &path, &[("range", "bytes=2-5")]).await;
        assert_eq!((part.status.as_u16(), &part.body[..]), (206, &whole.body[2..6]));
        let extent = format!("bytes 2-5/{}", whole.body.len());
        assert_eq!(part.header("content-range"), extent);
        let outdated = [("range", "bytes=2-5"), ("if-range", "\"other\"")];
        assert_eq!(get_with(&lab, &key, &path, &outdated).await.status, 200);
        let beyond = get_with(&lab, &key, &path, &[("range", "bytes=9999999-")]).await;
        assert_eq!((beyond.status.as_u16(), beyond.code().as_str()), (416, "bad_range"));
        let head = lab.call(&key, "HEAD", &path).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), whole.body.len().to_string());
        assert_eq!(lab.get("", &path).await.status, 401, "even with a tag, after authorisation");
    }
    assert_eq!(lab.get(&key, versioned).await.body, original);
    let immutable = lab.get(&key, versioned).await;
    assert_eq!(immutable.header("cache-control"), "private, max-age=31536000, immutable");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_and_errors_are_never_stored() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "premium").await;
    let id = lab.upload_ok(&key, "a.bmp", bmp(30, 20, 1)).await;
    for path in [
        "/api/v1/me",
        "/api/v1/images",
        &format!("/api/v1/images/{id}"),
        "/api/v1/thumbnail",
        "/api/v1/images/none",
        "/nowhere",
        "/healthz",
        "/readyz",
    ] {
        assert_eq!(lab.get(&key, path).await.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variant_asked_for_by_many_is_rendered_once() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "premium").await;
    let id = lab.upload_ok(&key, "a.bmp", bmp(300, 200, 1)).await;
    lab.run_jobs().await;
    let path = format!("/api/v1/images/{id}/variants/display");
    let later = get_with(&lab, &key, &path, &[("prefer", "wait=0")]).await;
    assert_eq!((later.status.as_u16(), later.header("retry-after")), (202, "1"));
    let head = lab.call(&key, "HEAD", &format!("/api/v1/images/{id}/variants/emoji")).await;
    assert_eq!(head.status, 202, "HEAD starts no render");

    let asks = (0..40).map(|_| lab.get(&key, &path));
    let (answers, ()) = tokio::join!(futures_util::future::join_all(asks), async {
        lab.run_jobs().await;
    });
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert!(answers.windows(2).all(|pair| pair[0].body == pair[1].body));
    let renders = minilab::fetch_one!(
        &mut lab.app.db.read().await.unwrap(),
        (i64,),
        count::MAKE_VARIANT_JOBS
    );
    assert_eq!(renders.unwrap().0, 1);
    assert_eq!(lab.differences().await, [""; 0]);
}

mod count {
    minilab::sql! {
        MAKE_VARIANT_JOBS = "SELECT COUNT(*) FROM jobs WHERE kind = 'make_variant'";
    }
}
