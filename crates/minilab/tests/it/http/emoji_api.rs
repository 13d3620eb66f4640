//! The emoji service's routes, exact in shape and status.

use std::io::Cursor;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minilab::sql;
use pixels::{Format, Limits};
use serde_json::{Value, json};

use crate::support::pictures::{bmp, corpus, undecodable};
use crate::support::{Answer, Lab, Server, path_of};

on_both_engines! {
    uploads_are_listed_twenty_a_page_from_the_oldest
    the_gallery_is_listed_by_age_up_to_the_callers_rank
    an_upload_is_answered_with_its_preview
    an_upload_that_is_refused_leaves_nothing
    a_picture_that_was_there_before_stays_when_it_is_brought_again
    an_asset_opens_for_ten_minutes_without_a_key
    an_asset_is_handed_out_again_while_it_lives_long_enough
    an_asset_is_the_best_that_the_tier_allows
    an_asset_of_the_gallery_closes_with_its_item
    what_is_foreign_or_locked_is_refused
}

fn outcome(answer: &Answer) -> (u16, String) {
    let code = if answer.status.is_success() { String::new() } else { answer.code() };
    (answer.status.as_u16(), code)
}

/// Checks that it is a preview: a small WebP.
fn check_preview(data: &Value) {
    let bytes = STANDARD.decode(data.as_str().expect("a preview in base64")).unwrap();
    let facts = pixels::probe(Cursor::new(&bytes), &Limits::default()).unwrap();
    assert_eq!(facts.format, Format::WebP);
    assert!(facts.width <= 100 && facts.height <= 100, "{facts:?}");
}

/// The ids of a page, whose previews are all there.
fn page_ids(page: &Value, number: i64) -> Vec<String> {
    assert_eq!(page["page"], number);
    assert_eq!(page.as_object().unwrap().len(), 2);
    let images = page["images"].as_array().unwrap().iter();
    let id = |image: &Value| {
        check_preview(&image["data"]);
        assert_eq!(image.as_object().unwrap().len(), 2);
        image["id"].as_str().unwrap().to_owned()
    };
    images.map(id).collect()
}

/// The path of an asset.
async fn asset(lab: &Lab, key: &str, path: &str) -> String {
    let shown = lab.get(key, path).await;
    assert_eq!(shown.status, 200, "{}", shown.json());
    let url = shown.json()["asset_url"].as_str().unwrap().to_owned();
    assert_eq!(shown.json(), json!({"asset_url": url}));
    path_of(&url)
}

/// Puts an image into the gallery; the item's path here.
async fn curate(lab: &Lab, admin: &str, image: &str, rank: i64) -> (String, String) {
    let item = json!({"image": image, "rank": rank});
    let item = lab.json(admin, "POST", "/api/v1/gallery", item).await.json();
    let id = item["id"].as_str().unwrap().to_owned();
    (format!("/api/gallery/{id}"), id)
}

async fn uploads_are_listed_twenty_a_page_from_the_oldest(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let empty = json!({"images": [], "page": 1});
    assert_eq!(lab.get(&key, "/api/uploads").await.json(), empty);
    let mut uploads = Vec::new();
    for seed in 0..23 {
        uploads.push(lab.upload_ok(&key, "a.bmp", bmp(30, 20, seed)).await);
    }
    lab.run_jobs().await;
    for (query, number, expected) in [
        ("", 1, &uploads[..20]),
        ("?page=1", 1, &uploads[..20]),
        ("?page=2", 2, &uploads[20..]),
        ("?page=3", 3, &[]),
    ] {
        for _ in 0..2 {
            let page = lab.get(&key, &format!("/api/uploads{query}")).await;
            assert_eq!(page.header("content-type"), "application/json");
            assert_eq!(page_ids(&page.json(), number), expected, "{query}, kept or not");
        }
    }
    // A change is there at once, on the page that was kept.
    let deleted = lab.call(&key, "DELETE", &format!("/api/uploads/{}", uploads[0])).await;
    assert_eq!(
        (deleted.status.as_u16(), deleted.json()),
        (200, json!({"success": true, "id": uploads[0]}))
    );
    assert_eq!(page_ids(&lab.get(&key, "/api/uploads").await.json(), 1), uploads[1..21]);
    let again = lab.call(&key, "DELETE", &format!("/api/uploads/{}", uploads[0])).await;
    assert_eq!(outcome(&again), (404, "not_found".to_owned()));
}

