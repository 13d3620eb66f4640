//! What strangers chose, and what other sites' pages may do: headers that stay what we made them.

use axum::body::Body;
use axum::http::header;
use minilab::http::browsers::Resources;
use minilab::http::disposition::named_as;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::json;

use crate::support::pictures::{bmp, corpus};
use crate::support::{Answer, Lab, Server, path_of, request};

/// Given names, and what is kept of them.
const NAMES: [(&str, &str); 18] = [
    ("cat.bmp", "cat.bmp"),
    ("a\"b.bmp", "a\"b.bmp"),
    ("a\r\nSet-Cookie: x=1\r\n\r\n<script>.bmp", "aSet-Cookie: x=1<script>.bmp"),
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\me\\cat.bmp", "cat.bmp"),
    ("..%2f..%2fcat.bmp", "%2f..%2fcat.bmp"),
    ("/", "image"),
    ("", "image"),
    ("...", "image"),
    (".htaccess", "htaccess"),
    ("a\0b.bmp", "ab.bmp"),
    ("invoice\u{202E}pmb.exe", "invoicepmb.exe"),
    ("a\u{200B}\u{FEFF}b.bmp", "ab.bmp"),
    ("naïve 猫 🐈.bmp", "naïve 猫 🐈.bmp"),
    ("x\"; filename*=UTF-8''evil.html", "x\"; filename*=UTF-8''evil.html"),
    ("a;b=c,d.bmp", "a;b=c,d.bmp"),
    ("=?UTF-8?B?ZXZpbA==?=", "=?UTF-8?B?ZXZpbA==?="),
    ("100%.bmp", "100%.bmp"),
];

