//! The gallery as admins make it.

use serde_json::{Value, json};

use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, ids};

on_both_engines! {
    an_admin_puts_images_of_their_own_in_once_each
    what_is_said_of_an_item_is_checked_and_all_mistakes_are_named
    a_change_is_of_what_is_named
    an_item_that_is_taken_out_leaves_its_image
    a_deleted_image_takes_its_item_with_it
    a_list_is_as_the_last_change_left_it
    only_admins_curate
}

const GALLERY: &str = "/api/v1/gallery";

async fn put(lab: &Lab, admin: &str, item: Value) -> Value {
    let put = lab.json(admin, "POST", GALLERY, item).await;
    assert_eq!(put.status, 201, "{}", put.json());
    put.json()
}

fn place(item: &Value) -> String {
    format!("{GALLERY}/{}", item["id"].as_str().unwrap())
}

fn outcome(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.code())
}

async fn an_admin_puts_images_of_their_own_in_once_each(lab: Lab) {
    let admin = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let foreign = lab.ready(&ada, "a.bmp", bmp(30, 20, 1)).await;
    let first = lab.ready(&admin, "my%20cat.bmp", bmp(30, 20, 2)).await;
    let second = lab.ready(&admin, "b.bmp", bmp(30, 20, 3)).await;

    let item = put(&lab, &admin, json!({"image": first})).await;
    let id = &item["id"];
    let usual = json!({"id": id, "title": "my cat", "rank": 1, "position": 1, "tags": [],
        "locked": false, "active": true,
        "image_url": format!("{}/variants/", place(&item))});
    assert_eq!(item, usual);
    let said = json!({"image": second, "title": "Katze", "rank": 2, "active": false,
        "position": -7, "tags": ["猫", "cat"]});
    let item = put(&lab, &admin, said).await;
    let id = &item["id"];
    let expected = json!({"id": id, "title": "Katze", "rank": 2, "position": -7,
        "tags": ["猫", "cat"], "locked": false, "active": false,
        "image_url": format!("{}/variants/", place(&item))});
    assert_eq!(item, expected);
    assert_eq!(lab.get(&admin, &place(&item)).await.json(), expected);

    let unknown = uuid::Uuid::now_v7().to_string();
    for (image, status, code) in [
        (json!(foreign), 404, "not_found"),
        (json!(unknown), 404, "not_found"),
        (json!(first), 409, "in_gallery"),
        (json!(second), 409, "in_gallery"),
        (json!("none"), 422, "invalid"),
        (json!(7), 422, "invalid"),
        (json!(null), 422, "invalid"),
    ] {
        let refused = lab.json(&admin, "POST", GALLERY, json!({"image": image})).await;
        assert_eq!(outcome(&refused), (status, code.to_owned()), "{image}");
    }
    let refused = lab.json(&admin, "POST", GALLERY, json!({"title": "x"})).await;
    assert_eq!(outcome(&refused), (422, "invalid".to_owned()));
    let all = lab.get(&admin, "/api/v1/gallery?inactive=true").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
}

