//! The gallery as callers see it: by rank, page by page.

use axum::http::header;
use serde_json::{Value, json};

use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, ids, path_of};

on_both_engines! {
    a_tier_opens_what_is_of_its_rank_and_below
    what_is_locked_is_named_and_not_shown
    what_is_not_active_is_there_for_admins_only
    an_item_is_shown_in_the_presets_of_the_callers_tier
    pages_stay_what_they_are_when_items_are_put_in_before
    a_page_that_is_none_is_refused
}

const GALLERY: &str = "/api/v1/gallery";

fn outcome(answer: &Answer) -> (u16, String) {
    let code = if answer.status.is_success() { String::new() } else { answer.code() };
    (answer.status.as_u16(), code)
}

/// Items of these ranks, by position.
async fn fill(lab: &Lab, admin: &str, ranks: &[i64]) -> Vec<String> {
    let mut items = Vec::new();
    for (at, rank) in ranks.iter().enumerate() {
        let image = lab.ready(admin, "a.bmp", bmp(30, 20, at as u8)).await;
        let item = json!({"image": image, "rank": rank, "title": format!("of rank {rank}")});
        let put = lab.json(admin, "POST", GALLERY, item).await;
        items.push(put.json()["id"].as_str().unwrap().to_owned());
    }
    items
}

async fn a_tier_opens_what_is_of_its_rank_and_below(lab: Lab) {
    let admin = lab.admin("root").await;
    let items = fill(&lab, &admin, &[0, 1, 2, 3, 4]).await;
    for (tier, rank) in [("free", 1), ("premium", 2), ("business", 3)] {
        let key = lab.account(tier, tier).await;
        let listed = lab.get(&key, GALLERY).await.json();
        assert_eq!(ids(&listed["items"]), items[..=rank], "{tier}");
        for (of_rank, item) in items.iter().enumerate() {
            let is_open = of_rank <= rank;
            let path = format!("{GALLERY}/{item}");
            let shown = lab.get(&key, &path).await.json();
            assert_eq!(shown["locked"], !is_open, "{tier} {of_rank}");
            assert_eq!(shown["image_url"].is_string(), is_open, "{tier} {of_rank}");
            let print = lab.get(&key, &format!("{path}/variants/thumb")).await;
            let expected = if is_open { (200, "") } else { (403, "rank_too_low") };
            let (status, code) = outcome(&print);
            assert_eq!((status, &*code), expected, "{tier} {of_rank}");
            if !is_open {
                assert_eq!(print.json()["rank"], of_rank);
            }
        }
    }
    // A tier that rises sees more at once.
    let key = lab.account("eve", "free").await;
    assert_eq!(ids(&lab.get(&key, GALLERY).await.json()["items"]).len(), 2);
    lab.patch(&admin, "/api/v1/tiers/free", json!({"rank": 4})).await;
    assert_eq!(ids(&lab.get(&key, GALLERY).await.json()["items"]).len(), 5);
    lab.patch(&admin, "/api/v1/tiers/free", json!({"rank": 0})).await;
    assert_eq!(ids(&lab.get(&key, GALLERY).await.json()["items"]), items[..1]);
    let print = lab.get(&key, &format!("{GALLERY}/{}/variants/thumb", items[1])).await;
    assert_eq!(outcome(&print), (403, "rank_too_low".to_owned()));
    assert_eq!(lab.get("", GALLERY).await.status, 401);
}

async fn what_is_locked_is_named_and_not_shown(lab: Lab) {
    let admin = lab.admin("root").await;
    let items = fill(&lab, &admin, &[3, 1, 2]).await;
    let key = lab.account("ada", "free").await;
    let listed = lab.get(&key, "/api/v1/gallery?locked=true").await.json();
    let line = |at: usize, rank: i64, image_url: Option<String>| {
        json!({"id": items[at], "title": format!("of rank {rank}"), "rank": rank,
            "position": at + 1, "tags": [], "active": true,
            "locked": image_url.is_none(), "image_url": image_url})
    };
    let open = format!("{GALLERY}/{}/variants/", items[1]);
    let expected: [Value; 3] = [line(0, 3, None), line(1, 1, Some(open.clone())), line(2, 2, None)];
    assert_eq!(listed["items"], json!(expected));
    assert_eq!(ids(&lab.get(&key, "/api/v1/gallery?locked=false").await.json()["items"]).len(), 1);
    assert_eq!(lab.get(&key, &format!("{open}thumb")).await.status, 200);
    for id in [&items[0], &items[2]] {
        for preset in ["thumb", "preview", "h200", "h400", "original"] {
            let refused = lab.get(&key, &format!("{GALLERY}/{id}/variants/{preset}")).await;
            assert_eq!(outcome(&refused), (403, "rank_too_low".to_owned()));
        }
    }
}

