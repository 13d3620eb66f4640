//! The disk fills up: uploads are refused, deletes go on, and with room all goes on by itself.

use std::time::Duration;

use e2e::{Engine, Settings, on_both_engines, picture, wait};
use serde_json::json;

on_both_engines!(uploads_stop_deletes_go_on_and_nothing_is_lost);

const SOON: Duration = Duration::from_secs(30);

fn uploads_stop_deletes_go_on_and_nothing_is_lost(engine: Engine) {
    let lab = Settings::on(engine).disk(40).open();
    let ada = lab.account("ada", "business");
    let photo = picture::jpeg(&picture::photograph(900, 700), 1);
    let mut kept = Vec::new();
    let refused = loop {
        let mut bytes = picture::variation(&photo, kept.len());
        // Behind the end of the picture, where nobody looks.
        bytes.resize(bytes.len() + 300_000, kept.len() as u8);
        let answer = ada.upload("a.jpg", &bytes);
        if answer.status != 201 {
            break answer;
        }
        let id = answer.json()["items"][0]["id"].as_str().expect("an id").to_owned();
        kept.push((id, bytes));
        assert!(kept.len() < 200, "the disk has 40 MiB");
    };
    assert!(kept.len() > 10, "at first there was room: {}", kept.len());
    refused.problem(507, "disk_full");

    // Others fill it to the last byte. What is there can be read and deleted.
    let filler = lab.data().join("filler");
    let mut file = std::fs::File::create(&filler).expect("a file");
    let _ = std::io::copy(&mut std::io::repeat(1), &mut file);
    wait::until("the state is told", SOON, || {
        let ready = ada.get("/readyz").expect(200).json();
        (ready["degraded"] == json!(["disk_full"])).then_some(())
    });
    for (id, bytes) in kept.drain(..8) {
        assert_eq!(ada.original(&id).expect(200).body, bytes);
        ada.delete(&format!("/api/v1/images/{id}")).expect(204);
    }
    std::fs::remove_file(&filler).expect("it is there");

    lab.resize_disk(200);
    wait::until("uploads are taken again", SOON, || {
        let answer = ada.upload("b.jpg", &photo);
        (answer.status == 201 || answer.status == 200).then_some(())
    });
    for (id, bytes) in &kept {
        ada.ready(id);
        assert_eq!(ada.original(id).expect(200).body, *bytes);
    }
    assert_eq!(ada.get("/readyz").expect(200).json(), json!({"status": "ready"}));
    lab.close();
}