async fn the_gallery_is_listed_by_age_up_to_the_callers_rank(lab: Lab) {
    let admin = lab.admin("root").await;
    let mut items = Vec::new();
    for seed in 0..22 {
        let image = lab.upload_ok(&admin, "a.bmp", bmp(30, 20, seed)).await;
        let rank = if seed == 21 { 2 } else { 1 };
        // The other way round than by age: this service knows no positions.
        let item = json!({"image": image, "rank": rank, "position": -i64::from(seed)});
        let item = lab.json(&admin, "POST", "/api/v1/gallery", item).await.json();
        items.push(item["id"].as_str().unwrap().to_owned());
    }
    lab.run_jobs().await;
    let hidden = format!("/api/v1/gallery/{}", items.remove(3));
    lab.patch(&admin, &hidden, json!({"active": false})).await;
    let free = lab.account("ada", "free").await;
    let premium = lab.account("bob", "premium").await;
    for (key, query, number, expected) in [
        (&free, "", 1, &items[..20]),
        (&free, "?page=2", 2, &[]),
        (&premium, "?page=1", 1, &items[..20]),
        (&premium, "?page=2", 2, &items[20..]),
        (&admin, "?page=1", 1, &items[..20]),
    ] {
        for _ in 0..2 {
            let page = lab.get(key, &format!("/api/gallery{query}")).await.json();
            assert_eq!(page_ids(&page, number), expected, "{query}");
        }
    }
    lab.patch(&admin, &hidden, json!({"active": true})).await;
    let page = lab.get(&free, "/api/gallery?page=2").await.json();
    assert_eq!(page_ids(&page, 2), items[19..20]);
}

