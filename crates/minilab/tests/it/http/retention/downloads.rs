//! Images that go once they were downloaded, and only then.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;

use super::super::callers::assert_refused;
use super::{IMAGES, brought, keep_house, link, original, path, variant};
use crate::support::pictures::bmp;
use crate::support::{Lab, request, soon};

on_both_engines! {
    a_look_is_no_download
    a_full_original_is_a_download
    a_variant_that_is_saved_as_a_file_is_a_download
    a_thumbnail_of_the_older_service_is_a_download
    a_link_that_is_opened_is_a_download
    an_answer_that_breaks_off_is_no_download
    two_who_download_at_once_both_get_it
}

mod rows {
    minilab::sql! {
        DUE = "SELECT COUNT(*) FROM images WHERE delete_at_ms IS NOT NULL";
    }
}

/// Due, but there for a second try; then gone, with all that was stored.
async fn goes(lab: &Lab, key: &str, image: &str) {
    soon("it is due", async || lab.number(rows::DUE).await == 1).await;
    let grace = Duration::from_secs(lab.app.config.images.download_grace_secs);
    assert_eq!(grace, Duration::from_mins(5));
    lab.app.clock.advance(grace.saturating_sub(Duration::from_secs(30)));
    keep_house(lab).await;
    assert_eq!(lab.get(key, &original(image)).await.status, 200, "a second try");
    lab.app.clock.advance(Duration::from_secs(31));
    keep_house(lab).await;
    assert_eq!(lab.get(key, &path(image)).await.status, 404, "the second try makes it no longer");
    lab.run_jobs().await;
    assert_eq!((lab.stored(), lab.differences().await), (Vec::new(), Vec::new()));
}

async fn stays(lab: &Lab, key: &str, image: &str) {
    lab.run_jobs().await;
    assert_eq!(lab.number(rows::DUE).await, 0);
    let shown = lab.image(key, image).await;
    assert_eq!((&shown["state"], &shown["delete_at"]), (&"ready".into(), &serde_json::Value::Null));
    assert_eq!(shown["delete_after_download"], true);
}

async fn head(lab: &Lab, key: &str, path: &str) {
    let sent = request(key, "HEAD", path).body(Body::empty()).unwrap();
    assert_eq!(lab.send(sent).await.status, 200, "{path}");
}

async fn a_look_is_no_download(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let image = brought(&lab, &ada, "download", bmp(300, 200, 1)).await;
    let shared = link(&lab, &ada, &image, "original").await;
    for whole in [
        original(&image),
        format!("{}?download=true", original(&image)),
        format!("{}?download=true", variant(&image, "h200")),
        shared,
        format!("/api/v1/thumbnail/{image}/download"),
    ] {
        head(&lab, &ada, &whole).await;
        let range = [("range", "bytes=0-9")];
        assert_eq!(lab.get_with(&ada, &whole, &range).await.status, 206);
        // All of it but the last byte, and the last byte alone.
        let range = [("range", "bytes=-1")];
        assert_eq!(lab.get_with(&ada, &whole, &range).await.status, 206);
        let range = [("range", "bytes=99999999-")];
        assert_eq!(lab.get_with(&ada, &whole, &range).await.status, 416);
        let known = [("if-none-match", "*")];
        assert_eq!(lab.get_with(&ada, &whole, &known).await.status, 304);
        stays(&lab, &ada, &image).await;
    }
    for preset in ["thumb", "preview", "h200", "h400"] {
        assert_eq!(lab.get(&ada, &variant(&image, preset)).await.status, 200, "shown on a page");
        let path = format!("{}?download=false", variant(&image, preset));
        assert_eq!(lab.get(&ada, &path).await.status, 200);
    }
    assert_eq!(lab.get(&ada, IMAGES).await.json()["total"], 1);
    stays(&lab, &ada, &image).await;
    // What is refused hands nothing out.
    let eve = lab.account("eve", "business").await;
    assert_refused(&lab.get(&eve, &original(&image)).await, 404, "not_found");
    stays(&lab, &ada, &image).await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_full_original_is_a_download(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    // One that memory keeps, and one that is read from its file.
    for side in [30, 1200] {
        let bytes = bmp(side, side, 1);
        let image = brought(&lab, &ada, "download", bytes.clone()).await;
        let got = lab.get(&ada, &original(&image)).await;
        assert_eq!((got.status.as_u16(), got.body == bytes), (200, true));
        goes(&lab, &ada, &image).await;
    }
    assert_eq!(lab.get(&ada, "/api/v1/me").await.json()["usage"]["images"], 0);
}

async fn a_variant_that_is_saved_as_a_file_is_a_download(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    for warm in [false, true] {
        let image = brought(&lab, &ada, "download", bmp(300, 200, 1)).await;
        if warm {
            // Also when the print was shown just before.
            assert_eq!(lab.get(&ada, &variant(&image, "h200")).await.status, 200);
        }
        let got = lab.get(&ada, &format!("{}?download=true", variant(&image, "h200"))).await;
        assert_eq!(got.status, 200);
        assert!(got.header("content-disposition").starts_with("attachment"));
        goes(&lab, &ada, &image).await;
    }
}

async fn a_thumbnail_of_the_older_service_is_a_download(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let image = brought(&lab, &ada, "download", bmp(300, 200, 1)).await;
    let got = lab.get(&ada, &format!("/api/v1/thumbnail/{image}/download")).await;
    assert_eq!(got.status, 200);
    goes(&lab, &ada, &image).await;
}

async fn a_link_that_is_opened_is_a_download(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    for of in ["h200", "original"] {
        let image = brought(&lab, &ada, "download", bmp(300, 200, 1)).await;
        let paths = [link(&lab, &ada, &image, of).await, link(&lab, &ada, &image, "thumb").await];
        stays(&lab, &ada, &image).await;
        assert_eq!(lab.get("", &paths[0]).await.status, 200);
        goes(&lab, &ada, &image).await;
        for path in paths {
            assert_refused(&lab.get("", &path).await, 410, "link_revoked");
        }
    }
}

async fn an_answer_that_breaks_off_is_no_download(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let bytes = bmp(1200, 1200, 1);
    let image = brought(&lab, &ada, "download", bytes.clone()).await;
    let ask = || request(&ada, "GET", &original(&image)).body(Body::empty()).unwrap();
    // Nobody reads on.
    drop(lab.respond(ask()).await);
    stays(&lab, &ada, &image).await;
    let mut body = lab.respond(ask()).await.into_body().into_data_stream();
    let first = body.next().await.unwrap().unwrap();
    assert!(!first.is_empty() && first.len() < bytes.len());
    drop(body);
    stays(&lab, &ada, &image).await;
    assert_eq!(lab.get(&ada, &original(&image)).await.body.len(), bytes.len());
    goes(&lab, &ada, &image).await;
}

async fn two_who_download_at_once_both_get_it(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let bytes = bmp(1200, 1200, 1);
    let image = brought(&lab, &ada, "download", bytes.clone()).await;
    let paths = [original(&image), original(&image), original(&image)];
    let got = futures_util::future::join_all(paths.iter().map(|path| lab.get(&ada, path))).await;
    assert!(got.iter().all(|got| got.status == 200 && got.body == bytes));
    goes(&lab, &ada, &image).await;
}