async fn what_is_said_of_an_item_is_checked_and_all_mistakes_are_named(lab: Lab) {
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(30, 20, 1)).await;
    let other = lab.ready(&admin, "b.bmp", bmp(30, 20, 2)).await;
    let item = put(&lab, &admin, json!({"image": image})).await;
    let tags = vec!["t"; 21];
    for (said, fields) in [
        (json!({"rank": -1}), vec!["rank"]),
        (json!({"rank": 1001}), vec!["rank"]),
        (json!({"rank": "1"}), vec!["rank"]),
        (json!({"rank": null}), vec!["rank"]),
        (json!({"title": "x".repeat(201)}), vec!["title"]),
        (json!({"title": "a\r\nb"}), vec!["title"]),
        (json!({"title": null}), vec!["title"]),
        (json!({"position": i64::MAX}), vec!["position"]),
        (json!({"position": i64::MIN}), vec!["position"]),
        (json!({"position": 1e30}), vec!["position"]),
        (json!({"tags": tags}), vec!["tags"]),
        (json!({"tags": ["two words"]}), vec!["tags"]),
        (json!({"tags": [""]}), vec!["tags"]),
        (json!({"tags": ["x".repeat(41)]}), vec!["tags"]),
        (json!({"active": "yes"}), vec!["active"]),
        (json!({"owner": "me"}), vec!["owner"]),
        (json!({"id": item["id"], "rank": 5000, "tags": [1]}), vec!["id", "tags", "rank"]),
    ] {
        let mut new = said.clone();
        new["image"] = json!(other);
        for answer in [
            lab.json(&admin, "POST", GALLERY, new).await,
            lab.json(&admin, "PATCH", &place(&item), said.clone()).await,
        ] {
            assert_eq!(outcome(&answer), (422, "invalid".to_owned()), "{said}");
            let problems = answer.json()["problems"].clone();
            let named = problems.as_array().unwrap().iter().map(|wrong| &wrong["field"]);
            assert_eq!(named.collect::<Vec<_>>(), fields, "{said}");
        }
    }
    let moved = lab.json(&admin, "PATCH", &place(&item), json!({"image": other})).await;
    assert_eq!(outcome(&moved), (422, "invalid".to_owned()), "an item stays with its image");
    assert_eq!(lab.get(&admin, &place(&item)).await.json(), item);
    assert_eq!(ids(&lab.get(&admin, GALLERY).await.json()["items"]).len(), 1);
}

async fn a_change_is_of_what_is_named(lab: Lab) {
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(30, 20, 1)).await;
    let mut expected = put(&lab, &admin, json!({"image": image, "tags": ["a", "b"]})).await;
    let path = place(&expected);
    for (field, value) in [
        ("title", json!("Ein \"Bild\" <b>")),
        ("title", json!("")),
        ("rank", json!(0)),
        ("rank", json!(1000)),
        ("position", json!(-5)),
        ("tags", json!([])),
        ("tags", json!(["c"])),
        ("active", json!(false)),
        ("active", json!(true)),
    ] {
        expected[field] = value.clone();
        assert_eq!(lab.patch(&admin, &path, json!({field: value})).await, expected, "{field}");
    }
    assert_eq!(lab.patch(&admin, &path, json!({})).await, expected);
    let all = json!({"title": "t", "rank": 1, "position": 0, "tags": ["x"], "active": false});
    let changed = lab.patch(&admin, &path, all.clone()).await;
    for (field, value) in all.as_object().unwrap() {
        assert_eq!(&changed[field], value);
    }
    for id in [uuid::Uuid::now_v7().to_string(), "none".to_owned()] {
        let path = format!("{GALLERY}/{id}");
        let answer = lab.json(&admin, "PATCH", &path, json!({"title": "x"})).await;
        assert_eq!(outcome(&answer), (404, "not_found".to_owned()));
        assert_eq!(outcome(&lab.call(&admin, "DELETE", &path).await).0, 404);
        assert_eq!(outcome(&lab.get(&admin, &path).await).0, 404);
    }
}

