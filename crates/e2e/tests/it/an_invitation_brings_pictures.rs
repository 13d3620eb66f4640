//! An upload link is handed out: its holder brings pictures, sees those and nothing else; its token
//! is kept nowhere; and a large batch passes through without filling the memory.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::{Answer, Caller, Engine, Form, Lab, MemoryWatch, Settings};
use e2e::{files_below, on_both_engines, picture, wait};
use image::{Rgb, RgbImage};
use serde_json::{Value, json};

on_both_engines!(an_invitation_brings_pictures);

const LINKS: &str = "/api/v1/upload-links";
const LARGE_FILES: usize = 12;
const LARGE_BATCH: usize = 60 << 20;
const SERVER_KIB_MAX: u64 = 150 * 1024;

/// A link, and somebody who holds it.
struct Invitation {
    id: String,
    token: String,
    url: String,
    holder: Caller,
}

impl Invitation {
    fn make(maker: &Caller, wanted: &Value) -> Self {
        let made = maker.json("POST", LINKS, wanted).expect(201).json();
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        let (token, holder) = (text("token"), maker.with_key(made["token"].as_str()));
        Self { id: text("id"), token, url: text("url"), holder }
    }

    fn path(&self) -> String {
        format!("/u/{}", self.token)
    }

    /// What nobody could guess, and its bytes.
    fn secret(&self) -> (&str, Vec<u8>) {
        let text = self.token.splitn(3, '_').nth(2).expect("three parts");
        (text, URL_SAFE_NO_PAD.decode(text).expect("base64url"))
    }
}

fn an_invitation_brings_pictures(engine: Engine) {
    let lab = Settings::on(engine).variable("MINILAB__LOG__FILTER", "trace").open();
    let admin = lab.admin("admin");
    let photo = picture::jpeg(&picture::photograph(300, 200), 1);
    let private = admin.upload_new("private.jpg", &photo);
    let wanted = json!({ "expires_in": 3600, "label": "wedding", "max_images": 4 });
    let invitation = Invitation::make(&admin, &wanted);
    let address = format!("http://{}{}", admin.address(), invitation.path());
    assert_eq!(invitation.url, address);
    assert!(invitation.token.starts_with("mlu_"), "{}", invitation.token);

    expect_page(&invitation);
    let brought = bring(&admin, &invitation, &photo);
    read_back(&admin, &invitation, &brought, &private);
    expect_no_more(&admin, &invitation, &brought, &photo);
    for image in admin.everything() {
        admin.ready(&id_of(&image));
    }
    revoke(&admin, &invitation, &photo, brought.len());
    expect_nowhere(&lab, &invitation);
    lab.close();
}

/// It is the same page for everybody, and tells nobody where it was opened.
fn expect_page(invitation: &Invitation) {
    let nobody = invitation.holder.with_key(None);
    for path in [invitation.path(), "/u/mlu_unknown".to_owned()] {
        let page = nobody.get(&path).expect(200);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        let policy = page.header("cache-control");
        assert!(policy.contains("no-store") || policy.contains("no-cache"), "{policy}");
        let text = String::from_utf8(page.body).expect("HTML");
        assert!(!text.contains(&invitation.token), "{text}");
    }
}

