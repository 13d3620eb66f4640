//! An image is deleted while its prints are being made: nobody is kept waiting, nothing is left.

use std::time::{Duration, Instant};

use e2e::{Engine, Settings, on_both_engines, picture};
use serde_json::json;

on_both_engines!(delete_during_processing_leaves_nothing);

const PICTURES: usize = 8;

fn delete_during_processing_leaves_nothing(engine: Engine) {
    let lab = Settings::on(engine).variable("MINILAB__WORKERS", "1").open();
    let ada = lab.account("ada", "premium");
    let photo = picture::jpeg(&picture::photograph(2000, 1500), 1);
    let ids: Vec<_> = (0..PICTURES)
        .map(|number| ada.upload_new("brief.jpg", &picture::variation(&photo, number)))
        .collect();
    let last = ids.last().expect("there are pictures");

    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let started = Instant::now();
            let path = format!("/api/v1/images/{last}/variants/h200");
            let asked = ada.request("GET", &path).header("prefer", "wait=30");
            (asked.send(), started.elapsed())
        });
        // Newest first: the oldest is being worked on while the others wait.
        for id in ids.iter().rev() {
            let path = format!("/api/v1/images/{id}");
            ada.delete(&path).expect(204);
            ada.get(&path).problem(404, "not_found");
            ada.delete(&path).problem(404, "not_found");
        }
        let (answer, waited) = waiting.join().expect("an answer");
        // It may have been ready just before.
        if answer.status != 200 {
            answer.problem(404, "not_found");
        }
        assert!(waited < Duration::from_secs(10), "{waited:?}");
    });

    assert_eq!(ada.list()["items"], json!([]));
    assert_eq!(ada.kept(), json!({ "images": 0, "bytes": 0 }));
    lab.expect_nothing_stored();
    lab.close();
}
