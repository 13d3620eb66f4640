//! Who may do what: all of it as one table. A route without a row fails here.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use minilab::accounts::create::{NewAccount, create};
use minilab::accounts::{find_by_name, password, sign_in};
use serde_json::{Value, json};
use uuid::Uuid;

use super::callers::{PASSWORD, member, word};
use crate::house::rust_files;
use crate::support::pictures::bmp;
use crate::support::{Lab, Server, request};

/// Who asks, in the order of the columns. `nobody` shows no key. `another` is in the tier of `owner`,
/// so that what it may not is only for what is whose; ids in addresses are those of `owner`, gallery
/// items those of `admin`. `reader` shows a key of `owner` with the scope "read", `writer` one with
/// "write", `viewer` one of `admin` with "read". `holder` shows the token of a temporary link as if it were
/// a key; `uploader` that of an upload link of `owner`.
const CALLERS: [&str; 9] =
    ["nobody", "another", "owner", "reader", "writer", "holder", "uploader", "admin", "viewer"];

/// A method, an address as the description of the API has it, and what each caller is answered.
type Row = (&'static str, &'static str, [u16; 9]);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                                                  nobody another owner reader writer holder uploader admin viewer
    // One's own images are there for nobody else, admins included.
    ("GET",    "/api/v1/images",                          [401, 200, 200, 200, 403, 401, 200, 200, 200]),
    ("POST",   "/api/v1/images",                          [401, 201, 201, 403, 201, 401, 201, 201, 403]),
    ("GET",    "/api/v1/images/{id}",                     [401, 404, 200, 200, 403, 401, 404, 404, 404]),
    ("PATCH",  "/api/v1/images/{id}",                     [401, 404, 200, 403, 200, 401, 403, 404, 403]),
    ("POST",   "/api/v1/images/delete",                   [401, 200, 200, 403, 200, 401, 403, 200, 403]),
    ("POST",   "/api/v1/images/zip",                      [401, 404, 200, 200, 403, 401, 403, 404, 404]),
    ("DELETE", "/api/v1/images/{id}",                     [401, 404, 204, 403, 204, 401, 403, 404, 403]),
    ("GET",    "/api/v1/images/{id}/original",            [401, 404, 200, 200, 403, 401, 403, 404, 404]),
    ("GET",    "/api/v1/images/{id}/variants/{preset}",   [401, 404, 200, 200, 403, 401, 404, 404, 404]),
    ("GET",    "/api/v1/images/{id}/links",               [401, 404, 200, 200, 403, 401, 403, 404, 404]),
    ("POST",   "/api/v1/images/{id}/links",               [401, 404, 201, 403, 403, 401, 403, 404, 403]),
    ("DELETE", "/api/v1/images/{id}/links/{link_id}",     [401, 404, 204, 403, 204, 401, 403, 404, 403]),
    // The link in the address is all that is needed.
    ("GET",    "/l/{token}",                              [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    // Upload links are their maker's; what they bring is looked at with them.
    ("GET",    "/api/v1/upload-links",                    [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("POST",   "/api/v1/upload-links",                    [401, 201, 201, 403, 201, 401, 403, 201, 403]),
    ("GET",    "/api/v1/upload-links/{id}",               [401, 404, 200, 200, 403, 401, 403, 404, 404]),
    ("PATCH",  "/api/v1/upload-links/{id}",               [401, 404, 200, 403, 200, 401, 403, 404, 403]),
    ("POST",   "/api/v1/upload-links/{id}/token",         [401, 404, 200, 403, 403, 401, 403, 404, 403]),
    ("DELETE", "/api/v1/upload-links/{id}",               [401, 404, 204, 403, 204, 401, 403, 404, 403]),
    ("GET",    "/api/v1/upload-link",                     [401, 403, 403, 403, 403, 401, 200, 403, 403]),
    ("POST",   "/u/{token}",                              [201, 201, 201, 201, 201, 201, 201, 201, 201]),
    // The gallery is for all who may call; admins curate it.
    ("GET",    "/api/v1/gallery",                         [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("POST",   "/api/v1/gallery",                         [401, 403, 403, 403, 403, 401, 403, 201, 403]),
    ("GET",    "/api/v1/gallery/{id}",                    [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("PATCH",  "/api/v1/gallery/{id}",                    [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("DELETE", "/api/v1/gallery/{id}",                    [401, 403, 403, 403, 403, 401, 403, 204, 403]),
    ("GET",    "/api/v1/gallery/{id}/variants/{preset}",  [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("GET",    "/api/v1/events",                          [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    // Oneself. Tokens are not what these callers came with, so there are none to end (422).
    ("GET",    "/api/v1/me",                              [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("GET",    "/api/v1/me/stats",                        [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("PUT",    "/api/v1/me/password",                     [401, 204, 204, 403, 403, 401, 403, 204, 403]),
    ("GET",    "/api/v1/keys",                            [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("POST",   "/api/v1/keys",                            [401, 201, 201, 403, 403, 401, 403, 201, 403]),
    ("DELETE", "/api/v1/keys/{id}",                       [401, 404, 204, 403, 403, 401, 403, 404, 403]),
    ("DELETE", "/api/v1/tokens",                          [401, 422, 422, 403, 422, 401, 403, 422, 403]),
    // Signing in needs a password and no key; setting up is over once there is an admin.
    ("POST",   "/api/v1/session",                         [204, 204, 204, 204, 204, 204, 204, 204, 204]),
    ("DELETE", "/api/v1/session",                         [204, 204, 204, 204, 204, 204, 204, 204, 204]),
    ("POST",   "/api/v1/tokens",                          [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/api/v1/tokens/refresh",                  [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/api/v1/setup",                           [410, 410, 410, 410, 410, 410, 410, 410, 410]),
    // Jobs: one's own, or all for admins. What is everybody's is for admins.
    ("GET",    "/api/v1/jobs",                            [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("GET",    "/api/v1/jobs/{id}",                       [401, 404, 200, 200, 403, 401, 403, 404, 404]),
    ("GET",    "/api/v1/jobs/causes",                     [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("GET",    "/api/v1/jobs/rates",                      [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("GET",    "/api/v1/jobs/pauses",                     [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("POST",   "/api/v1/jobs/retry",                      [401, 200, 200, 403, 200, 401, 403, 200, 403]),
    ("POST",   "/api/v1/jobs/cancel",                     [401, 200, 200, 403, 200, 401, 403, 200, 403]),
    ("GET",    "/api/v1/jobs/actions/{id}",               [401, 404, 200, 200, 403, 401, 403, 200, 404]),
    ("DELETE", "/api/v1/jobs/actions/{id}",               [401, 404, 200, 403, 200, 401, 403, 200, 403]),
    ("PUT",    "/api/v1/jobs/pauses/{subject}",           [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("DELETE", "/api/v1/jobs/pauses/{subject}",           [401, 403, 403, 403, 403, 401, 403, 204, 403]),
    ("GET",    "/api/v1/workers",                         [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("GET",    "/api/v1/schedule",                        [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    // For admins only.
    ("GET",    "/api/v1/accounts",                        [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("POST",   "/api/v1/accounts",                        [401, 403, 403, 403, 403, 401, 403, 201, 403]),
    ("GET",    "/api/v1/accounts/{id}",                   [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("PATCH",  "/api/v1/accounts/{id}",                   [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("DELETE", "/api/v1/accounts/{id}",                   [401, 403, 403, 403, 403, 401, 403, 204, 403]),
    ("GET",    "/api/v1/tiers",                           [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("POST",   "/api/v1/tiers",                           [401, 403, 403, 403, 403, 401, 403, 201, 403]),
    ("GET",    "/api/v1/tiers/{name}",                    [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("PATCH",  "/api/v1/tiers/{name}",                    [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("DELETE", "/api/v1/tiers/{name}",                    [401, 403, 403, 403, 403, 401, 403, 204, 403]),
    ("GET",    "/api/v1/presets",                         [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("POST",   "/api/v1/presets",                         [401, 403, 403, 403, 403, 401, 403, 201, 403]),
    ("GET",    "/api/v1/presets/{name}",                  [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("PATCH",  "/api/v1/presets/{name}",                  [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("DELETE", "/api/v1/presets/{name}",                  [401, 403, 403, 403, 403, 401, 403, 204, 403]),
    ("GET",    "/api/v1/stats",                           [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("GET",    "/api/v1/audit",                           [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    ("GET",    "/metrics",                                [401, 403, 403, 403, 403, 401, 403, 200, 403]),
    // Whether the service is well is no secret.
    ("GET",    "/healthz",                                [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/readyz",                                 [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    // The thumbnail service.
    ("GET",    "/api/v1/system/pulse",                    [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/api/v1/thumbnail",                       [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("POST",   "/api/v1/thumbnail",                       [401, 201, 201, 403, 201, 401, 403, 201, 403]),
    ("GET",    "/api/v1/thumbnail/{id}",                  [401, 404, 200, 200, 403, 401, 403, 404, 404]),
    ("DELETE", "/api/v1/thumbnail/{id}",                  [401, 404, 200, 403, 200, 401, 403, 404, 403]),
    ("GET",    "/api/v1/thumbnail/{id}/download",         [401, 404, 200, 200, 403, 401, 403, 404, 404]),
    // The emoji service.
    ("GET",    "/api/gallery",                            [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("GET",    "/api/gallery/{id}",                       [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("GET",    "/api/uploads",                            [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("POST",   "/api/uploads",                            [401, 200, 200, 403, 200, 401, 403, 200, 403]),
    ("GET",    "/api/uploads/{id}",                       [401, 404, 200, 200, 403, 401, 403, 404, 404]),
    ("DELETE", "/api/uploads/{id}",                       [401, 404, 200, 403, 200, 401, 403, 404, 403]),
    // The image service with tiers.
    ("POST",   "/api/token/",                             [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/api/token/refresh/",                     [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/api/images/",                            [401, 200, 200, 200, 403, 401, 403, 200, 200]),
    ("POST",   "/api/image/upload/",                      [401, 201, 201, 403, 201, 401, 403, 201, 403]),
    ("POST",   "/api/image/expiring/",                    [401, 404, 201, 403, 403, 401, 403, 404, 403]),
];

/// What the description does not describe: pages and what they are made of. They hold nothing
/// private; they ask the API, as whoever looks at them.
#[rustfmt::skip]
const PAGES: &[Row] = &[
    ("GET",    "/",                                       [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/sign-in",                                [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/sign-out",                               [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/setup",                                  [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/upload-links",                           [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/invitations",                            [308, 308, 308, 308, 308, 308, 308, 308, 308]),
    ("GET",    "/favicon.ico",                            [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/u/{token}",                              [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/ui/{*path}",                             [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/docs",                                   [308, 308, 308, 308, 308, 308, 308, 308, 308]),
    ("GET",    "/docs/",                                  [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/docs/{file}",                            [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/api/openapi.json",                       [200, 200, 200, 200, 200, 200, 200, 200, 200]),
];

fn operations(rows: &[Row]) -> BTreeSet<(String, String)> {
    rows.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect()
}

#[test]
fn every_operation_of_the_description_has_its_row() {
    let document = serde_json::to_value(minilab::router::api(true).1).unwrap();
    let described = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    });
    let described = described.collect::<BTreeSet<_>>();
    let in_table = operations(TABLE);
    let missing = described.difference(&in_table).collect::<Vec<_>>();
    let gone = in_table.difference(&described).collect::<Vec<_>>();
    assert!(missing.is_empty() && gone.is_empty(), "missing {missing:?}, gone {gone:?}");
    assert_eq!(in_table.len(), TABLE.len(), "a row is there twice");
}

#[test]
fn every_route_beside_the_description_has_its_row() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut found = BTreeSet::new();
    for (_, text) in rust_files(source.as_ref()) {
        for call in text.split(".route(").skip(1) {
            let path = call.split(',').next().unwrap().trim();
            // The one that is a constant.
            let path =
                if path == "DOCUMENT" { "/api/openapi.json" } else { path.trim_matches('"') };
            found.insert(("GET".to_owned(), path.to_owned()));
        }
    }
    assert_eq!(found, operations(PAGES));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_row_is_no_route() {
    let house = House::open().await;
    let rows = operations(TABLE).into_iter().chain(operations(PAGES)).collect::<BTreeSet<_>>();
    for path in rows.iter().map(|(_, path)| path).collect::<BTreeSet<_>>() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if !rows.contains(&(method.to_owned(), path.clone())) {
                let answer = house.lab.call("", method, path).await;
                assert_eq!(answer.status, 405, "{method} {path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_caller_may_do_what_the_table_says_and_nothing_else() {
    let house = House::open().await;
    let mut wrong = Vec::new();
    for (method, template, statuses) in TABLE.iter().chain(PAGES) {
        for ((who, key), status) in CALLERS.iter().zip(&house.keys).zip(statuses) {
            let path = house.address(method, template).await;
            let body = house.body(method, template).await;
            // As a page of ours would send it: signing out of a browser asks for that.
            let sent = request(key, method, &path)
                .header("sec-fetch-site", "same-origin")
                .header("content-type", "application/json");
            let answer = house.lab.send(sent.body(body).unwrap()).await;
            let code = if answer.status.is_client_error() { answer.code() } else { String::new() };
            let reason = reason(*status, who, method, template);
            if (answer.status.as_u16(), &*code) != (*status, reason) {
                let found = answer.status.as_u16();
                wrong.push(format!(
                    "{method} {template}, {who}: {found} {code}, not {status} {reason}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    house.lab.run_jobs().await;
    assert_eq!(house.lab.differences().await, [""; 0]);
}

/// What a key that can only write does not do: it would show more, or make what can do more.
const WHOLE: &[(&str, &str)] = &[
    ("PUT", "/api/v1/me/password"),
    ("POST", "/api/v1/keys"),
    ("DELETE", "/api/v1/keys/{id}"),
    ("POST", "/api/v1/images/{id}/links"),
    ("POST", "/api/v1/images/zip"),
    ("POST", "/api/v1/upload-links/{id}/token"),
    ("POST", "/api/image/expiring/"),
];

/// The code that stands beside a status.
fn reason(status: u16, who: &str, method: &str, template: &str) -> &'static str {
    match status {
        401 => "unauthorized",
        403 if who == "uploader" => "upload_link_only",
        403 if who == "writer" && method == "GET" => "out_of_scope",
        403 if template == "/api/v1/upload-link" => "not_an_upload_link",
        403 if matches!(who, "reader" | "viewer") && method != "GET" => "out_of_scope",
        403 if who == "viewer" => "out_of_scope",
        403 if who == "writer" && WHOLE.contains(&(method, template)) => "out_of_scope",
        403 => "not_admin",
        404 => "not_found",
        410 => "setup_over",
        422 => "no_tokens",
        _ => "",
    }
}

/// A lab with all callers in it, and something of everything.
struct House {
    lab: Lab,
    /// What each caller shows.
    keys: [String; 9],
    /// Of `owner` and of `admin`: ready, with their variants.
    image: String,
    item: String,
    token: String,
    password_hash: String,
    counted: AtomicU32,
}

impl House {
    async fn open() -> Self {
        // Nobody makes variants here while a request waits for them.
        let lab = Lab::with(Server::Sqlite, |config| config.variants.wait_secs = 0).await;
        let admin = member(&lab, "root", true).await;
        let [owner, another] = [member(&lab, "ada", false).await, member(&lab, "bob", false).await];
        for name in ["ada", "bob"] {
            let path = lab.account_path(name).await;
            let moved = lab.json(&admin, "PATCH", &path, json!({ "tier": "business" })).await;
            assert_eq!(moved.status, 200);
        }
        let scoped = async |key: &str, scope: &str| {
            let new = json!({ "name": scope, "scopes": [scope] });
            word(&lab.json(key, "POST", "/api/v1/keys", new).await, "key")
        };
        let [reader, writer] = [scoped(&owner, "read").await, scoped(&owner, "write").await];
        let viewer = scoped(&admin, "read").await;
        let image = lab.upload_ok(&owner, "a.bmp", bmp(300, 200, 1)).await;
        let shown = lab.upload_ok(&admin, "b.bmp", bmp(300, 200, 2)).await;
        let item = lab.json(&admin, "POST", "/api/v1/gallery", json!({ "image": shown })).await;
        lab.run_jobs().await;
        let link = json!({ "expires_in": 300, "variant": "thumb" });
        let link = lab.json(&owner, "POST", &format!("/api/v1/images/{image}/links"), link).await;
        let token = word(&link, "url").rsplit('/').next().unwrap().to_owned();
        let link = json!({ "expires_in": 300 });
        let uploader = word(&lab.json(&owner, "POST", "/api/v1/upload-links", link).await, "token");
        let shown = token.clone();
        let keys = [String::new(), another, owner, reader, writer, shown, uploader, admin, viewer];
        let password_hash = password::hash(PASSWORD.to_owned()).await.unwrap();
        let (item, counted) = (word(&item, "id"), AtomicU32::new(0));
        Self { lab, keys, image, item, token, password_hash, counted }
    }

    fn key(&self, who: &str) -> &str {
        &self.keys[CALLERS.iter().position(|caller| *caller == who).unwrap()]
    }

    /// Something that nobody had before.
    fn number(&self) -> u32 {
        self.counted.fetch_add(1, Ordering::Relaxed)
    }

    fn picture(&self) -> Vec<u8> {
        let number = self.number();
        bmp(20 + number / 200, 20, (number % 200) as u8)
    }

    async fn new_image(&self, who: &str) -> String {
        self.lab.upload_ok(self.key(who), "new.bmp", self.picture()).await
    }

    /// Makes something by the API and returns a member of the answer.
    async fn made(&self, who: &str, path: &str, body: Value, member: &str) -> String {
        let made = self.lab.json(self.key(who), "POST", path, body).await;
        assert_eq!(made.status, 201, "{path}");
        word(&made, member)
    }

    /// An account to sign in with: each is tried a few times only.
    async fn new_member(&self) -> String {
        let name = format!("member-{}", self.number());
        let password_hash = Some(self.password_hash.clone());
        let now_ms = self.lab.app.clock.now_ms();
        let (tier, is_admin) = ("free".to_owned(), false);
        let new = NewAccount { name: name.clone(), tier, is_admin, password_hash, now_ms };
        create(&self.lab.app.db, new).await.unwrap();
        name
    }

    /// The address with ids in it. What is to be changed is made for it, so that no row is in the
    /// way of another.
    async fn address(&self, method: &str, template: &str) -> String {
        let is_looked_at = method == "GET";
        let name = format!("new-{}", self.number());
        let id = match template.split('{').next().unwrap() {
            whole if whole == template => return whole.to_owned(),
            "/l/" => self.token.clone(),
            "/u/" => self.key("uploader").to_owned(),
            "/api/v1/upload-links/" => {
                let new = json!({ "expires_in": 300 });
                self.made("owner", "/api/v1/upload-links", new, "id").await
            }
            "/api/v1/jobs/" => {
                let listed = self.lab.get(self.key("owner"), "/api/v1/jobs").await.json();
                listed["items"][0]["id"].as_str().unwrap().to_owned()
            }
            "/api/v1/jobs/actions/" => {
                // Each another one, not the same that was asked for a moment ago.
                let body = json!({ "ids": [Uuid::now_v7()] });
                let acted = self.lab.json(self.key("owner"), "POST", "/api/v1/jobs/retry", body);
                word(&acted.await, "action_id")
            }
            "/api/v1/jobs/pauses/" => "back_fill".to_owned(),
            "/ui/" => "style.css".to_owned(),
            "/docs/" => "swagger-ui.css".to_owned(),
            "/api/v1/images/" | "/api/v1/thumbnail/" | "/api/uploads/" if is_looked_at => {
                self.image.clone()
            }
            "/api/v1/images/" | "/api/v1/thumbnail/" | "/api/uploads/" => {
                self.new_image("owner").await
            }
            "/api/v1/gallery/" | "/api/gallery/" if is_looked_at => self.item.clone(),
            "/api/v1/gallery/" => {
                let image = json!({ "image": self.new_image("admin").await });
                self.made("admin", "/api/v1/gallery", image, "id").await
            }
            "/api/v1/keys/" => {
                self.made("owner", "/api/v1/keys", json!({ "name": "" }), "id").await
            }
            "/api/v1/accounts/" => {
                let new = json!({ "name": name, "tier": "free" });
                self.made("admin", "/api/v1/accounts", new, "id").await
            }
            "/api/v1/tiers/" => {
                self.made("admin", "/api/v1/tiers", json!({ "name": name }), "name").await
            }
            "/api/v1/presets/" => {
                let new = json!({ "name": name, "width": 10 });
                self.made("admin", "/api/v1/presets", new, "name").await
            }
            _ => panic!("{template}: say what stands in it"),
        };
        let mut path = template.replace("{preset}", "thumb");
        if template.contains("{link_id}") {
            let links = format!("/api/v1/images/{id}/links");
            let link = self.made("owner", &links, link_to_original(), "id").await;
            path = path.replace("{link_id}", &link);
        }
        let (before, rest) = path.split_once('{').unwrap();
        format!("{before}{id}{}", rest.split_once('}').unwrap().1)
    }

    /// The least that makes sense to send.
    async fn body(&self, method: &str, template: &str) -> Body {
        let name = format!("new-{}", self.number());
        let json = match (method, template) {
            ("GET" | "DELETE", _) | (_, "/api/v1/upload-links/{id}/token") => return Body::empty(),
            (
                _,
                "/api/v1/images" | "/u/{token}" | "/api/v1/thumbnail" | "/api/uploads"
                | "/api/image/upload/",
            ) => return Body::from(self.picture()),
            (_, "/api/v1/upload-links" | "/api/v1/upload-links/{id}") => {
                json!({ "expires_in": 300 })
            }
            (_, "/api/v1/images/delete") => json!({ "ids": [Uuid::nil()] }),
            (_, "/api/v1/images/zip") => json!({ "ids": [self.image], "variant": "thumb" }),
            (_, "/api/v1/images/{id}") => json!({ "filename": "renamed.bmp" }),
            (_, "/api/v1/images/{id}/links") => link_to_original(),
            (_, "/api/image/expiring/") => {
                json!({ "uuid": self.new_image("owner").await, "expire_time": 300 })
            }
            (_, "/api/v1/gallery") => json!({ "image": self.new_image("admin").await }),
            (_, "/api/v1/gallery/{id}") => json!({ "title": "renamed" }),
            (_, "/api/v1/me/password") => json!({ "current": PASSWORD, "new": PASSWORD }),
            (_, "/api/v1/keys") => json!({ "name": "new" }),
            (_, "/api/v1/session" | "/api/v1/tokens") => {
                json!({ "account": self.new_member().await, "password": PASSWORD })
            }
            (_, "/api/token/") => {
                json!({ "username": self.new_member().await, "password": PASSWORD })
            }
            (_, "/api/v1/tokens/refresh" | "/api/token/refresh/") => {
                let mut conn = self.lab.app.db.read().await.unwrap();
                let ada = find_by_name(&mut conn, "ada").await.unwrap().unwrap().id;
                let tokens = sign_in::issue_tokens(&self.lab.app, ada).await.unwrap();
                json!({ "refresh": tokens.refresh.reveal() })
            }
            (_, "/api/v1/setup") => {
                let token = format!("mls_{}_{}", Uuid::nil().simple(), "A".repeat(43));
                json!({ "token": token, "name": name, "password": PASSWORD })
            }
            (_, "/api/v1/jobs/retry" | "/api/v1/jobs/cancel") => {
                json!({ "ids": [Uuid::nil()], "dry_run": true })
            }
            (_, "/api/v1/jobs/pauses/{subject}") => json!({ "reason": "for a test" }),
            (_, "/api/v1/accounts") => json!({ "name": name, "tier": "free" }),
            (_, "/api/v1/accounts/{id}") => json!({ "suspended": true }),
            (_, "/api/v1/tiers") => json!({ "name": name }),
            (_, "/api/v1/tiers/{name}") => json!({ "rank": 2 }),
            (_, "/api/v1/presets") => json!({ "name": name, "width": 10 }),
            (_, "/api/v1/presets/{name}") => json!({ "quality": 70 }),
            _ => panic!("{method} {template}: say what is sent"),
        };
        Body::from(json.to_string())
    }
}

fn link_to_original() -> Value {
    json!({ "expires_in": 300, "variant": "original", "keep_location": true })
}