/// The name that a client by RFC 6266 saves a download under; the header is checked on the way.
fn saved_as(answer: &Answer, kind: &str) -> String {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers.get_all(header::CONTENT_DISPOSITION).iter().count(), 1);
    assert_eq!(answer.header("set-cookie"), "");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let value = answer.header("content-disposition");
    assert!(value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{value}");
    let rest =
        value.strip_prefix(kind).and_then(|rest| rest.strip_prefix("; filename=\"")).unwrap();
    let (plain, rest) = rest.split_once('"').unwrap();
    assert!(!plain.contains(['\\', '%']), "{value}");
    if rest.is_empty() {
        return plain.to_owned();
    }
    let exact = rest.strip_prefix("; filename*=UTF-8''").unwrap_or_else(|| panic!("{value}"));
    let is_attr = |c: char| c.is_ascii_alphanumeric() || "%!#$&+-.^_`|~".contains(c);
    assert!(exact.chars().all(is_attr), "{value}");
    percent_decode_str(exact).decode_utf8().unwrap().into_owned()
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Looks at every route that hands the image out.
async fn check_downloads(lab: &Lab, key: &str, image: &str, kept: &str) {
    let place = format!("/api/v1/images/{image}");
    let link = async |variant: &str| {
        let wish = json!({"expires_in": 300, "variant": variant});
        let made = lab.json(key, "POST", &format!("{place}/links"), wish).await;
        path_of(made.json()["url"].as_str().unwrap())
    };
    let print = format!("{}.h200.jpg", stem(kept));
    let original = named_as(kept, pixels::Format::Bmp);
    assert!(original.rsplit('.').next() == Some("bmp"), "{original}");
    for (path, kind, expected) in [
        (format!("{place}/original"), "inline", &*original),
        (format!("{place}/variants/h200"), "inline", &*print),
        (link("original").await, "inline", &*original),
        (link("h200").await, "inline", &*print),
        (
            format!("/api/v1/thumbnail/{image}/download"),
            "attachment",
            &*format!("{}.thumbnail.jpg", stem(kept)),
        ),
    ] {
        assert_eq!(saved_as(&lab.get(key, &path).await, kind), expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_file_name_does_no_harm() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "business").await;
    for (at, (given, kept)) in NAMES.into_iter().enumerate() {
        let name = utf8_percent_encode(given, NON_ALPHANUMERIC).to_string();
        let image = lab.ready(&key, &name, bmp(30, 20, at as u8)).await;
        assert_eq!(lab.image(&key, &image).await["filename"], kept, "{given:?}");
        check_downloads(&lab, &key, &image, kept).await;
    }
    // By the other ways in: a change, and a form.
    let image = lab.ready(&key, "x.bmp", bmp(30, 20, 99)).await;
    for (given, kept) in NAMES {
        let path = format!("/api/v1/images/{image}");
        let renamed = lab.patch(&key, &path, json!({"filename": given})).await;
        assert_eq!(renamed["filename"], kept, "{given:?}");
        check_downloads(&lab, &key, &image, kept).await;
    }
    let picture = bmp(30, 20, 100);
    for (given, kept) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.bmp", "cat.bmp"),
        ("naïve 猫.bmp", "naïve 猫.bmp"),
    ] {
        let sent = lab.form(&key, "/api/v1/images", &[("f", Some(given), &picture)]).await;
        assert_eq!(sent.json()["items"][0]["filename"], kept, "{given:?}");
    }
    let long = format!("{}.bmp", "猫".repeat(400));
    let name = utf8_percent_encode(&long, NON_ALPHANUMERIC).to_string();
    let image = lab.ready(&key, &name, bmp(30, 20, 101)).await;
    let kept = lab.image(&key, &image).await["filename"].as_str().unwrap().to_owned();
    assert!(kept.len() <= 200 && kept.ends_with("猫.bmp"), "{kept}");
    check_downloads(&lab, &key, &image, &kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_is_told_by_the_bytes_and_by_nothing_else() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "business").await;
    let gif = corpus("animated/image-gif__2x2.gif");
    let png = corpus("formats/image-png__rgba.png");
    let jpeg = corpus("photos/synth_gps_n_e.jpg");
    for (bytes, format, print) in [
        (bmp(30, 20, 1), "bmp", "image/jpeg"),
        (gif, "gif", "image/gif"),
        (png, "png", "image/png"),
        (jpeg, "jpeg", "image/jpeg"),
    ] {
        for said in ["text/html", "image/svg+xml", "application/javascript"] {
            let path = "/api/v1/images?filename=page.html";
            let sent = request(&key, "POST", path).header(header::CONTENT_TYPE, said);
            let sent = lab.send(sent.body(Body::from(bytes.clone())).unwrap()).await;
            assert!(sent.status.is_success(), "{format}: {}", sent.json());
        }
        lab.run_jobs().await;
        let image = lab.get(&key, "/api/v1/images?limit=1").await.json()["items"][0].clone();
        assert_eq!((&image["format"], &image["filename"]), (&format.into(), &"page.html".into()));
        let place = format!("/api/v1/images/{}", image["id"].as_str().unwrap());
        let whole = lab.get(&key, &format!("{place}/original")).await;
        assert_eq!(whole.header("content-type"), format!("image/{format}"));
        let h200 = lab.get(&key, &format!("{place}/variants/h200")).await;
        assert_eq!(h200.header("content-type"), print);
        let extension = print.strip_prefix("image/").unwrap().replace("jpeg", "jpg");
        assert_eq!(saved_as(&h200, "inline"), format!("page.h200.{extension}"));
        for answer in [&whole, &h200] {
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert!(answer.header("content-security-policy").contains("sandbox"));
        }
    }
    let page = b"<!doctype html><svg xmlns=\"http://www.w3.org/2000/svg\"></svg>".to_vec();
    assert_eq!(lab.upload(&key, "cat.png", page).await.status.as_u16() / 100, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_text_is_no_address() {
    let lab = Lab::open(Server::Sqlite).await;
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(30, 20, 1)).await;
    for path in [
        "/api/v1/images/%ff",
        "/api/v1/images/%ff/original",
        &format!("/api/v1/images/{image}/variants/%ff"),
        "/api/v1/images/%ff/variants/h200",
        &format!("/api/v1/images/{image}/links/%ff"),
        "/api/v1/gallery/%ff",
        "/api/v1/gallery/%ff/variants/h200",
        "/api/v1/accounts/%ff",
        "/api/v1/tiers/%ff",
        "/api/v1/presets/%ff",
        "/api/v1/keys/%ff",
        "/api/v1/thumbnail/%ff",
        "/api/gallery/%ff",
        "/api/uploads/%ff",
        "/ui/%ff",
        "/docs/%ff",
        "/%ff",
    ] {
        for method in ["GET", "DELETE"] {
            let answer = lab.call(&admin, method, path).await;
            let code = answer.code();
            assert!(["not_found", "method_not_allowed"].contains(&&*code), "{path}: {code}");
            assert!([404, 405].contains(&answer.status.as_u16()), "{path}: {}", answer.status);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_say_which_pages_may_embed_what_is_served() {
    for (resources, expected) in [
        (None, "same-site"),
        (Some(Resources::SameOrigin), "same-origin"),
        (Some(Resources::SameSite), "same-site"),
        (Some(Resources::CrossOrigin), "cross-origin"),
    ] {
        let lab = Lab::with(Server::Sqlite, |config| {
            config.browsers.resources = resources.unwrap_or(config.browsers.resources);
        })
        .await;
        let key = lab.account("ada", "business").await;
        let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
        let wish = json!({"expires_in": 300, "variant": "h200"});
        let links = format!("/api/v1/images/{image}/links");
        let made = lab.json(&key, "POST", &links, wish).await.json();
        for path in [
            format!("/api/v1/images/{image}/original"),
            format!("/api/v1/images/{image}/variants/h200"),
            path_of(made["url"].as_str().unwrap()),
            "/l/nonsense".to_owned(),
            "/api/v1/me".to_owned(),
            "/nowhere".to_owned(),
        ] {
            let answer = lab.get(&key, &path).await;
            // Whoever has a temporary link may show what it opens anywhere.
            let expected = if path.starts_with("/l/") { "cross-origin" } else { expected };
            assert_eq!(answer.header("cross-origin-resource-policy"), expected, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_private_or_refused_is_never_stored() {
    let lab = Lab::open(Server::Sqlite).await;
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(30, 20, 1)).await;
    let item = lab.json(&admin, "POST", "/api/v1/gallery", json!({"image": image})).await.json();
    let item = item["id"].as_str().unwrap();
    let account = lab.account_path("root").await;
    for path in [
        "/api/v1/gallery",
        &format!("/api/v1/gallery/{item}"),
        &format!("/api/v1/images/{image}/links"),
        "/api/v1/accounts",
        &account,
        "/api/v1/tiers",
        "/api/v1/presets",
        "/api/v1/audit",
        "/api/v1/keys",
        "/api/gallery",
        &format!("/api/gallery/{item}"),
        "/api/uploads",
        &format!("/api/uploads/{image}"),
        "/api/images/",
        "/metrics",
    ] {
        let answer = lab.get(&admin, path).await;
        let found = (answer.status.as_u16(), answer.header("cache-control"));
        assert_eq!(found, (200, "no-store"), "{path}");
        let refused = lab.get("", path).await;
        let found = (refused.status.as_u16(), refused.header("cache-control"));
        assert_eq!(found, (401, "no-store"), "{path}");
    }
    // A problem instead of bytes is no picture to keep.
    for path in [
        format!("/api/v1/images/{image}/variants/none"),
        format!("/api/v1/gallery/{item}/variants/none"),
        "/l/nonsense".to_owned(),
        format!("/api/v1/images/{}/original", uuid::Uuid::now_v7()),
    ] {
        let answer = lab.get(&admin, &path).await;
        assert!(answer.status.is_client_error(), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    let original = format!("/api/v1/images/{image}/original");
    let beyond = lab.get_with(&admin, &original, &[("range", "bytes=99999999-")]).await;
    assert_eq!((beyond.status.as_u16(), beyond.header("cache-control")), (416, "no-store"));
}