async fn an_item_that_is_taken_out_leaves_its_image(lab: Lab) {
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(30, 20, 1)).await;
    let item = put(&lab, &admin, json!({"image": image})).await;
    assert_eq!(lab.call(&admin, "DELETE", &place(&item)).await.status, 204);
    for path in [place(&item), format!("{}/variants/thumb", place(&item))] {
        assert_eq!(outcome(&lab.get(&admin, &path).await), (404, "not_found".to_owned()));
    }
    assert_eq!(lab.call(&admin, "DELETE", &place(&item)).await.status, 404);
    assert_eq!(lab.image(&admin, &image).await["state"], "ready");
    let anew = put(&lab, &admin, json!({"image": image})).await;
    assert_ne!(anew["id"], item["id"]);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_deleted_image_takes_its_item_with_it(lab: Lab) {
    let admin = lab.admin("root").await;
    let free = lab.account("ada", "free").await;
    let mut items = Vec::new();
    for seed in 0..3 {
        let image = lab.ready(&admin, "a.bmp", bmp(30, 20, seed)).await;
        items.push((image.clone(), put(&lab, &admin, json!({"image": image})).await));
    }
    assert_eq!(ids(&lab.get(&free, GALLERY).await.json()["items"]).len(), 3);
    let (image, gone) = items.remove(1);
    let thumb = format!("{}/variants/thumb", place(&gone));
    assert_eq!(lab.get(&free, &thumb).await.status, 200);
    assert_eq!(lab.call(&admin, "DELETE", &format!("/api/v1/images/{image}")).await.status, 204);
    let left = items.iter().map(|(_, item)| item["id"].as_str().unwrap()).collect::<Vec<_>>();
    for key in [&free, &admin] {
        assert_eq!(ids(&lab.get(key, GALLERY).await.json()["items"]), left);
        assert_eq!(lab.get(key, &place(&gone)).await.status, 404);
        assert_eq!(lab.get(key, &thumb).await.status, 404, "what was just shown, too");
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_list_is_as_the_last_change_left_it(lab: Lab) {
    let admin = lab.admin("root").await;
    let free = lab.account("ada", "free").await;
    let mut images = Vec::new();
    for seed in 0..2 {
        images.push(lab.ready(&admin, "a.bmp", bmp(30, 20, seed)).await);
    }
    // Looked at twice each time: so what is looked at is what is kept.
    let titles = async || {
        let mut seen = Vec::new();
        for key in [&free, &free, &admin] {
            let listed = lab.get(key, GALLERY).await.json();
            let items = listed["items"].as_array().unwrap();
            let titles = items.iter().map(|item| item["title"].as_str().unwrap().to_owned());
            seen.push(titles.collect::<Vec<_>>());
        }
        assert!(seen[0] == seen[1], "{seen:?}");
        seen.pop().unwrap().join(" ")
    };
    assert_eq!(titles().await, "");
    let one = put(&lab, &admin, json!({"image": images[0], "title": "one"})).await;
    assert_eq!(titles().await, "one");
    let two = put(&lab, &admin, json!({"image": images[1], "title": "two"})).await;
    assert_eq!(titles().await, "one two");
    for (item, change, expected) in [
        (&one, json!({"title": "eins"}), "eins two"),
        (&two, json!({"position": -1}), "two eins"),
        (&two, json!({"active": false}), "eins"),
        (&two, json!({"active": true}), "two eins"),
        (&one, json!({"rank": 9}), "two"),
        (&one, json!({"rank": 1}), "two eins"),
    ] {
        lab.patch(&admin, &place(item), change).await;
        assert_eq!(titles().await, expected);
    }
    assert_eq!(lab.call(&admin, "DELETE", &place(&one)).await.status, 204);
    assert_eq!(titles().await, "two");
    let path = format!("/api/v1/images/{}", images[1]);
    assert_eq!(lab.call(&admin, "DELETE", &path).await.status, 204);
    assert_eq!(titles().await, "");
}

async fn only_admins_curate(lab: Lab) {
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(30, 20, 1)).await;
    let item = put(&lab, &admin, json!({"image": image})).await;
    let ada = lab.account("ada", "business").await;
    let own = lab.ready(&ada, "a.bmp", bmp(30, 20, 2)).await;
    for (key, status, code) in [(&*ada, 403, "not_admin"), ("", 401, "unauthorized")] {
        for (method, path, body) in [
            ("POST", GALLERY.to_owned(), json!({"image": own})),
            ("PATCH", place(&item), json!({"title": "mine"})),
            ("DELETE", place(&item), json!({})),
        ] {
            let refused = lab.json(key, method, &path, body).await;
            assert_eq!(outcome(&refused), (status, code.to_owned()), "{method}");
        }
    }
    assert_eq!(lab.get(&admin, &place(&item)).await.json(), item);
}
