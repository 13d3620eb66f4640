//! Which images of a library are listed: by camera, format, date, place and upload link.

use serde_json::{Value, json};

use super::callers::assert_refused;
use crate::support::pictures::{Notes, bmp, corpus, photo, undecodable};
use crate::support::{Lab, ids, path_of};

on_both_engines! {
    each_filter_lists_what_passes
    filters_hold_together
    pages_of_a_filtered_list_keep_the_filter
    a_filtered_list_is_fresh_at_once
    what_is_no_filter_is_refused
    nobody_finds_what_is_not_theirs
    text_of_strangers_is_found_as_it_is
    in_the_order_of_when_they_were_taken
    by_state
    a_day_of_upload_is_a_day
    a_new_name_is_found
}

const IMAGES: &str = "/api/v1/images";

/// The numbers of the pictures that a query lists, and whether the total says so.
async fn found(lab: &Lab, key: &str, query: &str) -> Vec<u32> {
    let answer = lab.get(key, &format!("{IMAGES}?limit=100&{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.json());
    let listed = answer.json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(listed["total"], items.len(), "{query}");
    assert_eq!(answer.header("link"), "");
    let number = |item: &Value| {
        let name = item["filename"].as_str().unwrap();
        name.trim_end_matches(".jpg").parse().unwrap()
    };
    let mut numbers = items.iter().map(number).collect::<Vec<_>>();
    assert!(numbers.is_sorted_by(|one, other| one > other), "newest first: {numbers:?}");
    numbers.reverse();
    numbers
}

async fn put(lab: &Lab, key: &str, number: u16, bytes: Vec<u8>) {
    lab.upload_ok(key, &format!("{number}.jpg"), bytes).await;
}

/// A library of a bit of everything; its key, and the id of an upload link.
async fn library(lab: &Lab) -> (String, String) {
    let ada = lab.account("ada", "business").await;
    let wish = json!({"expires_in": 3600});
    let link = lab.json(&ada, "POST", "/api/v1/upload-links", wish).await.json();
    let token = link["token"].as_str().unwrap();
    let bare = Notes::default();
    for (number, notes) in [
        (1, bare),
        (2, Notes { model: "EOS 40D", taken: "2008:05:30 15:56:01", ..bare }),
        (3, Notes { model: "EOS 40D", taken: "2008:05:30 23:59:59", has_gps: true, ..bare }),
        (4, Notes { model: "EOS 40D", taken: "2008:05:31 00:00:00", ..bare }),
        (5, Notes { model: "X-T5", taken: "2008:05:30 15:56:01", offset: "+02:00", ..bare }),
        (6, Notes { taken: "2008:05:29 00:00:00", has_gps: true, ..bare }),
        (7, Notes { model: "eos 40d", ..bare }),
    ] {
        let key = if number % 3 == 0 { token } else { &ada };
        put(lab, key, number, photo(notes, number)).await;
    }
    put(lab, &ada, 8, bmp(20, 20, 1)).await;
    put(lab, token, 9, bmp(20, 20, 2)).await;
    put(lab, &ada, 10, corpus("formats/image-png__rgb.png")).await;
    (ada, link["id"].as_str().unwrap().to_owned())
}

async fn each_filter_lists_what_passes(lab: Lab) {
    let (ada, link) = library(&lab).await;
    let of_link = format!("link={link}");
    let other = format!("link={}", uuid::Uuid::now_v7());
    for (query, expected) in [
        ("", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10][..]),
        ("camera=EOS%2040D", &[2, 3, 4, 7]),
        ("camera=EOS+40D", &[2, 3, 4, 7]),
        ("camera=eos%2040d", &[2, 3, 4, 7]),
        ("camera=t5", &[5]),
        ("camera=-", &[5]),
        // Several cameras: two of them.
        ("camera=o", &[2, 3, 4, 7]),
        ("camera=5", &[5]),
        ("camera=", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("camera=EOS%25", &[]),
        ("camera=EOS_40D", &[]),
        ("format=jpeg", &[1, 2, 3, 4, 5, 6, 7]),
        ("format=bmp", &[8, 9]),
        ("format=png", &[10]),
        ("format=webp", &[]),
        ("state=processing", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("state=ready", &[]),
        ("state=failed", &[]),
        ("name=1", &[1, 10]),
        ("name=.JPG", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("name=%25", &[]),
        ("name=.", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("name=10.j", &[10]),
        ("name=", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("truncated=false", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("truncated=true", &[]),
        ("has_gps=true", &[3, 6]),
        ("place=true", &[3, 6]),
        ("place=false", &[1, 2, 4, 5, 7, 8, 9, 10]),
        (&of_link, &[3, 6, 9]),
        (&other, &[]),
        // A day is the whole of it, at both ends.
        ("taken_from=2008-05-30", &[2, 3, 4, 5]),
        ("taken_to=2008-05-30", &[2, 3, 5, 6]),
        ("taken_from=2008-05-30&taken_to=2008-05-30", &[2, 3, 5]),
        ("taken_from=2008-05-31&taken_to=2008-05-31", &[4]),
        ("taken_from=2008-05-31&taken_to=2008-05-30", &[]),
        ("taken_from=2007-01-01&taken_to=2031-12-31", &[2, 3, 4, 5, 6]),
        // A moment is, too, whatever offset the camera wrote.
        ("taken_from=2008-05-30T15:56:01", &[2, 3, 4, 5]),
        ("taken_from=2008-05-30T15:56:02", &[3, 4]),
        ("taken_to=2008-05-30T15:56:01", &[2, 5, 6]),
        ("taken_to=2008-05-30T15:56:00", &[6]),
        ("taken_to=2008-05-29T00:00:00", &[6]),
        ("taken_from=2008-05-30T23:59:59&taken_to=2008-05-31T00:00:00", &[3, 4]),
    ] {
        assert_eq!(found(&lab, &ada, query).await, expected, "{query}");
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn filters_hold_together(lab: Lab) {
    let (ada, link) = library(&lab).await;
    for (query, expected) in [
        ("camera=EOS%2040D&place=true".to_owned(), &[3][..]),
        ("camera=EOS%2040D&place=false&taken_to=2008-05-30".to_owned(), &[2]),
        ("camera=o&name=3&place=true&state=processing&truncated=false".to_owned(), &[3]),
        (format!("link={link}&format=jpeg"), &[3, 6]),
        (format!("link={link}&format=bmp&place=false"), &[9]),
        (format!("link={link}&camera=X-T5"), &[]),
        (
            format!(
                "camera=EOS%2040D&format=jpeg&taken_from=2008-05-30&taken_to=2008-05-31\
                 &place=true&link={link}"
            ),
            &[3],
        ),
    ] {
        assert_eq!(found(&lab, &ada, &query).await, expected, "{query}");
        // Page by page it is the same.
        let page = lab.get(&ada, &format!("{IMAGES}?limit=1&page=2&{query}")).await.json();
        assert_eq!(page["items"].as_array().unwrap().is_empty(), expected.len() < 2);
        assert_eq!(page["total"], expected.len());
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn pages_of_a_filtered_list_keep_the_filter(lab: Lab) {
    let (ada, _) = library(&lab).await;
    let everything = lab.get(&ada, &format!("{IMAGES}?camera=EOS%2040D")).await.json();
    let expected = ids(&everything["items"]);
    let mut path = format!("{IMAGES}?limit=1&camera=EOS%2040D&taken_from=2008-05-30&place=false");
    let mut seen = Vec::new();
    loop {
        let page = lab.get(&ada, &path).await;
        assert_eq!((page.status.as_u16(), &page.json()["total"]), (200, &json!(2)));
        seen.extend(ids(&page.json()["items"]));
        let Some(link) = page.header("link").strip_prefix('<') else {
            assert_eq!(page.json()["next_cursor"], Value::Null);
            break;
        };
        let (url, rest) = link.split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        path = path_of(url);
        let cursor = page.json()["next_cursor"].as_str().unwrap().to_owned();
        for part in
            ["limit=1", "camera=EOS%2040D", "taken_from=2008%2D05%2D30", "place=false", &cursor]
        {
            assert!(path.contains(part), "{path}");
        }
    }
    assert_eq!(seen, [&*expected[1], &expected[3]]);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_filtered_list_is_fresh_at_once(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let query = "camera=X-T5&format=jpeg";
    for number in 1..4 {
        assert_eq!(found(&lab, &ada, query).await.len(), usize::from(number) - 1);
        assert_eq!(found(&lab, &ada, "camera=X-T6").await, [0; 0]);
        let notes = Notes { model: "X-T5", ..Notes::default() };
        put(&lab, &ada, number, photo(notes, number)).await;
    }
    let listed = lab.get(&ada, &format!("{IMAGES}?{query}")).await.json();
    assert_eq!(listed["items"][0]["state"], "processing");
    lab.run_jobs().await;
    let listed = lab.get(&ada, &format!("{IMAGES}?{query}")).await.json();
    assert_eq!(listed["items"][0]["state"], "ready");
    let newest = ids(&listed["items"]).remove(0);
    assert_eq!(lab.call(&ada, "DELETE", &format!("{IMAGES}/{newest}")).await.status, 204);
    assert_eq!(found(&lab, &ada, query).await, [1, 2]);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_is_no_filter_is_refused(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    for query in [
        "format=svg",
        "format=JPEG",
        "format=",
        "format=jpeg,png",
        "taken_from=yesterday",
        "taken_from=",
        "taken_from=2008-02-30",
        "taken_from=2008-05-30T15:56",
        "taken_from=2008-05-30T15:56:01Z",
        "taken_from=2008-05-30%2015:56:01",
        "taken_from=2008-05-30T15:56%2B01",
        "taken_from=2008-05-30T155601.5",
        "taken_to=2008",
        "taken_to=2008-05",
        "taken_to=2008-13-01",
        "taken_to=2008-05-30T24:00:01",
        "taken_to=30.5.2008",
        "day=2008",
        "day=2008-05-30T15:56:01",
        "day=",
        "state=done",
        "state=Ready",
        "order=name",
        "order=",
    ] {
        let refused = lab.get(&ada, &format!("{IMAGES}?{query}")).await;
        assert_eq!(refused.status, 422, "{query}");
        assert_refused(&refused, 422, "bad_filter");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        let (name, _) = query.split_once('=').unwrap();
        assert!(detail.starts_with(&format!("{name}: ")), "{query}: {detail}");
    }
    for query in ["place=maybe", "place=", "place=1", "link=x", "link=", "truncated=2"] {
        let refused = lab.get(&ada, &format!("{IMAGES}?{query}")).await;
        assert_eq!(refused.status, 422, "{query}: {}", refused.json());
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn nobody_finds_what_is_not_theirs(lab: Lab) {
    let (_, link) = library(&lab).await;
    let bob = lab.account("bob", "business").await;
    lab.upload_ok(&bob, "1.jpg", photo(Notes { model: "Bob's", ..Notes::default() }, 1)).await;
    for query in [
        "camera=EOS%2040D".to_owned(),
        "place=true".to_owned(),
        format!("link={link}"),
        format!("link={link}&format=bmp"),
    ] {
        assert_eq!(found(&lab, &bob, &query).await, [0; 0], "{query}");
    }
    assert_eq!(found(&lab, &bob, "camera=Bob%27s").await, [1]);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn text_of_strangers_is_found_as_it_is(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let long = "m".repeat(200);
    let models = ["O'Brien\"; --", "100%_\\", "カメラ X‑1", "<b>&amp;=#?+", "changes", &*long];
    for (number, model) in (1..).zip(models) {
        put(&lab, &ada, number, photo(Notes { model, ..Notes::default() }, number)).await;
    }
    for (number, model) in (1..).zip(models) {
        let written =
            percent_encoding::utf8_percent_encode(model, percent_encoding::NON_ALPHANUMERIC);
        let query = format!("camera={written}");
        assert_eq!(found(&lab, &ada, &query).await, [number], "{model}");
        let page = lab.get(&ada, &format!("{IMAGES}?{query}")).await.json();
        assert_eq!(page["items"][0]["metadata"]["model"], model);
    }
    // Whatever stands in a name is only itself.
    for (number, name) in (11..).zip(["50%_.jpg", "Ärger.JPG", "Cafe\u{301}.jpg"]) {
        lab.upload_ok(&ada, name, bmp(20, 20, number)).await;
    }
    for (name, expected) in [
        ("%25_", &["50%_.jpg"][..]),
        ("%25_.", &["50%_.jpg"]),
        ("50__", &[]),
        ("%C3%A4RGER", &["Ärger.JPG"]),
        ("CAF%C3%89", &["Cafe\u{301}.jpg"]),
        ("%25%25", &[]),
    ] {
        let page = lab.get(&ada, &format!("{IMAGES}?name={name}")).await.json();
        let items = page["items"].as_array().unwrap().iter();
        let names = items.map(|item| item["filename"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(names, expected, "{name}");
    }
    for camera in ["a%00", &"m".repeat(201)] {
        let refused = lab.get(&ada, &format!("{IMAGES}?camera={camera}")).await;
        assert_refused(&refused, 422, "bad_filter");
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

/// All pages of a list, one image a page: names of files.
async fn names_by_page(lab: &Lab, key: &str, query: &str) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{IMAGES}?limit=1&{query}{cursor}");
        let page = lab.get(key, &path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.json());
        let page = page.json();
        for item in page["items"].as_array().unwrap() {
            names.push(item["filename"].as_str().unwrap().trim_end_matches(".jpg").to_owned());
        }
        let Some(next) = page["next_cursor"].as_str() else { return names };
        cursor = format!("&cursor={next}");
    }
}

async fn in_the_order_of_when_they_were_taken(lab: Lab) {
    let (ada, link) = library(&lab).await;
    let all = "4 3 5 2 6 10 9 8 7 1";
    for (query, expected) in [
        ("order=taken".to_owned(), all),
        ("order=created".to_owned(), "10 9 8 7 6 5 4 3 2 1"),
        ("order=taken&format=jpeg".to_owned(), "4 3 5 2 6 7 1"),
        ("order=taken&camera=eos".to_owned(), "4 3 2 7"),
        ("order=taken&camera=o&place=true".to_owned(), "3"),
        (format!("order=taken&link={link}"), "3 6 9"),
        ("order=taken&taken_to=2008-05-30".to_owned(), "3 5 2 6"),
        ("order=taken&taken_from=2008-05-30&name=3".to_owned(), "3"),
        ("order=taken&state=processing".to_owned(), all),
    ] {
        assert_eq!(names_by_page(&lab, &ada, &query).await.join(" "), expected, "{query}");
        let page = lab.get(&ada, &format!("{IMAGES}?{query}")).await.json();
        assert_eq!(page["total"], expected.split(' ').count(), "{query}");
    }
    // A cursor of one order is none of another.
    for (one, other) in [("order=taken", "order=created"), ("", "order=taken")] {
        let page = lab.get(&ada, &format!("{IMAGES}?limit=1&{one}")).await.json();
        let cursor = page["next_cursor"].as_str().unwrap();
        let refused = lab.get(&ada, &format!("{IMAGES}?{other}&cursor={cursor}")).await;
        assert_refused(&refused, 422, "bad_page");
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn by_state(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    put(&lab, &ada, 1, bmp(20, 20, 1)).await;
    put(&lab, &ada, 2, undecodable(2)).await;
    lab.run_jobs().await;
    put(&lab, &ada, 3, bmp(20, 20, 3)).await;
    for (query, expected) in [
        ("state=ready", &[1][..]),
        ("state=failed", &[2]),
        ("state=processing", &[3]),
        ("state=failed&format=png", &[2]),
        ("state=failed&format=bmp", &[]),
        ("state=failed&name=2", &[2]),
    ] {
        assert_eq!(found(&lab, &ada, query).await, expected, "{query}");
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_day_of_upload_is_a_day(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    put(&lab, &ada, 1, bmp(20, 20, 1)).await;
    put(&lab, &ada, 2, bmp(20, 20, 2)).await;
    let image = lab.get(&ada, IMAGES).await.json();
    let day = image["items"][0]["created_at"].as_str().unwrap()[..10].to_owned();
    let at: jiff::civil::Date = day.parse().unwrap();
    for (day, expected) in
        [(at, &[1, 2][..]), (at.yesterday().unwrap(), &[]), (at.tomorrow().unwrap(), &[])]
    {
        for more in ["", "&order=taken", "&format=bmp", "&name=.jpg"] {
            let query = format!("day={day}{more}");
            if more.contains("order") {
                let names = names_by_page(&lab, &ada, &query).await;
                assert_eq!(names.len(), expected.len(), "{query}");
            } else {
                assert_eq!(found(&lab, &ada, &query).await, expected, "{query}");
            }
        }
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_new_name_is_found(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let id = lab.upload_ok(&ada, "1.jpg", bmp(20, 20, 1)).await;
    let path = format!("{IMAGES}/{id}");
    let renamed = lab.json(&ada, "PATCH", &path, json!({"filename": "Other.jpg"})).await;
    assert_eq!(renamed.status, 200);
    for (name, expected) in [("1", 0), ("OTHER", 1)] {
        let page = lab.get(&ada, &format!("{IMAGES}?name={name}")).await.json();
        assert_eq!(page["items"].as_array().unwrap().len(), expected, "{name}");
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}
