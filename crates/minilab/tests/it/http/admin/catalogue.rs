//! `/api/v1/tiers` and `/api/v1/presets`: rows that are made, changed, and kept while in use.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::callers::assert_refused;
use super::{ACCOUNTS, PRESETS, TIERS, change};
use crate::support::Lab;

on_both_engines! {
    a_tier_is_made_shown_changed_and_deleted
    a_preset_is_made_shown_changed_and_deleted
    a_preset_whose_name_comes_back_goes_on_counting
    all_that_is_wrong_is_named_at_once_and_nothing_is_changed
    names_are_taken_once
    what_is_in_use_is_not_deleted_and_the_answer_says_who_uses_it
}

async fn a_tier_is_made_shown_changed_and_deleted(lab: Lab) {
    let root = lab.admin("root").await;
    let new = json!({
        "name": "studio", "alias": "atelier", "rank": 2,
        "presets": ["thumb", "h200"], "rights": { "links": true, "link_secs_max": 600 },
    });
    let made = lab.json(&root, "POST", TIERS, new).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    // Modest where nothing is said.
    assert_eq!((&made["images_max"], &made["upload_bytes_max"]), (&json!(5), &json!(10 << 20)));
    assert_eq!(
        (&made["rights"]["links"], &made["rights"]["original"]),
        (&json!(true), &json!(false))
    );

    let path = format!("{TIERS}/studio");
    let change_made = json!({ "alias": null, "images_max": null, "rights": { "original": true } });
    let changed = change(&lab, &root, "PATCH", &path, change_made).await;
    assert_eq!((&changed["alias"], &changed["images_max"]), (&Value::Null, &Value::Null));
    let rights = &changed["rights"];
    assert_eq!((&rights["original"], &rights["links"]), (&json!(true), &json!(true)));
    assert_eq!((&changed["rank"], &rights["link_secs_max"]), (&json!(2), &json!(600)));
    assert_eq!(changed["presets"].as_array().unwrap().len(), 2, "what is not named stays");
    assert_eq!(lab.get(&root, &path).await.json()["rights"], *rights);
    assert_refused(&lab.get(&root, &format!("{TIERS}/atelier")).await, 404, "not_found");

    let listed = lab.get(&root, TIERS).await.json();
    let ranks =
        listed["items"].as_array().unwrap().iter().map(|tier| tier["rank"].as_i64().unwrap());
    assert_eq!(ranks.collect::<Vec<_>>(), [1, 2, 2, 3]);
    assert_eq!(lab.call(&root, "DELETE", &path).await.status, 204);
    for method in ["GET", "PATCH", "DELETE"] {
        let answer = lab.json(&root, method, &path, json!({})).await;
        assert_refused(&answer, 404, "not_found");
    }
}

async fn a_preset_is_made_shown_changed_and_deleted(lab: Lab) {
    let root = lab.admin("root").await;
    let made = lab.json(&root, "POST", PRESETS, json!({ "name": "banner", "width": 20 })).await;
    assert_eq!((made.status.as_u16(), &made.json()["version"]), (201, &json!(1)));
    let path = format!("{PRESETS}/banner");
    for (said, version) in [
        (json!({ "height": 10, "fit": "cover" }), 2),
        // The bytes stay what they are.
        (json!({ "eager": true }), 2),
        (json!({ "width": 20 }), 2),
        (json!({}), 2),
        (json!({ "format": "webp", "background": "#00FF7f" }), 3),
        (json!({ "height": null, "fit": "inside" }), 4),
    ] {
        let changed = change(&lab, &root, "PATCH", &path, said.clone()).await;
        assert_eq!(changed["version"], version, "{said}");
        assert_eq!(lab.get(&root, &path).await.json(), changed);
    }
    let shown = lab.get(&root, &path).await.json();
    assert_eq!((&shown["width"], &shown["height"]), (&json!(20), &Value::Null));
    assert_eq!((&shown["format"], &shown["background"]), (&json!("webp"), &json!("#00ff7f")));
    let listed = lab.get(&root, PRESETS).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 7);

    assert_eq!(lab.call(&root, "DELETE", &path).await.status, 204);
    for method in ["GET", "PATCH", "DELETE"] {
        let answer = lab.json(&root, method, &path, json!({})).await;
        assert_refused(&answer, 404, "not_found");
    }
}

async fn a_preset_whose_name_comes_back_goes_on_counting(lab: Lab) {
    let root = lab.admin("root").await;
    let path = format!("{PRESETS}/banner");
    for version in 1..4 {
        // The same recipe, too: files of the old ones may still lie under the old number.
        let new = json!({ "name": "banner", "width": 20 });
        let made = change(&lab, &root, "POST", PRESETS, new).await;
        assert_eq!(made["version"], version);
        change(&lab, &root, "DELETE", &path, Value::Null).await;
    }
}