async fn an_upload_is_answered_with_its_preview(lab: Lab) {
    let key = lab.account("ada", "free").await;
    let working = lab.work();
    let picture = bmp(300, 200, 1);
    let data = [("data", Some("cat.bmp"), &picture[..])];
    let sent = lab.form(&key, "/api/uploads", &data).await;
    assert_eq!(sent.status, 200, "{}", sent.json());
    let answer = sent.json();
    check_preview(&answer["data"]);
    assert_eq!(answer.as_object().unwrap().len(), 2);
    let id = answer["id"].as_str().unwrap();
    assert_eq!(lab.image(&key, id).await["filename"], "cat.bmp");
    let again = lab.form(&key, "/api/uploads", &data).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, answer.clone()), "the same image");
    let listed = lab.get(&key, "/api/uploads").await.json();
    assert_eq!(listed["images"], json!([answer]));
    working.stop().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn an_upload_that_is_refused_leaves_nothing(lab: Lab) {
    let admin = lab.admin("root").await;
    let change = json!({"upload_bytes_max": 10_000, "images_max": 1});
    lab.patch(&admin, "/api/v1/tiers/free", change).await;
    let key = lab.account("ada", "free").await;
    let working = lab.work();
    let broken = undecodable(1);
    for (what, inputs, status, code) in [
        ("too large", vec![("data", Some("a.bmp"), bmp(200, 200, 1))], 413, "too_large"),
        (
            "no picture",
            vec![("data", Some("a.bmp"), b"hello, hello".to_vec())],
            422,
            "not_an_image",
        ),
        ("nothing", vec![("data", Some("a.bmp"), Vec::new())], 422, "empty_file"),
        ("no file", vec![("data", None, b"text".to_vec())], 422, "no_file"),
        (
            "svg",
            vec![("data", Some("a"), b"<svg xmlns=\"x\"/>".to_vec())],
            415,
            "unsupported_format",
        ),
        ("cut off", vec![("data", Some("a.bmp"), broken)], 422, "image_failed"),
    ] {
        let inputs = inputs.iter().map(|(name, file, bytes)| (*name, *file, &bytes[..]));
        let inputs = inputs.collect::<Vec<_>>();
        let refused = lab.form(&key, "/api/uploads", &inputs).await;
        assert_eq!(outcome(&refused), (status, code.to_owned()), "{what}");
        assert_eq!(lab.get(&key, "/api/v1/me").await.json()["usage"]["images"], 0, "{what}");
    }
    let [one, two] = [bmp(30, 20, 1), bmp(30, 20, 2)];
    let first = lab.form(&key, "/api/uploads", &[("data", Some("a.bmp"), &one)]).await;
    assert_eq!(first.status, 200);
    let full = lab.form(&key, "/api/uploads", &[("data", Some("b.bmp"), &two)]).await;
    assert_eq!(outcome(&full), (400, "quota_reached".to_owned()), "as the old service answered");
    let problem = full.json();
    let said = (&problem["status"], &problem["used"], &problem["limit"]);
    assert_eq!(said, (&400.into(), &1.into(), &1.into()));
    let path = format!("/api/uploads/{}", first.json()["id"].as_str().unwrap());
    assert_eq!(lab.call(&key, "DELETE", &path).await.status, 200);
    let room = lab.form(&key, "/api/uploads", &[("data", Some("b.bmp"), &two)]).await;
    assert_eq!(room.status, 200);
    working.stop().await;
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_picture_that_was_there_before_stays_when_it_is_brought_again(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let torn = undecodable(1);
    let id = lab.upload_ok(&key, "a.bmp", torn.clone()).await;
    lab.run_jobs().await;
    for (path, input) in [("/api/uploads", "data"), ("/api/image/upload/", "file")] {
        let refused = lab.form(&key, path, &[(input, Some("a.bmp"), &torn)]).await;
        assert_eq!(outcome(&refused), (422, "image_failed".to_owned()), "{path}");
        let original = lab.get(&key, &format!("/api/v1/images/{id}/original")).await;
        assert_eq!((original.status.as_u16(), &original.body), (200, &torn), "{path}");
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn an_asset_opens_for_ten_minutes_without_a_key(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "free").await;
    let own = lab.ready(&key, "a.bmp", bmp(300, 200, 1)).await;
    let image = lab.ready(&admin, "a.bmp", bmp(300, 200, 2)).await;
    let (item, _) = curate(&lab, &admin, &image, 1).await;
    let paths =
        [asset(&lab, &key, &format!("/api/uploads/{own}")).await, asset(&lab, &key, &item).await];
    for path in &paths {
        let opened = lab.get("", path).await;
        assert_eq!(outcome(&opened), (200, String::new()), "no right to links is needed");
        let secs = opened.header("cache-control").strip_prefix("private, max-age=").unwrap();
        assert!((500..=600).contains(&secs.parse::<i64>().unwrap()), "{secs}");
    }
    // Some seconds before the end: the machine may be busy.
    lab.app.clock.advance(Duration::from_secs(570));
    for path in &paths {
        assert_eq!(lab.get("", path).await.status, 200);
    }
    lab.app.clock.advance(Duration::from_secs(30));
    for path in &paths {
        assert_eq!(outcome(&lab.get("", path).await), (410, "link_expired".to_owned()));
    }
    // What was handed out is not among the owner's own links.
    let boss = lab.account("eve", "business").await;
    let image = lab.ready(&boss, "a.bmp", bmp(300, 200, 3)).await;
    asset(&lab, &boss, &format!("/api/uploads/{image}")).await;
    let listed = lab.get(&boss, &format!("/api/v1/images/{image}/links")).await.json();
    assert_eq!(listed, json!({"items": []}));
}

async fn an_asset_is_the_best_that_the_tier_allows(lab: Lab) {
    let admin = lab.admin("root").await;
    let taken = corpus("photos/synth_gps_n_e.jpg");
    for (tier, name) in [("free", "a.h200.jpg"), ("premium", "a.jpg"), ("business", "a.jpg")] {
        let key = lab.account(tier, tier).await;
        let image = lab.ready(&key, "a.jpg", taken.clone()).await;
        let opened = lab.get("", &asset(&lab, &key, &format!("/api/uploads/{image}")).await).await;
        let named = format!("inline; filename=\"{name}\"");
        assert_eq!(opened.header("content-disposition"), named, "{tier}");
        let facts = pixels::probe(Cursor::new(&opened.body), &Limits::default()).unwrap();
        let notes = pixels::metadata(Cursor::new(&opened.body), &facts);
        assert_eq!(notes.gps, None, "{tier}: whoever has the address");
    }
    lab.patch(&admin, "/api/v1/tiers/free", json!({"presets": ["preview", "thumb"]})).await;
    let key = lab.account("eve", "free").await;
    let image = lab.ready(&key, "b.bmp", bmp(300, 200, 1)).await;
    let opened = lab.get("", &asset(&lab, &key, &format!("/api/uploads/{image}")).await).await;
    assert_eq!(opened.header("content-disposition"), "inline; filename=\"b.preview.webp\"");
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn an_asset_of_the_gallery_closes_with_its_item(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "free").await;
    let image = lab.ready(&admin, "a.bmp", bmp(300, 200, 1)).await;
    let (item, id) = curate(&lab, &admin, &image, 1).await;
    let native = format!("/api/v1/gallery/{id}");
    for (what, change) in [("rank", json!({"rank": 2})), ("activity", json!({"active": false}))] {
        let handed = asset(&lab, &key, &item).await;
        let own = asset(&lab, &admin, &item).await;
        assert_eq!(lab.get("", &handed).await.status, 200);
        lab.patch(&admin, &native, change).await;
        assert_eq!(
            outcome(&lab.get("", &handed).await),
            (410, "link_revoked".to_owned()),
            "{what}"
        );
        assert_eq!(lab.get("", &own).await.status, 200, "the owner's own lives");
        lab.patch(&admin, &native, json!({"rank": 1, "active": true})).await;
    }
    let handed = asset(&lab, &key, &item).await;
    assert_eq!(lab.call(&admin, "DELETE", &native).await.status, 204);
    assert_eq!(outcome(&lab.get("", &handed).await), (410, "link_revoked".to_owned()));
}

async fn what_is_foreign_or_locked_is_refused(lab: Lab) {
    let admin = lab.admin("root").await;
    let ada = lab.account("ada", "free").await;
    let image = lab.ready(&admin, "a.bmp", bmp(30, 20, 1)).await;
    let (locked, id) = curate(&lab, &admin, &image, 3).await;
    let unknown = uuid::Uuid::now_v7();
    for (key, method, path, status, code) in [
        (&*ada, "GET", locked.clone(), 403, "rank_too_low"),
        (&*ada, "GET", format!("/api/gallery/{unknown}"), 404, "not_found"),
        (&*ada, "GET", "/api/gallery/none".to_owned(), 404, "not_found"),
        (&*ada, "GET", format!("/api/uploads/{image}"), 404, "not_found"),
        (&*ada, "GET", format!("/api/uploads/{id}"), 404, "not_found"),
        (&*ada, "DELETE", format!("/api/uploads/{image}"), 404, "not_found"),
        (&*ada, "DELETE", "/api/uploads/none".to_owned(), 404, "not_found"),
        (&*ada, "GET", "/api/uploads?page=0".to_owned(), 422, "bad_page"),
        (&*ada, "GET", "/api/gallery?page=501".to_owned(), 422, "bad_page"),
        ("", "GET", "/api/gallery".to_owned(), 401, "unauthorized"),
        ("", "GET", locked.clone(), 401, "unauthorized"),
        ("", "GET", "/api/uploads".to_owned(), 401, "unauthorized"),
        ("", "POST", "/api/uploads".to_owned(), 401, "unauthorized"),
    ] {
        let answer = lab.call(key, method, &path).await;
        assert_eq!(outcome(&answer), (status, code.to_owned()), "{method} {path}");
    }
    lab.patch(&admin, &format!("/api/v1/gallery/{id}"), json!({"rank": 1, "active": false})).await;
    assert_eq!(outcome(&lab.get(&ada, &locked).await), (404, "not_found".to_owned()));
}

sql! {
    LINKS = "SELECT COUNT(*) FROM links";
}

async fn an_asset_is_handed_out_again_while_it_lives_long_enough(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    let admin = lab.admin("root").await;
    let own = lab.ready(&ada, "a.bmp", bmp(30, 20, 1)).await;
    let shown = lab.ready(&admin, "b.bmp", bmp(30, 20, 2)).await;
    let item = lab.json(&admin, "POST", "/api/v1/gallery", json!({ "image": shown })).await.json();
    let item = format!("/api/gallery/{}", item["id"].as_str().unwrap());
    let paths = [format!("/api/uploads/{own}"), item];
    for (number, path) in (1..).zip(&paths) {
        let asked = (0..8).map(|_| asset(&lab, &ada, path));
        let urls = futures_util::future::join_all(asked).await;
        assert!(urls.iter().all(|url| *url == urls[0]), "{urls:?}");
        assert_eq!(lab.number(LINKS).await, number, "one row for all who asked at once");
    }
    let first = asset(&lab, &ada, &paths[0]).await;
    lab.app.clock.advance(Duration::from_secs(290));
    assert_eq!(asset(&lab, &ada, &paths[0]).await, first);
    // From here on less than 300 s are left.
    lab.app.clock.advance(Duration::from_secs(20));
    let second = asset(&lab, &ada, &paths[0]).await;
    assert_ne!(second, first);
    assert_eq!(lab.number(LINKS).await, 3);
    for url in [&first, &second] {
        assert_eq!(lab.get("", url).await.status, 200);
    }
    // What was killed is not handed out.
    let visited = asset(&lab, &ada, &paths[1]).await;
    let place = paths[1].replace("/api/gallery/", "/api/v1/gallery/");
    lab.patch(&admin, &place, json!({ "active": false })).await;
    lab.patch(&admin, &place, json!({ "active": true })).await;
    assert_eq!(lab.get("", &visited).await.status, 410);
    let anew = asset(&lab, &ada, &paths[1]).await;
    assert_eq!(lab.get("", &anew).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_emoji_routes_can_be_switched_off() {
    let lab = Lab::with(Server::Sqlite, |config| config.dropin = false).await;
    let key = lab.account("ada", "free").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    for (method, path) in [
        ("GET", "/api/gallery".to_owned()),
        ("GET", format!("/api/gallery/{image}")),
        ("GET", "/api/uploads".to_owned()),
        ("POST", "/api/uploads".to_owned()),
        ("GET", format!("/api/uploads/{image}")),
        ("DELETE", format!("/api/uploads/{image}")),
    ] {
        let answer = lab.call(&key, method, &path).await;
        assert_eq!(outcome(&answer), (404, "not_found".to_owned()), "{method} {path}");
    }
    assert_eq!(lab.image(&key, &image).await["state"], "ready");
}
