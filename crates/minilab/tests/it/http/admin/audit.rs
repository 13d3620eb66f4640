//! `/api/v1/audit`: what was changed, by whom, in which request.

use serde_json::{Value, json};

use super::super::callers::{PASSWORD, word};
use super::{ACCOUNTS, PRESETS, TIERS};
use crate::support::Lab;
use crate::support::pictures::bmp;

on_both_engines! {
    every_change_leaves_a_line_with_who_did_it_and_no_secret
    the_log_is_read_from_the_newest_on_page_by_page
}

async fn every_change_leaves_a_line_with_who_did_it_and_no_secret(lab: Lab) {
    let root = lab.admin("root").await;
    let mut secrets = vec![PASSWORD.to_owned(), "argon2".to_owned(), "mlk_".to_owned()];
    let mut expected = Vec::new();
    let mut note = async |method: &str, path: &str, body: Value, action: &str, subject: &str| {
        let answer = lab.json(&root, method, path, body).await;
        assert!(answer.status.is_success(), "{action}: {}", answer.json());
        let line = [action, subject, "root", answer.header("x-request-id")].map(str::to_owned);
        expected.push(line.to_vec());
        answer
    };
    let eve = json!({ "name": "eve", "tier": "basic" });
    let eve = note("POST", ACCOUNTS, eve, "account.create", "eve").await;
    let account = format!("{ACCOUNTS}/{}", word(&eve, "id"));
    let password = json!({ "password": PASSWORD });
    note("PATCH", &account, password, "account.change", "eve").await;
    let tier = format!("{TIERS}/studio");
    note("POST", TIERS, json!({ "name": "studio" }), "tier.create", "studio").await;
    note("PATCH", &tier, json!({ "rank": 9 }), "tier.change", "studio").await;
    note("DELETE", &tier, Value::Null, "tier.delete", "studio").await;
    let preset = format!("{PRESETS}/banner");
    note("POST", PRESETS, json!({ "name": "banner", "width": 9 }), "preset.create", "banner").await;
    note("PATCH", &preset, json!({ "width": 8 }), "preset.change", "banner").await;
    note("DELETE", &preset, Value::Null, "preset.delete", "banner").await;
    secrets.push(word(&eve, "key"));

    // What is refused changes nothing, and neither does a look.
    for (method, path, body) in [
        ("POST", ACCOUNTS, json!({ "name": "eve", "tier": "free" })),
        ("PATCH", &account, json!({ "tier": "gold" })),
        ("PATCH", &tier, json!({ "rank": 1 })),
        ("DELETE", &format!("{TIERS}/free"), Value::Null),
        ("POST", PRESETS, json!({ "name": "thumb", "width": 1 })),
        ("GET", ACCOUNTS, Value::Null),
    ] {
        lab.json(&root, method, path, body).await;
    }
    let answer = lab.get(&root, "/api/v1/audit?limit=100").await;
    let log = answer.json();
    let lines = log["items"].as_array().unwrap().iter().rev().map(|line| {
        let member = |name: &str| line[name].as_str().unwrap().to_owned();
        ["action", "subject", "account", "request_id"].map(member).to_vec()
    });
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    // What is now, and of what is gone, what it was.
    assert_eq!(log["items"][0]["detail"]["width"], 8);
    assert_eq!(log["items"][3]["detail"]["rank"], 9);
    assert_eq!(log["items"][6]["detail"]["password_changed"], true);
    assert!(log["items"][0]["at"].is_string());
    let text = String::from_utf8(answer.body).unwrap();
    assert!(secrets.iter().all(|secret| !text.contains(&**secret)), "{text}");
}

async fn the_log_is_read_from_the_newest_on_page_by_page(lab: Lab) {
    let root = lab.admin("root").await;
    let image = lab.upload_ok(&root, "a.bmp", bmp(30, 20, 1)).await;
    let item = lab.json(&root, "POST", "/api/v1/gallery", json!({ "image": image })).await;
    let path = format!("/api/v1/gallery/{}", word(&item, "id"));
    for number in 0..3 {
        let title = json!({ "title": number.to_string() });
        assert_eq!(lab.json(&root, "PATCH", &path, title).await.status, 200);
    }
    assert_eq!(lab.call(&root, "DELETE", &path).await.status, 204);
    let mut seen = Vec::new();
    let mut page = lab.get(&root, "/api/v1/audit?limit=2").await.json();
    loop {
        let items = page["items"].as_array().unwrap().clone();
        seen.extend(items.iter().map(|line| line["action"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        page = lab.get(&root, &format!("/api/v1/audit?limit=2&cursor={cursor}")).await.json();
    }
    let change = "gallery.change";
    assert_eq!(seen, ["gallery.delete", change, change, change, "gallery.create"]);
}
