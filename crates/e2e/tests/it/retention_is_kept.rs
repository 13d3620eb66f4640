//! Images go by themselves: after a time, or after they were downloaded; and originals that a tier does
//! not keep. Nothing of them stays.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::{Caller, Engine, Form, Lab, Reader, Settings, on_both_engines, picture, wait};
use rustix::net::sockopt::{set_socket_linger, set_socket_recv_buffer_size};
use serde_json::{Value, json};

on_both_engines!(
    an_image_goes_when_its_time_is_over,
    an_image_goes_once_it_was_downloaded,
    an_image_stays_when_nobody_received_it,
    an_original_that_is_not_kept_goes,
);

/// Two seconds of its own, two until somebody looks, and time for a busy machine.
const GOES_WITHIN: Duration = Duration::from_secs(20);
const SECS: Duration = Duration::from_secs(2);

fn photo() -> Vec<u8> {
    picture::jpeg(&picture::photograph(600, 400), 1)
}

fn upload(caller: &Caller, delete_after: &str, bytes: &[u8]) -> Value {
    let path = format!("/api/v1/images?delete_after={delete_after}");
    let answer = caller.post_form(&path, Form::new().file("file", "brief.jpg", bytes));
    answer.expect(201).json()["items"][0]["image"].clone()
}

fn id_of(image: &Value) -> String {
    image["id"].as_str().unwrap_or_else(|| panic!("no id in {image}")).to_owned()
}

fn until_gone(caller: &Caller, id: &str) {
    wait::until("it is gone", GOES_WITHIN, || {
        (caller.get(&format!("/api/v1/images/{id}")).status == 404).then_some(())
    });
}

/// By list, by statistics and on the disk.
fn expect_nothing_of(lab: &Lab, ada: &Caller, admin: &Caller) {
    assert_eq!(ada.list()["items"], json!([]));
    assert_eq!(ada.list()["total"], 0);
    lab.expect_nothing_stored();
    let stats = admin.idle();
    for name in ["images", "bytes_uploaded", "bytes_stored", "bytes_variants", "unknown_cameras"] {
        assert_eq!(stats[name], 0, "{name}: {stats}");
    }
    assert_eq!((&stats["formats"], &stats["cameras"]), (&json!([]), &json!([])));
    assert_eq!(stats["jobs"]["failed"], 0);
    assert_eq!(ada.kept(), json!({ "images": 0, "bytes": 0 }));
}

fn an_image_goes_when_its_time_is_over(engine: Engine) {
    let mut lab = Lab::open(engine);
    let (admin, ada) = (lab.admin("admin"), lab.account("ada", "premium"));
    let started = Instant::now();
    let image = upload(&ada, "2", &photo());
    let id = id_of(&image);
    assert!(image["delete_at"].is_string(), "{image}");
    assert_eq!(image["delete_after_download"], false);
    until_gone(&ada, &id);
    assert!(started.elapsed() >= SECS, "too early: {:?}", started.elapsed());
    ada.original(&id).problem(404, "not_found");
    ada.variant(&id, "thumb").problem(404, "not_found");
    expect_nothing_of(&lab, &ada, &admin);

    // What was due while nobody was there goes as soon as somebody is; what was not told to go stays.
    let kept = ada.upload_new("kept.jpg", &picture::variation(&photo(), 1));
    let id = id_of(&upload(&ada, "1", &photo()));
    lab.kill();
    lab.restart();
    until_gone(&ada, &id);
    ada.ready(&kept);
    assert_eq!(ada.list()["total"], 1);
    ada.delete(&format!("/api/v1/images/{kept}")).expect(204);
    expect_nothing_of(&lab, &ada, &admin);
    ada.upload_with("0").problem(422, "bad_delete_after");
    ada.upload_with("never").problem(422, "bad_delete_after");
    lab.close();
}

trait Uploads {
    fn upload_with(&self, delete_after: &str) -> e2e::Answer;
}

impl Uploads for Caller {
    fn upload_with(&self, delete_after: &str) -> e2e::Answer {
        let path = format!("/api/v1/images?delete_after={delete_after}");
        self.post_form(&path, Form::new().file("file", "brief.jpg", &photo()))
    }
}

