//! Bytes that were lost or have changed: nothing wrong goes out, and what can be put back is.

use std::path::{Path, PathBuf};

use axum::body::Body;
use futures_util::StreamExt;
use minilab::check::scrub;
use serde_json::json;

use crate::support::pictures::bmp;
use crate::support::{Lab, path_of, request};

on_both_engines! {
    an_upload_puts_back_what_is_lost_cut_or_marked
    an_image_that_failed_for_want_of_its_original_is_made_after_all
    a_lost_variant_is_made_anew_however_it_is_asked_for
    what_cannot_be_made_anew_is_told
    a_damaged_original_is_told_before_a_byte_goes_out
    of_a_changed_original_the_end_stays_here
    reading_over_finds_what_rots
    old_links_find_what_was_put_back
    what_is_found_wrong_on_its_way_out_is_marked_and_mended
}

/// Where the bytes are that `is_wanted` by their path.
fn stored(lab: &Lab, is_wanted: impl Fn(&str) -> bool) -> PathBuf {
    let found = lab.stored().into_iter().find(|path| is_wanted(path)).unwrap();
    lab.data().join("blobs").join(found)
}

fn original(lab: &Lab) -> PathBuf {
    stored(lab, |path| path.starts_with("originals/"))
}

fn cut(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    std::fs::write(path, bytes).unwrap();
}

async fn an_upload_puts_back_what_is_lost_cut_or_marked(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    let bob = lab.account("bob", "premium").await;
    let bytes = bmp(300, 200, 1);
    let id = lab.ready(&ada, "a.bmp", bytes.clone()).await;
    let path = format!("/api/v1/images/{id}/original");
    for (who, damage) in [(&ada, "lost"), (&bob, "cut"), (&ada, "flipped"), (&bob, "lost")] {
        let file = original(&lab);
        match damage {
            "lost" => std::fs::remove_file(&file).unwrap(),
            "cut" => cut(&file),
            _ => {
                flip(&file);
                // Nobody sees it from outside; this marks it.
                assert!(!lab.differences().await.is_empty());
            }
        }
        let again = lab.upload(who, "again.bmp", bytes.clone()).await;
        assert!(again.status.is_success(), "{damage}: {}", again.json());
        assert_ne!(original(&lab), file, "a generation is never used twice");
        assert_eq!(lab.get(&ada, &path).await.body, bytes, "{damage}");
        lab.run_jobs().await;
        assert_eq!(lab.differences().await, [""; 0], "{damage}");
        assert_eq!(lab.image(&ada, &id).await["state"], "ready");
        let variant = lab.get(&ada, &format!("/api/v1/images/{id}/variants/h200")).await;
        assert_eq!(variant.status, 200, "{damage}");
    }
    // What is whole stays where it is.
    let file = original(&lab);
    assert_eq!(lab.upload(&ada, "again.bmp", bytes.clone()).await.status, 200);
    assert_eq!(original(&lab), file);
}

