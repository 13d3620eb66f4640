//! Originals and prints are served as caches, browsers and download managers expect it.

use e2e::{Caller, Engine, Lab, on_both_engines, picture};

on_both_engines!(bytes_are_served_as_http_wants);

fn bytes_are_served_as_http_wants(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let photo = picture::jpeg(&picture::photograph(800, 600), 6);
    let id = ada.upload_new("holiday.jpg", &photo);
    let image = ada.ready(&id);
    let print = format!("/api/v1/images/{id}/variants/h200");
    let original = format!("/api/v1/images/{id}/original");
    for (path, filename) in [(&print, "holiday.h200.jpg"), (&original, "holiday.jpg")] {
        expect_served_well(&ada, path, filename);
    }
    // A path that names the content may be kept for ever.
    let variants = image["variants"].as_array().expect("a list");
    let variants = variants.iter().map(|variant| &variant["url"]);
    for url in variants.chain([&image["original_url"]]) {
        let answer = ada.get(url.as_str().expect("a URL")).expect(200);
        assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
    }
    // Whoever may not see it learns nothing by a condition either.
    let etag = ada.get(&original).header("etag").to_owned();
    let asked = lab.nobody();
    let asked = asked.request("GET", &original).header("if-none-match", &etag);
    asked.send().problem(401, "unauthorized");
    lab.close();
}

#[track_caller]
fn expect_served_well(ada: &Caller, path: &str, filename: &str) {
    let whole = ada.get(path).expect(200);
    let length = whole.body.len();
    let disposition = format!("inline; filename=\"{filename}\"");
    for (header, value) in [
        ("content-type", "image/jpeg"),
        ("content-length", &length.to_string()),
        ("cache-control", "private, no-cache"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", &disposition),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(whole.header(header), value, "{header} of {path}");
    }
    let policy = whole.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    let etag = whole.header("etag");
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 10, "{etag}");

    for tags in [etag, &format!("\"other\", W/{etag}"), "*"] {
        let asked = ada.request("GET", path).header("if-none-match", tags);
        let unchanged = asked.send().expect(304);
        assert!(unchanged.body.is_empty());
        assert_eq!(unchanged.header("etag"), etag);
        assert_eq!(unchanged.header("cache-control"), "private, no-cache");
    }
    let changed = ada.request("GET", path).header("if-none-match", "\"other\"");
    assert_eq!(changed.send().expect(200).body, whole.body);

    let head = ada.request("HEAD", path).send().expect(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), length.to_string());
    assert_eq!(head.header("etag"), etag);

    for (range, part) in
        [("bytes=0-9", 0..10), ("bytes=100-", 100..length), ("bytes=-7", length - 7..length)]
    {
        let answer = ada.request("GET", path).header("range", range).send().expect(206);
        let extent = format!("bytes {}-{}/{length}", part.start, part.end - 1);
        assert_eq!(answer.header("content-range"), extent);
        assert_eq!(answer.header("content-length"), part.len().to_string());
        assert_eq!(answer.body, whole.body[part]);
    }
    let past = ada.request("GET", path).header("range", "bytes=99999999-").send();
    past.problem(416, "bad_range");
    assert_eq!(past.header("content-range"), format!("bytes */{length}"));
    let outdated = ada.request("GET", path).header("range", "bytes=0-9");
    let outdated = outdated.header("if-range", "\"other\"").send().expect(200);
    assert_eq!(outdated.body, whole.body);
}
