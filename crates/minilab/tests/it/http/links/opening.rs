//! Opening a link: right bytes, right headers, no database.

use std::time::Duration;

use serde_json::json;

use super::{link, open, outcome, token};
use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, Server};

on_both_engines! {
    a_link_opens_without_the_database
    a_link_opens_until_its_last_second
    a_link_shows_what_it_was_made_for_when_the_preset_has_changed
}

/// The seconds that an answer may be kept.
fn kept_secs(answer: &Answer) -> i64 {
    let control = answer.header("cache-control");
    let secs = control.strip_prefix("private, max-age=").unwrap_or_else(|| panic!("{control:?}"));
    secs.parse().unwrap()
}

async fn a_link_opens_without_the_database(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let original = bmp(300, 200, 1);
    let image = lab.ready(&key, "my%20cat.bmp", original.clone()).await;
    let h200 = lab.get(&key, &format!("/api/v1/images/{image}/variants/h200")).await;
    assert_eq!(h200.status, 200);
    let links = [
        (link(&lab, &key, &image, "h200").await, "my cat.h200.jpg", "image/jpeg", h200.body),
        (link(&lab, &key, &image, "original").await, "my cat.bmp", "image/bmp", original),
    ];
    lab.app.db.close().await;
    for (path, name, media_type, bytes) in &links {
        let whole = open(&lab, path).await;
        assert_eq!((whole.status.as_u16(), &whole.body), (200, bytes), "{name}");
        assert_eq!(whole.header("content-type"), *media_type);
        assert_eq!(whole.header("content-disposition"), format!("inline; filename=\"{name}\""));
        assert_eq!(whole.header("referrer-policy"), "no-referrer");
        assert_eq!(whole.header("x-content-type-options"), "nosniff");
        assert!(whole.header("content-security-policy").contains("default-src 'none'"));
        assert!(whole.header("content-security-policy").contains("sandbox"));
        assert_eq!(whole.header("set-cookie"), "");
        assert!((3500..3600).contains(&kept_secs(&whole)));
        let etag = whole.header("etag");
        assert!(etag.starts_with('"'), "a strong tag: {etag}");

        let same = lab.get_with("", path, &[("if-none-match", etag)]).await;
        assert_eq!((same.status.as_u16(), same.body.len()), (304, 0));
        assert_eq!(same.header("etag"), etag);
        assert!((3500..3600).contains(&kept_secs(&same)));
        let part = lab.get_with("", path, &[("range", "bytes=2-5")]).await;
        assert_eq!((part.status.as_u16(), &part.body[..]), (206, &bytes[2..6]));
        let extent = format!("bytes 2-5/{}", bytes.len());
        assert_eq!(part.header("content-range"), extent);
        let beyond = lab.get_with("", path, &[("range", "bytes=9999999-")]).await;
        assert_eq!(outcome(&beyond), (416, "bad_range".to_owned()));
        let head = lab.call("", "HEAD", path).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), bytes.len().to_string());
        assert_eq!(head.header("etag"), etag);
        // A key is not asked for, and so not looked at.
        assert_eq!(lab.get("nonsense", path).await.status, 200);
    }
    lab.app.clock.advance(Duration::from_secs(1000));
    let later = open(&lab, &links[0].0).await;
    assert!((2500..2600).contains(&kept_secs(&later)), "the rest of its life");
}

async fn a_link_opens_until_its_last_second(lab: Lab) {
    let key = lab.account("ada", "business").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    let wish = json!({"expires_in": 300, "variant": "h200"});
    let made = lab.json(&key, "POST", &super::links_path(&image), wish).await.json();
    let path = crate::support::path_of(made["url"].as_str().unwrap());
    // Some seconds before the end: the machine may be busy.
    lab.app.clock.advance(Duration::from_secs(270));
    let late = open(&lab, &path).await;
    assert!(late.status == 200 && kept_secs(&late) <= 30);
    lab.app.clock.advance(Duration::from_secs(30));
    let expired = open(&lab, &path).await;
    assert_eq!(outcome(&expired), (410, "link_expired".to_owned()));
    assert_eq!(expired.header("cache-control"), "no-store");
    let tag = late.header("etag");
    assert_eq!(lab.get_with("", &path, &[("if-none-match", tag)]).await.status, 410);
    assert_eq!(lab.call("", "HEAD", &path).await.status, 410);
}

async fn a_link_shows_what_it_was_made_for_when_the_preset_has_changed(lab: Lab) {
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(300, 400, 1)).await;
    let path = link(&lab, &admin, &image, "h200").await;
    let old = open(&lab, &path).await;
    lab.patch(&admin, "/api/v1/presets/h200", json!({"quality": 20})).await;
    lab.run_jobs().await;
    let still = open(&lab, &path).await;
    assert_eq!((still.status, &still.body), (old.status, &old.body));
    assert_eq!(still.header("etag"), old.header("etag"));
    let new = open(&lab, &link(&lab, &admin, &image, "h200").await).await;
    assert_ne!(new.body, old.body);
    assert_eq!(lab.differences().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_made_here_is_forged() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "business").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    let path = link(&lab, &key, &image, "h200").await;
    let token = token(&path);
    let mut forged = Vec::new();
    for at in 0..token.len() {
        let (before, rest) = token.split_at(at);
        let other = if rest.starts_with('A') { 'B' } else { 'A' };
        forged.push(format!("{before}{other}{}", &rest[1..]));
        if at > 0 {
            forged.push(before.to_owned());
        }
    }
    for more in ["A", "=", "%00", "."] {
        forged.push(format!("{token}{more}"));
        forged.push(format!("{more}{token}"));
    }
    for nothing in ["x", "-", "%00", "%ff", "..%2f..%2fminilab.db", "null", &"A".repeat(400)] {
        forged.push(nothing.to_owned());
    }
    // Nothing of the lab's own is taken for one, either.
    forged.push(key.clone());
    forged.push(image.clone());
    let elsewhere = Lab::open(Server::Sqlite).await;
    let eve = elsewhere.account("ada", "business").await;
    let same = elsewhere.ready(&eve, "a.bmp", bmp(30, 20, 1)).await;
    forged.push(super::token(&link(&elsewhere, &eve, &same, "h200").await).to_owned());

    for forged in forged {
        let refused = open(&lab, &format!("/l/{forged}")).await;
        assert_eq!(outcome(&refused), (403, "forged_link".to_owned()), "{forged}");
        assert_eq!(refused.header("cache-control"), "no-store");
    }
    // Without a token it is no such address.
    assert_eq!(outcome(&open(&lab, "/l/").await), (404, "not_found".to_owned()));
    assert_eq!(open(&lab, &path).await.status, 200);
    assert_eq!(lab.call("", "POST", &path).await.status, 405);
}