/// Three ways in: a form by the address alone, a form by the header, and a bare body.
fn bring(admin: &Caller, invitation: &Invitation, photo: &[u8]) -> Vec<String> {
    let nobody = admin.with_key(None);
    let with = |number| picture::variation(photo, number);
    let batch = Form::new()
        .file("file", "one.jpg", &with(1))
        .file("file", "letter.txt", b"Dear lab, no picture today.")
        .file("file", "two.jpg", &with(2))
        .file("file", "one-again.jpg", &with(1));
    let answer = nobody.post_form(&invitation.path(), batch).expect(201).json();
    let statuses = |answer: &Value| {
        let items = answer["items"].as_array().expect("items").iter();
        items.map(|item| item["status"].as_str().expect("a status").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(statuses(&answer), ["created", "rejected", "created", "duplicate"]);
    assert_eq!(answer["items"][0]["id"], answer["items"][3]["id"]);
    let mut brought = vec![id_of(&answer["items"][0]), id_of(&answer["items"][2])];

    // The maker has this picture. That is not for the holder to know.
    let batch = Form::new().file("a", "one.jpg", &with(1)).file("b", "same.jpg", photo);
    let answer = invitation.holder.post_form("/api/v1/images", batch).expect(201).json();
    assert_eq!(statuses(&answer), ["duplicate", "created"]);
    brought.push(id_of(&answer["items"][1]));

    let bare = nobody.request("POST", &format!("{}?filename=bare.jpg", invitation.path()));
    let answer = bare.header("content-type", "image/jpeg").send_body(&with(3)).expect(201);
    assert_eq!(answer.json()["items"][0]["filename"], "bare.jpg");
    brought.push(id_of(&answer.json()["items"][0]));
    brought
}

fn id_of(item: &Value) -> String {
    item["id"].as_str().unwrap_or_else(|| panic!("no id in {item}")).to_owned()
}

/// What came in through the link, and nothing of its maker's.
fn read_back(admin: &Caller, invitation: &Invitation, brought: &[String], private: &str) {
    let holder = &invitation.holder;
    let listed = holder.list();
    assert_eq!(listed["total"], brought.len());
    let items = listed["items"].as_array().expect("a list");
    let ids = items.iter().map(id_of).rev().collect::<Vec<_>>();
    assert_eq!(ids, brought);
    for id in brought {
        let image = holder.ready(id);
        assert_eq!(image["original_url"], Value::Null);
        assert_eq!(image["upload_link"], invitation.id.as_str());
        assert!(image["metadata"]["gps"].is_null(), "{image}");
        holder.variant(id, "thumb").expect(200);
        holder.original(id).problem(403, "upload_link_only");
        holder.delete(&format!("/api/v1/images/{id}")).problem(403, "upload_link_only");
    }
    holder.get(&format!("/api/v1/images/{private}")).problem(404, "not_found");
    holder.variant(private, "thumb").problem(404, "not_found");
    for path in ["/api/v1/me", LINKS, "/api/v1/stats", "/api/v1/me/stats"] {
        holder.get(path).problem(403, "upload_link_only");
    }
    holder.json("POST", LINKS, &json!({ "expires_in": 60 })).problem(403, "upload_link_only");

    // The maker sees all of it as their own.
    assert_eq!(admin.list()["total"], brought.len() + 1);
    let through = admin.get(&format!("/api/v1/images?link={}", invitation.id)).expect(200);
    assert_eq!(through.json()["total"], brought.len());
    assert_ne!(admin.image(&brought[0])["original_url"], Value::Null);
}

/// Four were wanted, four came.
fn expect_no_more(admin: &Caller, invitation: &Invitation, brought: &[String], photo: &[u8]) {
    let held = invitation.holder.get("/api/v1/upload-link").expect(200).json();
    assert_eq!((&held["state"], &held["images"]), (&json!("full"), &json!(4)));
    assert_eq!((&held["label"], &held["max_images"]), (&json!("wedding"), &json!(4)));
    let one_more = picture::variation(photo, 4);
    invitation.holder.upload("late.jpg", &one_more).problem(403, "upload_link_full");
    let again = invitation.holder.upload("again.jpg", photo).expect(200).json();
    assert_eq!(again["items"][0]["id"], brought[2].as_str());
    // A deletion gives no room back.
    admin.delete(&format!("/api/v1/images/{}", brought[3])).expect(204);
    invitation.holder.upload("late.jpg", &one_more).problem(403, "upload_link_full");
    admin.upload_new("by-the-maker.jpg", &picture::variation(photo, 3));
}

fn revoke(admin: &Caller, invitation: &Invitation, photo: &[u8], came: usize) {
    let path = format!("{LINKS}/{}", invitation.id);
    admin.delete(&path).expect(204);
    let (holder, nobody) = (&invitation.holder, admin.with_key(None));
    let is_gone = |answer: Answer| answer.problem(410, "upload_link_revoked");
    is_gone(holder.get("/api/v1/upload-link"));
    is_gone(holder.get("/api/v1/images"));
    is_gone(holder.upload("late.jpg", photo));
    is_gone(nobody.post_form(&invitation.path(), Form::new().file("file", "late.jpg", photo)));
    nobody.get(&invitation.path()).expect(200);
    let shown = admin.get(&path).expect(200).json();
    assert_eq!((&shown["state"], &shown["images"]), (&json!("revoked"), &json!(came)));
    assert!(shown["token"].is_null(), "{shown}");
    assert!(!admin.get(LINKS).expect(200).to_string().contains(invitation.secret().0));
    nobody.with_key(Some(&format!("{}x", invitation.token))).list_refused();
}

trait Refused {
    fn list_refused(&self);
}

impl Refused for Caller {
    fn list_refused(&self) {
        self.get("/api/v1/images").problem(401, "unauthorized");
    }
}

/// However much is logged, and wherever one looks.
fn expect_nowhere(lab: &Lab, invitation: &Invitation) {
    let (secret, bytes) = invitation.secret();
    let logged = lab.logged();
    assert!(logged.contains(r#""level":"DEBUG""#), "not the most that can be logged");
    let told = logged.lines().find(|line| line.contains(secret));
    assert!(told.is_none(), "{told:?}");
    let files = files_below(&lab.data());
    assert!(!files.is_empty());
    for file in files {
        // Its size changes while it is read, if it is still written.
        let content = std::fs::read(&file).unwrap_or_default();
        for wanted in [secret.as_bytes(), &bytes] {
            let is_there = content.windows(wanted.len()).any(|part| part == wanted);
            assert!(!is_there, "{}", file.display());
        }
    }
}

#[test]
fn a_large_batch_passes_through_without_filling_the_memory() {
    let mut lab = Lab::open(Engine::Sqlite);
    let firm = lab.account("firm", "business");
    let invitation = Invitation::make(&firm, &json!({ "expires_in": 3600 }));
    let photo = large_photo();
    let batch = (0..LARGE_FILES).fold(Form::new(), |form, number| {
        form.file("file", &format!("{number}.jpg"), &picture::variation(&photo, number))
    });
    let watch = MemoryWatch::over(lab.server().id());
    let answer = firm.with_key(None).post_form(&invitation.path(), batch).expect(201).json();
    let items = answer["items"].as_array().expect("items");
    assert_eq!(items.len(), LARGE_FILES);
    for (number, item) in items.iter().enumerate() {
        assert_eq!(item["status"], "created", "{item}");
        assert_eq!(item["index"], number);
        firm.ready(&id_of(item));
    }
    let peaks = watch.finish();
    println!("{LARGE_FILES} files of {} bytes: {peaks:?}", photo.len());
    assert!(peaks.server_kib < SERVER_KIB_MAX, "{peaks:?}");
    let last = id_of(&items[LARGE_FILES - 1]);
    assert_eq!(firm.original(&last).expect(200).body, picture::variation(&photo, LARGE_FILES - 1));
    for item in items {
        firm.delete(&format!("/api/v1/images/{}", id_of(item))).expect(204);
    }
    wait::until("nothing is stored", Duration::from_secs(20), || {
        lab.blobs().is_empty().then_some(())
    });
    lab.close();
}

/// Noise: no encoder makes it small.
fn large_photo() -> Vec<u8> {
    let mut state = 1_u32;
    let noise = RgbImage::from_fn(2100, 1500, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, r, g, b] = state.to_le_bytes();
        Rgb([r, g, b])
    });
    let photo = picture::jpeg(&noise, 1);
    assert!(photo.len() * LARGE_FILES >= LARGE_BATCH, "{} bytes", photo.len());
    assert!(photo.len() < 9 << 20, "{} bytes", photo.len());
    photo
}