async fn all_that_is_wrong_is_named_at_once_and_nothing_is_changed(lab: Lab) {
    let root = lab.admin("root").await;
    let before = [lab.get(&root, TIERS).await.json(), lab.get(&root, PRESETS).await.json()];
    let premium = format!("{TIERS}/premium");
    let h200 = format!("{PRESETS}/h200");
    for (method, path, body, fields) in [
        (
            "POST",
            TIERS,
            json!({
                "name": "Big Name", "alias": "", "rank": -1, "images_max": -1, "upload_bytes_max": 0,
                "presets": ["none", "thumb", "thumb"], "colour": "red",
                "rights": { "link_secs_min": 0, "link_secs_max": 2_592_001 },
            }),
            "alias colour images_max name presets rank rights.link_secs_max \
             rights.link_secs_min upload_bytes_max",
        ),
        ("POST", TIERS, json!({ "name": "basic" }), "name"),
        ("POST", TIERS, json!({ "rank": "high", "rights": { "fly": true } }), "name rank rights"),
        ("PATCH", &premium, json!({ "name": "gold" }), "name"),
        ("PATCH", &premium, json!({ "alias": "free", "rights": null }), "alias rights"),
        (
            "PATCH",
            &premium,
            json!({ "rights": { "link_secs_min": 40_000 } }),
            "rights.link_secs_max",
        ),
        (
            "POST",
            PRESETS,
            json!({
                "name": "original", "fit": "cover", "width": 0, "quality": 101, "format": "bmp",
                "background": "white", "byte_budget": 1, "animation": "twice",
            }),
            "animation background byte_budget fit format name quality width",
        ),
        ("POST", PRESETS, json!({}), "name width"),
        ("PATCH", &h200, json!({ "name": "h300", "height": 16_385 }), "height name"),
        ("PATCH", &h200, json!({ "exact": true, "eager": "yes" }), "eager fit"),
        ("PATCH", &h200, json!({ "quality": 256, "version": 9 }), "quality version"),
        (
            "POST",
            "/api/v1/keys",
            json!({ "name": "x".repeat(65), "scopes": [], "expires_in": 0 }),
            "expires_in name scopes",
        ),
    ] {
        let answer = lab.json(&root, method, path, body.clone()).await;
        assert_refused(&answer, 422, "invalid");
        let problem = answer.json();
        let named = problem["problems"].as_array().unwrap().iter();
        let named = named.map(|wrong| wrong["field"].as_str().unwrap()).collect::<BTreeSet<_>>();
        let wanted = fields.split_whitespace().collect::<BTreeSet<_>>();
        assert_eq!(named, wanted, "{method} {path} {body}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(wanted.iter().all(|field| detail.contains(field)), "{detail}");
    }
    let after = [lab.get(&root, TIERS).await.json(), lab.get(&root, PRESETS).await.json()];
    assert_eq!(before, after);
    assert_eq!(lab.get(&root, "/api/v1/audit").await.json()["items"], json!([]));
}

async fn names_are_taken_once(lab: Lab) {
    let root = lab.admin("root").await;
    for (path, body) in
        [(TIERS, json!({ "name": "free" })), (PRESETS, json!({ "name": "thumb", "width": 10 }))]
    {
        assert_refused(&lab.json(&root, "POST", path, body).await, 409, "name_taken");
        let new = json!({ "name": "new", "width": 10, "rank": 1 });
        let mut new = new.as_object().unwrap().clone();
        new.remove(if path == TIERS { "width" } else { "rank" });
        let parallel = (0..4).map(|_| lab.json(&root, "POST", path, new.clone().into()));
        let answers = futures_util::future::join_all(parallel).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 3);
    }
}

async fn what_is_in_use_is_not_deleted_and_the_answer_says_who_uses_it(lab: Lab) {
    let root = lab.admin("root").await;
    for name in ["bob", "ada"] {
        lab.account(name, "free").await;
    }
    for (path, users) in [
        (format!("{TIERS}/free"), json!(["ada", "bob"])),
        (format!("{TIERS}/business"), json!(["root"])),
        (format!("{PRESETS}/thumb"), json!(["business", "free", "premium"])),
        (format!("{PRESETS}/display"), json!(["business", "premium"])),
    ] {
        let answer = lab.call(&root, "DELETE", &path).await;
        assert_refused(&answer, 409, "in_use");
        let problem = answer.json();
        assert_eq!(problem["used_by"], users, "{path}");
        assert_eq!(problem["count"], users.as_array().unwrap().len(), "{path}");
        assert_eq!(lab.get(&root, &path).await.status, 200);
    }
    // As soon as nobody uses it, it goes.
    let accounts = lab.get(&root, ACCOUNTS).await.json();
    for account in accounts["items"].as_array().unwrap() {
        let path = format!("{ACCOUNTS}/{}", account["id"].as_str().unwrap());
        change(&lab, &root, "PATCH", &path, json!({ "tier": "business" })).await;
    }
    for tier in ["free", "premium"] {
        change(&lab, &root, "DELETE", &format!("{TIERS}/{tier}"), Value::Null).await;
    }
    change(&lab, &root, "PATCH", &format!("{TIERS}/business"), json!({ "presets": [] })).await;
    change(&lab, &root, "DELETE", &format!("{PRESETS}/thumb"), Value::Null).await;
    assert_eq!(lab.get(&root, TIERS).await.json()["items"].as_array().unwrap().len(), 1);
}