async fn what_is_not_active_is_there_for_admins_only(lab: Lab) {
    let admin = lab.admin("root").await;
    let items = fill(&lab, &admin, &[1, 1]).await;
    let hidden = format!("{GALLERY}/{}", items[0]);
    lab.patch(&admin, &hidden, json!({"active": false})).await;
    let key = lab.account("ada", "business").await;
    for path in [GALLERY, "/api/v1/gallery?locked=true", "/api/v1/gallery?inactive=false"] {
        for key in [&key, &admin] {
            assert_eq!(ids(&lab.get(key, path).await.json()["items"]), items[1..], "{path}");
        }
    }
    let asked = lab.get(&key, "/api/v1/gallery?inactive=true").await;
    assert_eq!(outcome(&asked), (403, "not_admin".to_owned()));
    for path in [hidden.clone(), format!("{hidden}/variants/thumb")] {
        assert_eq!(outcome(&lab.get(&key, &path).await), (404, "not_found".to_owned()));
        assert_eq!(lab.get(&admin, &path).await.status, 200, "{path}");
    }
    let all = lab.get(&admin, "/api/v1/gallery?inactive=true").await.json();
    assert_eq!(ids(&all["items"]), items);
    assert_eq!(all["items"][0]["active"], false);
}

async fn an_item_is_shown_in_the_presets_of_the_callers_tier(lab: Lab) {
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "cat.bmp", bmp(300, 500, 1)).await;
    let item = lab.json(&admin, "POST", GALLERY, json!({"image": image})).await.json();
    let url = item["image_url"].as_str().unwrap();
    let free = lab.account("ada", "free").await;
    let premium = lab.account("bob", "premium").await;
    for (key, preset, status, code) in [
        (&free, "thumb", 200, ""),
        (&free, "h200", 200, ""),
        (&free, "h400", 403, "preset_not_in_tier"),
        (&free, "none", 404, "not_found"),
        (&free, "original", 404, "not_found"),
        (&premium, "h400", 200, ""),
    ] {
        let answer = lab.get(key, &format!("{url}{preset}")).await;
        assert_eq!(outcome(&answer), (status, code.to_owned()), "{preset}");
        if status == 200 {
            let own = lab.get(&admin, &format!("/api/v1/images/{image}/variants/{preset}")).await;
            assert_eq!(answer.body, own.body, "{preset}");
            assert_eq!(answer.header("etag"), own.header("etag"));
            let tag = [("if-none-match", own.header("etag"))];
            let same = lab.get_with(key, &format!("{url}{preset}"), &tag).await;
            assert_eq!((same.status.as_u16(), same.body.len()), (304, 0));
        }
    }
    // The image itself stays its owner's.
    for path in ["", "/original", "/variants/thumb", "/links"] {
        let refused = lab.get(&premium, &format!("/api/v1/images/{image}{path}")).await;
        assert_eq!(outcome(&refused), (404, "not_found".to_owned()), "{path}");
    }
    // What is made on demand is made for the gallery, too.
    let working = lab.work();
    let emoji = lab.get(&free, &format!("{url}emoji")).await;
    assert_eq!((emoji.status.as_u16(), emoji.header("content-type")), (200, "image/gif"));
    working.stop().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

/// The path of the next page, if the answer names one.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.headers.get(header::LINK)?.to_str().unwrap();
    let url = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    Some(path_of(url))
}

async fn pages_stay_what_they_are_when_items_are_put_in_before(lab: Lab) {
    let admin = lab.admin("root").await;
    let items = fill(&lab, &admin, &[1; 7]).await;
    let key = lab.account("ada", "free").await;
    let mut path = "/api/v1/gallery?limit=3".to_owned();
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    for turn in 50.. {
        let answer = lab.get(&key, &path).await;
        let page = answer.json();
        let found = ids(&page["items"]);
        sizes.push(found.len());
        seen.extend(found);
        // Before everything, and in front of the cursor.
        let image = lab.ready(&admin, "new.bmp", bmp(30, 20, turn)).await;
        let new = json!({"image": image, "position": -i64::from(turn)});
        assert_eq!(lab.json(&admin, "POST", GALLERY, new).await.status, 201);
        let Some(place) = next(&answer) else {
            assert_eq!(page["next_cursor"], Value::Null);
            break;
        };
        let cursor = page["next_cursor"].as_str().unwrap();
        assert!(place.contains(&format!("cursor={cursor}")), "{place}");
        path = place;
    }
    assert_eq!((seen, sizes), (items.clone(), vec![3, 3, 1]), "no gaps, and nothing twice");
    // Numbered pages count from the beginning, or from a cursor.
    let pages = lab.get(&key, "/api/v1/gallery?limit=5&page=2").await.json();
    assert_eq!(ids(&pages["items"]), items[2..]);
    let first = lab.get(&key, "/api/v1/gallery?limit=4").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/api/v1/gallery?limit=2&page=2&cursor={cursor}");
    assert_eq!(ids(&lab.get(&key, &path).await.json()["items"]), items[3..5]);
}

async fn a_page_that_is_none_is_refused(lab: Lab) {
    let admin = lab.admin("root").await;
    fill(&lab, &admin, &[1]).await;
    for (query, status) in [
        ("page=1", 200),
        ("page=500", 200),
        ("page=501", 422),
        ("page=0", 422),
        ("limit=1", 200),
        ("limit=100", 200),
        ("limit=101", 422),
        ("limit=0", 422),
        ("limit=", 422),
        ("cursor=", 422),
        ("cursor=nonsense", 422),
        ("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 200),
        ("locked=1", 422),
        ("locked=TRUE", 422),
        ("inactive=", 422),
        ("page=1&page=2", 422),
    ] {
        let answer = lab.get(&admin, &format!("{GALLERY}?{query}")).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.json());
        if status == 422 {
            assert!(["bad_page", "bad_query"].contains(&&*answer.code()), "{query}");
        }
    }
}