fn an_image_goes_once_it_was_downloaded(engine: Engine) {
    let lab = Settings::on(engine).variable("MINILAB__IMAGES__DOWNLOAD_GRACE_SECS", "2").open();
    let (admin, ada) = (lab.admin("admin"), lab.account("ada", "premium"));
    let photo = photo();
    let image = upload(&ada, "download", &photo);
    let id = id_of(&image);
    assert_eq!(
        (&image["delete_at"], &image["delete_after_download"]),
        (&json!(null), &json!(true))
    );
    ada.ready(&id);
    let path = format!("/api/v1/images/{id}/original");

    // A look, a part, and what the caller has already are no downloads; nor is a print on a page.
    let head = ada.request("HEAD", &path).send().expect(200);
    let tag = head.header("etag").to_owned();
    ada.request("GET", &path).header("range", "bytes=0-99").send().expect(206);
    ada.request("GET", &path).header("if-none-match", &tag).send().expect(304);
    ada.variant(&id, "thumb").expect(200);
    let image = ada.image(&id);
    assert_eq!(image["delete_at"], Value::Null, "{image}");

    assert_eq!(ada.original(&id).expect(200).body, photo);
    until_gone(&ada, &id);
    ada.get(&path).problem(404, "not_found");
    expect_nothing_of(&lab, &ada, &admin);

    // The same bytes are another image, with a download of its own.
    let id = id_of(&upload(&ada, "download", &photo));
    assert_eq!(ada.original(&id).expect(200).body, photo);
    until_gone(&ada, &id);
    expect_nothing_of(&lab, &ada, &admin);
    lab.close();
}

/// Asks for the original and closes without having read it.
fn ask_and_close(ada: &Caller, id: &str, after: Duration, linger: bool) {
    let socket = TcpStream::connect(ada.address()).expect("the service listens");
    set_socket_recv_buffer_size(&socket, 2048).expect("a valid size");
    if linger {
        set_socket_linger(&socket, Some(Duration::ZERO)).expect("a valid time");
    }
    let head = format!(
        "GET /api/v1/images/{id}/original HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        ada.key()
    );
    (&socket).write_all(head.as_bytes()).expect("the service reads");
    std::thread::sleep(after);
}

fn an_image_stays_when_nobody_received_it(engine: Engine) {
    let lab = Settings::on(engine).variable("MINILAB__IMAGES__DOWNLOAD_GRACE_SECS", "1").open();
    let (admin, ada) = (lab.admin("admin"), lab.account("ada", "premium"));
    // One that fits into the buffers of the other side, and one that does not.
    for bytes in [picture::small(1), photo()] {
        let id = id_of(&upload(&ada, "download", &bytes));
        ada.ready(&id);
        ask_and_close(&ada, &id, Duration::ZERO, true);
        ask_and_close(&ada, &id, Duration::from_secs(2), false);
        for window in [1, 1 << 20] {
            let mut reader = Reader::open(&ada.address(), window);
            reader.get(&format!("/api/v1/images/{id}/original"), ada.key());
            std::thread::sleep(Duration::from_secs(1));
            reader.reset();
            std::thread::sleep(Duration::from_millis(100));
        }
        // Longer than it takes to be sure, and to be due.
        std::thread::sleep(Duration::from_secs(14));
        let image = ada.image(&id);
        assert_eq!(image["delete_at"], Value::Null, "{image}");
        assert_eq!(ada.original(&id).expect(200).body, bytes);
        until_gone(&ada, &id);
    }
    expect_nothing_of(&lab, &ada, &admin);
    lab.close();
}

fn an_original_that_is_not_kept_goes(engine: Engine) {
    let lab = Lab::open(engine);
    let admin = lab.admin("admin");
    let change = json!({ "keeping": { "original": false } });
    let tier = admin.json("PATCH", "/api/v1/tiers/premium", &change).expect(200).json();
    assert_eq!(tier["keeping"]["original"], false);
    let (ada, firm) = (lab.account("ada", "premium"), lab.account("firm", "business"));
    let photo = photo();
    let id = ada.upload_new("brief.jpg", &photo);
    ada.ready(&id);
    wait::until("the original is gone", GOES_WITHIN, || lab.originals().is_empty().then_some(()));
    let stats = admin.idle();
    assert_eq!((&stats["images"], &stats["bytes_stored"]), (&json!(1), &json!(0)));
    assert_eq!(stats["bytes_uploaded"], photo.len());
    assert_eq!(stats["bytes_saved"], photo.len());

    // What was made of it is there; nothing more can be.
    assert_eq!(ada.image(&id)["original_url"], Value::Null);
    ada.original(&id).problem(410, "original_discarded");
    for preset in ["thumb", "preview", "h200", "h400"] {
        picture::decode(&ada.variant(&id, preset).expect(200).body);
    }
    ada.variant(&id, "display").problem(410, "original_discarded");
    let twin = ada.upload("twin.jpg", &photo).expect(200).json();
    assert_eq!(twin["items"][0]["id"], id.as_str());
    lab.check();

    // Somebody whose tier keeps originals is told nothing of it, and keeps theirs.
    let kept = firm.upload_new("kept.jpg", &photo);
    firm.ready(&kept);
    assert_eq!(firm.original(&kept).expect(200).body, photo);
    assert_eq!(lab.originals().len(), 1);
    let stats = admin.idle();
    assert_eq!((&stats["images"], &stats["bytes_stored"]), (&json!(2), &json!(photo.len())));

    ada.delete(&format!("/api/v1/images/{id}")).expect(204);
    assert_eq!(firm.original(&kept).expect(200).body, photo);
    firm.delete(&format!("/api/v1/images/{kept}")).expect(204);
    expect_nothing_of(&lab, &ada, &admin);
    lab.close();
}
