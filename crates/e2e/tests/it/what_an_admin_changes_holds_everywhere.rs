//! Two servers on one database: what is changed at one holds at the other within a second.

use std::time::Duration;

use e2e::{Caller, Engine, Lab, on_both_engines, picture, wait};
use serde_json::{Value, json};

on_both_engines!(what_an_admin_changes_holds_everywhere);

/// "Within a second" is promised by the service; the rest is for a busy machine.
const SOON: Duration = Duration::from_millis(2500);

#[track_caller]
fn soon(what: &str, ask: impl FnMut() -> bool) {
    let mut ask = ask;
    wait::until(what, SOON, || ask().then_some(()));
}

fn what_an_admin_changes_holds_everywhere(engine: Engine) {
    let mut lab = Lab::open(engine);
    let (beside, elsewhere) = lab.start_server_beside();
    let root = lab.admin("root");
    let ada = lab.account("ada", "business");
    let photo = picture::jpeg(&picture::photograph(900, 600), 1);
    let id = ada.upload_new("harbour.jpg", &photo);
    ada.ready(&id);
    let account = account_id(&root, "ada");

    let [first, second, third] = [0, 1, 2].map(|_| link(&ada, &id));
    let nobody = lab.nobody();
    for at in [&nobody, &elsewhere] {
        for link in [&first, &second, &third] {
            let opened = at.get(&path_of(link)).expect(200);
            assert_eq!(opened.header("content-type"), "image/jpeg");
            assert!(opened.header("cache-control").starts_with("private, max-age=29"), "{opened}");
            assert_eq!(opened.header("referrer-policy"), "no-referrer");
        }
    }
    ada.delete(&format!("/api/v1/images/{id}/links/{}", text(&first["id"]))).expect(204);
    nobody.get(&path_of(&first)).problem(410, "link_revoked");
    soon("a revoked link is dead at the other server", || {
        elsewhere.get(&path_of(&first)).status == 410
    });
    elsewhere.get(&path_of(&second)).expect(200);

    a_tier_is_what_the_admin_says(&root, &ada, &elsewhere);
    a_higher_tier_brings_what_it_has(&lab, &root, &photo);

    // Suspended: keys, and the links that were made, are dead at both.
    elsewhere.with_key(Some(ada.key())).get("/api/v1/me").expect(200);
    let suspend = json!({"suspended": true});
    root.json("PATCH", &format!("/api/v1/accounts/{account}"), &suspend).expect(200);
    ada.get("/api/v1/me").problem(403, "suspended");
    nobody.get(&path_of(&second)).problem(410, "link_revoked");
    soon("a suspended account is out at the other server", || {
        elsewhere.with_key(Some(ada.key())).get("/api/v1/me").status == 403
            && elsewhere.get(&path_of(&second)).status == 410
    });

    let logged = lab.logged();
    for link in [&first, &second, &third] {
        let path = path_of(link);
        let token = path.rsplit('/').next().expect("a token");
        assert!(!logged.contains(token), "a token is in the log");
    }
    assert!(!logged.contains(ada.key()) && !logged.contains(root.key()));
    beside.stop();
    lab.close();
}

fn a_tier_is_what_the_admin_says(root: &Caller, ada: &Caller, elsewhere: &Caller) {
    root.json("PATCH", "/api/v1/tiers/enterprise", &json!({"images_max": 1})).expect(200);
    ada.upload("no-room.png", &picture::small(1)).problem(403, "quota_reached");
    let there = elsewhere.with_key(Some(ada.key()));
    // The quota is read where it is decided; what is shown follows within the second.
    let refused = there.upload("no-room.png", &picture::small(2)).problem(403, "quota_reached");
    assert_eq!((&refused["used"], &refused["limit"]), (&json!(1), &json!(1)));
    soon("the new limit is shown at the other server", || {
        there.get("/api/v1/me").expect(200).json()["limits"]["images"] == 1
    });
    root.json("PATCH", "/api/v1/tiers/business", &json!({"images_max": null})).expect(200);
    let refused = root.delete("/api/v1/tiers/business").problem(409, "in_use");
    assert_eq!(refused["used_by"], json!(["ada", "root"]));
}

fn a_higher_tier_brings_what_it_has(lab: &Lab, root: &Caller, photo: &[u8]) {
    let bob = lab.account("bob", "free");
    let id = bob.upload_new("harbour.jpg", &picture::variation(photo, 7));
    bob.ready(&id);
    bob.variant(&id, "h400").problem(403, "preset_not_in_tier");
    let before = bob.usage()["variant_bytes"].as_i64().expect("a number");
    let change = json!({"tier": "professional"});
    let account = account_id(root, "bob");
    root.json("PATCH", &format!("/api/v1/accounts/{account}"), &change).expect(200);
    wait::until("h400 is there without being asked for", Duration::from_secs(20), || {
        let image = bob.image(&id);
        let variants = image["variants"].as_array().expect("a list");
        variants.iter().any(|v| v["preset"] == "h400" && v["state"] == "ready").then_some(())
    });
    assert!(bob.usage()["variant_bytes"].as_i64() > Some(before));
}

fn link(caller: &Caller, id: &str) -> Value {
    let wish = json!({"expires_in": 30_000, "variant": "h200"});
    caller.json("POST", &format!("/api/v1/images/{id}/links"), &wish).expect(201).json()
}

/// The same link at another server.
fn path_of(link: &Value) -> String {
    let url = text(&link["url"]);
    let (_, path) =
        url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).expect("a path");
    format!("/{path}")
}

fn account_id(root: &Caller, name: &str) -> String {
    let listed = root.get("/api/v1/accounts?limit=100").expect(200).json();
    let items = listed["items"].as_array().expect("a list");
    let found = items.iter().find(|account| account["name"] == name).expect("it is listed");
    text(&found["id"]).to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
