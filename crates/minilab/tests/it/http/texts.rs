//! Text from outside, in every field of every route: a NUL is refused by the service, not by its database.

use minilab::sql;
use serde_json::{Value, json};

use super::callers::{assert_refused, member};
use crate::support::pictures::bmp;
use crate::support::{Lab, request};

on_both_engines! {
    no_field_of_any_route_takes_a_nul
    no_field_takes_a_novel
    names_and_labels_show_what_they_are
    names_may_have_single_spaces_inside
    a_files_name_loses_a_nul_and_keeps_its_joiners
}

sql! {
    ACCOUNTS = "SELECT COUNT(*) FROM accounts";
}

/// A route's method, its address, and the names and schemas of what it takes.
struct Operation {
    method: String,
    path: String,
    /// In the path, in the query.
    params: Vec<(String, String)>,
    members: Vec<(String, Value)>,
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(reference) = schema["$ref"].as_str() else { return schema };
    document.pointer(&reference[1..]).unwrap()
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(minilab::router::api(true).1).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let params = operation["parameters"].as_array().cloned().unwrap_or_default();
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            let params = params.iter().map(|param| (word(&param["in"]), word(&param["name"])));
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let members = resolve(&document, schema)["properties"].as_object().cloned();
            found.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                params: params.collect(),
                members: members.unwrap_or_default().into_iter().collect(),
            });
        }
    }
    found
}