async fn an_image_that_failed_for_want_of_its_original_is_made_after_all(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let id = lab.upload_ok(&key, "a.bmp", bmp(300, 200, 1)).await;
    std::fs::remove_file(original(&lab)).unwrap();
    for _ in 0..6 {
        lab.run_jobs().await;
        lab.app.clock.advance(std::time::Duration::from_mins(10));
    }
    assert_eq!(lab.image(&key, &id).await["error"]["code"], "original_lost");
    let again = lab.upload(&key, "a.bmp", bmp(300, 200, 1)).await;
    assert_eq!(again.json()["items"][0]["status"], "duplicate");
    lab.run_jobs().await;
    assert_eq!(lab.image(&key, &id).await["state"], "ready");
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_lost_variant_is_made_anew_however_it_is_asked_for(lab: Lab) {
    let key = lab.admin("ada").await;
    let id = lab.ready(&key, "a.bmp", bmp(1200, 900, 1)).await;
    let listed = json!({"image": id});
    let item = lab.json(&key, "POST", "/api/v1/gallery", listed).await;
    assert_eq!(item.status, 201, "{}", item.json());
    let item = item.json()["id"].as_str().unwrap().to_owned();
    let wish = json!({"variant": "h200", "expires_in": 600});
    let link = lab.json(&key, "POST", &format!("/api/v1/images/{id}/links"), wish).await.json();
    let link = path_of(link["url"].as_str().unwrap());
    let working = lab.work();
    for (path, preset) in [
        (format!("/api/v1/images/{id}/variants/h200"), "h200"),
        (format!("/api/v1/gallery/{item}/variants/h200"), "h200"),
        (format!("/api/v1/thumbnail/{id}/download"), "thumb"),
        (link, "h200"),
    ] {
        let whole = lab.get(&key, &path).await;
        assert_eq!(whole.status, 200, "{path}: {}", String::from_utf8_lossy(&whole.body));
        for damage in [cut as fn(&Path), |path: &Path| std::fs::remove_file(path).unwrap()] {
            let file = stored(&lab, |path| path.contains(&format!("/{preset}.")));
            damage(&file);
            // Another process: nothing of it is in memory.
            let fresh = lab.beside().await;
            // Nobody has it made by only looking.
            let head = fresh.call(&key, "HEAD", &path).await;
            assert_ne!(head.status, 200, "{path}");
            assert!(fresh.get_with(&key, &path, &[("range", "bytes=0-9")]).await.status != 206);
            let again = fresh.get(&key, &path).await;
            assert_eq!((again.status.as_u16(), &again.body), (200, &whole.body), "{path}");
            assert_eq!(again.header("etag"), whole.header("etag"));
        }
    }
    working.stop().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_cannot_be_made_anew_is_told(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let id = lab.ready(&key, "a.bmp", bmp(300, 200, 1)).await;
    std::fs::remove_file(original(&lab)).unwrap();
    std::fs::remove_file(stored(&lab, |path| path.contains("/h200."))).unwrap();
    let path = format!("/api/v1/images/{id}/variants/h200");
    for method in ["GET", "HEAD", "GET"] {
        assert_eq!(lab.call(&key, method, &path).await.status, 410, "{method}");
    }
    assert_eq!(lab.get(&key, &path).await.code(), "variant_lost");
    // One that was never made has nothing to be made from.
    let never = lab.get(&key, &format!("/api/v1/images/{id}/variants/display")).await;
    assert_eq!((never.status.as_u16(), never.code().as_str()), (410, "original_lost"));
}

async fn a_damaged_original_is_told_before_a_byte_goes_out(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let id = lab.ready(&key, "a.bmp", bmp(600, 400, 1)).await;
    let path = format!("/api/v1/images/{id}/original");
    let etag = lab.get(&key, &path).await.header("etag").to_owned();
    let file = original(&lab);
    cut(&file);
    for (status, code) in [(500, "original_damaged"), (410, "original_lost")] {
        assert_eq!(lab.call(&key, "HEAD", &path).await.status.as_u16(), status);
        for headers in [&[][..], &[("range", "bytes=0-9")], &[("range", "bytes=-10")]] {
            let told = lab.get_with(&key, &path, headers).await;
            assert_eq!((told.status.as_u16(), told.code().as_str()), (status, code));
        }
        // Who has the bytes keeps them.
        let same = lab.get_with(&key, &path, &[("if-none-match", &etag)]).await;
        assert_eq!(same.status, 304);
        let _ = std::fs::remove_file(&file);
    }
}

async fn of_a_changed_original_the_end_stays_here(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let bytes = bmp(600, 400, 1);
    let id = lab.ready(&key, "a.bmp", bytes.clone()).await;
    let wish = json!({"variant": "original", "expires_in": 600, "keep_location": true});
    let link = lab.json(&key, "POST", &format!("/api/v1/images/{id}/links"), wish).await.json();
    flip(&original(&lab));
    for path in [format!("/api/v1/images/{id}/original"), path_of(link["url"].as_str().unwrap())] {
        let asked = request(&key, "GET", &path).body(Body::empty()).unwrap();
        let answer = lab.respond(asked).await;
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body().into_data_stream();
        let (mut taken, mut is_broken) = (0, false);
        while let Some(chunk) = body.next().await {
            match chunk {
                Ok(chunk) => taken += chunk.len(),
                Err(_) => is_broken = true,
            }
        }
        assert!(is_broken && taken <= bytes.len() - 65_536, "{path}: {taken}");
    }
}

async fn reading_over_finds_what_rots(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let bytes = bmp(300, 200, 1);
    let id = lab.ready(&key, "a.bmp", bytes.clone()).await;
    flip(&original(&lab));
    flip(&stored(&lab, |path| path.contains("/h200.")));
    let before = original(&lab);
    assert!(scrub::read_over_now(&lab.app).await.unwrap());
    assert!(scrub::read_over_now(&lab.app).await.unwrap(), "to the end of what there is");
    assert!(!scrub::read_over_now(&lab.app).await.unwrap(), "not again so soon");
    // The original is marked: the next upload puts it back, and what was made of it is made anew.
    assert_eq!(lab.upload(&key, "a.bmp", bytes.clone()).await.status, 200);
    assert_ne!(original(&lab), before);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);

    // Of a whole original a changed variant is forgotten, and made when it is asked for.
    flip(&stored(&lab, |path| path.contains("/h200.")));
    lab.app.clock.advance(std::time::Duration::from_hours(8 * 24));
    while scrub::read_over_now(&lab.app).await.unwrap() {}
    assert!(!lab.stored().iter().any(|path| path.contains("/h200.")));
    assert_eq!(lab.differences().await, [""; 0]);
    let working = lab.work();
    let variant = lab.get(&key, &format!("/api/v1/images/{id}/variants/h200")).await;
    assert_eq!(variant.status, 200);
    working.stop().await;
}

async fn old_links_find_what_was_put_back(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let bytes = bmp(600, 400, 1);
    let id = lab.ready(&key, "a.bmp", bytes.clone()).await;
    let mut links = Vec::new();
    for wish in [
        json!({"variant": "original", "expires_in": 600, "keep_location": true}),
        json!({"variant": "h200", "expires_in": 600}),
    ] {
        let link = lab.json(&key, "POST", &format!("/api/v1/images/{id}/links"), wish).await.json();
        links.push(path_of(link["url"].as_str().unwrap()));
    }
    let print = lab.get("", &links[1]).await.body;
    std::fs::remove_file(original(&lab)).unwrap();
    assert_eq!(lab.get("", &links[0]).await.code(), "original_lost");
    assert_eq!(lab.upload(&key, "a.bmp", bytes.clone()).await.status, 200);
    lab.run_jobs().await;
    assert_eq!(lab.get("", &links[0]).await.body, bytes);
    assert_eq!(lab.beside().await.get("", &links[1]).await.body, print);
}

async fn what_is_found_wrong_on_its_way_out_is_marked_and_mended(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    let bytes = bmp(30, 20, 1);
    let id = lab.ready(&ada, "a.bmp", bytes.clone()).await;
    let image = format!("/api/v1/images/{id}");
    let path = format!("{image}/original");

    flip(&original(&lab));
    let fresh = lab.beside().await;
    assert_eq!(fresh.call(&ada, "HEAD", &path).await.status, 200, "nobody has looked");
    assert_eq!(fresh.get(&ada, &path).await.code(), "original_damaged");
    scrub::examine_now(&fresh.app).await.unwrap();
    assert_eq!(fresh.call(&ada, "HEAD", &path).await.status, 500);
    assert_eq!(lab.get(&ada, &path).await.code(), "original_damaged");
    let wish = json!({"ids": [id], "variant": "original"});
    let zip = lab.json(&ada, "POST", "/api/v1/images/zip", wish).await;
    assert_eq!(zip.status, 200);
    assert!(!zip.body.windows(50).any(|part| bytes.windows(50).next() == Some(part)));
    assert!(String::from_utf8_lossy(&zip.body).contains("not-included.txt"));
    let again = lab.upload(&ada, "again.bmp", bytes.clone()).await;
    assert_eq!(again.json()["items"][0]["status"], "duplicate");
    assert_eq!(lab.get(&ada, &path).await.body, bytes);
    lab.run_jobs().await;

    let variant = format!("{image}/variants/h200");
    let whole = lab.get(&ada, &variant).await;
    assert_eq!(whole.status, 200);
    flip(&stored(&lab, |path| path.contains("/h200.")));
    let working = lab.work();
    let mended = lab.beside().await.get(&ada, &variant).await;
    assert_eq!((mended.status.as_u16(), mended.body == whole.body), (200, true));
    working.stop().await;
    assert_eq!(lab.differences().await, [""; 0]);
}