/// The address with something harmless in it.
fn plain(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{id}" | "{link_id}" => uuid::Uuid::nil().to_string(),
        "{preset}" => "thumb".to_owned(),
        part if part.starts_with('{') => "free".to_owned(),
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn no_field_of_any_route_takes_a_nul(lab: Lab) {
    let root = member(&lab, "root", true).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for Operation { method, path, params, members } in operations() {
        let mut asked = Vec::new();
        for (place, name) in params {
            match &*place {
                "path" => asked.push(plain(&path.replace(&format!("{{{name}}}"), "a%00b"))),
                "query" if name != "filename" => {
                    asked.push(format!("{}?{name}=a%00b", plain(&path)));
                }
                _ => {}
            }
        }
        for address in asked {
            let answer = lab.json(&root, &method, &address, json!({})).await;
            tried += 1;
            if !answer.status.is_client_error() {
                wrong.push(format!("{method} {address}: {}", answer.status));
            }
        }
        let form = path.starts_with("/api/token/") || path == "/api/image/expiring/";
        for (name, schema) in members {
            for value in [json!("a\0b"), json!(["a\0b"]), json!({"a\0": 1}), json!({"a": "\0"})] {
                let answer = lab
                    .json(
                        &root,
                        &method,
                        &plain(&path),
                        Value::Object([(name.clone(), value)].into_iter().collect()),
                    )
                    .await;
                tried += 1;
                if !answer.status.is_client_error() {
                    wrong.push(format!("{method} {path}: {name} {schema}: {}", answer.status));
                }
            }
            if form {
                let answer = lab.url_form(&root, &plain(&path), &format!("{name}=a%00b")).await;
                assert_refused(&answer, 422, "bad_text");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 200, "{tried}");
    for (path, name) in
        [("/api/v1/session", "account"), ("/api/v1/tokens", "account"), ("/api/token/", "username")]
    {
        for (account, password) in [("ro\0ot", "x"), ("root", "x\0y")] {
            let body = json!({ name: account, "password": password });
            assert_refused(&lab.json("", "POST", path, body).await, 422, "bad_text");
        }
    }
    let key = "mlk_\0_\0";
    let asked = lab.json("", "POST", "/api/v1/tokens/refresh", json!({ "refresh": key })).await;
    assert_refused(&asked, 422, "bad_text");
    assert_eq!(lab.number(ACCOUNTS).await, 1);
}

async fn no_field_takes_a_novel(lab: Lab) {
    let root = lab.admin("root").await;
    let novel = "a".repeat(5000);
    for (path, body) in [
        ("/api/v1/accounts", json!({ "name": "ada", "tier": novel })),
        ("/api/v1/session", json!({ "account": novel, "password": "x" })),
        ("/api/v1/upload-links", json!({ "expires_in": 300, "formats": [novel] })),
    ] {
        let answer = lab.json(&root, "POST", path, body).await;
        assert_refused(&answer, 422, "bad_text");
        assert!(answer.body.len() < 1000, "it is not said again");
    }
    let filter = lab.get(&root, &format!("/api/v1/images?camera={novel}")).await;
    assert_refused(&filter, 422, "bad_filter");
    assert_refused(&lab.get(&root, &format!("/api/v1/tiers/{novel}")).await, 404, "not_found");
}

/// Turns text around, cannot be seen, or is no character.
const TRICKS: [char; 14] = [
    '\u{200B}',
    '\u{200E}',
    '\u{202E}',
    '\u{2066}',
    '\u{061C}',
    '\u{00AD}',
    '\u{FEFF}',
    '\u{2028}',
    '\u{3164}',
    '\u{115F}',
    '\u{180E}',
    '\u{E0041}',
    '\u{FE0F}',
    '\u{FFFF}',
];

async fn names_and_labels_show_what_they_are(lab: Lab) {
    let root = lab.admin("root").await;
    let id = lab.upload_ok(&root, "a.bmp", bmp(30, 20, 1)).await;
    let joiners = ['\u{200C}', '\u{200D}'];
    for trick in TRICKS.into_iter().chain(joiners) {
        let name = format!("ad{trick}a");
        let new = json!({ "name": name, "tier": "free" });
        let refused = lab.json(&root, "POST", "/api/v1/accounts", new).await;
        assert_refused(&refused, 422, "bad_name");
        for (path, new) in [
            ("/api/v1/tiers", json!({ "name": name })),
            ("/api/v1/tiers", json!({ "name": "studio", "alias": name })),
            ("/api/v1/presets", json!({ "name": name, "width": 10 })),
        ] {
            assert_refused(&lab.json(&root, "POST", path, new).await, 422, "invalid");
        }
    }
    for trick in TRICKS {
        let label = format!("Wed{trick}ding");
        for (path, new) in [
            ("/api/v1/keys", json!({ "name": label })),
            ("/api/v1/upload-links", json!({ "expires_in": 300, "label": label })),
            ("/api/v1/gallery", json!({ "image": id, "title": label })),
            ("/api/v1/gallery", json!({ "image": id, "tags": [label] })),
        ] {
            assert_refused(&lab.json(&root, "POST", path, new).await, 422, "invalid");
        }
    }
    let label = json!({ "expires_in": 300, "label": "عکس\u{200C}ها 👩\u{200D}👧" });
    assert_eq!(lab.json(&root, "POST", "/api/v1/upload-links", label).await.status, 201);
}

async fn names_may_have_single_spaces_inside(lab: Lab) {
    let root = lab.admin("root").await;
    for name in ["12345", "Ada Lovelace", "猫 猫", "a b c", &"é".repeat(64)] {
        let new = json!({ "name": name, "tier": "free" });
        let made = lab.json(&root, "POST", "/api/v1/accounts", new).await;
        assert_eq!(made.status, 201, "{name:?}");
        assert_eq!(made.json()["name"], name);
    }
    for name in ["", " ", " a", "a ", "a  b", "a\u{A0}b", "a\tb", "a\nb", &"é".repeat(65)] {
        let new = json!({ "name": name, "tier": "free" });
        let refused = lab.json(&root, "POST", "/api/v1/accounts", new).await;
        assert_refused(&refused, 422, "bad_name");
    }
}

async fn a_files_name_loses_a_nul_and_keeps_its_joiners(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    let id = lab.upload_ok(&ada, "a%00b.bmp", bmp(30, 20, 1)).await;
    let place = format!("/api/v1/images/{id}");
    assert_eq!(lab.image(&ada, &id).await["filename"], "ab.bmp");
    for (given, kept) in [
        ("می\u{200C}خواهم.bmp", "می\u{200C}خواهم.bmp"),
        ("👩\u{200D}👧\u{202E}.bmp", "👩\u{200D}👧.bmp"),
        ("a\0b\u{200D}.bmp", "ab.bmp"),
    ] {
        let shown = lab.patch(&ada, &place, json!({ "filename": given })).await;
        assert_eq!(shown["filename"], kept);
    }
    let asked = request(&ada, "GET", &format!("{place}/original")).body(String::new().into());
    assert_eq!(lab.send(asked.unwrap()).await.status, 200);
}
