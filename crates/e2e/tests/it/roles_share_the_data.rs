//! One process serves, another one works; they have only the data in common.

use std::time::Duration;

use e2e::{Engine, Settings, on_both_engines, picture, wait};

on_both_engines!(one_process_serves_and_another_works);

fn one_process_serves_and_another_works(engine: Engine) {
    let mut lab = Settings::on(engine).arg("--no-workers").open();
    let ada = lab.account("ada", "premium");
    let photo = picture::jpeg(&picture::photograph(800, 600), 1);
    let id = ada.upload_new("shared.jpg", &photo);
    let path = format!("/api/v1/images/{id}/variants/thumb");
    // Two seconds are plenty for a picture, if anybody worked.
    let waited = ada.request("GET", &path).header("prefer", "wait=2").send().expect(202);
    assert_eq!(waited.header("retry-after"), "1");
    assert_eq!(ada.image(&id)["state"], "processing");
    assert_eq!(ada.original(&id).expect(200).body, photo);

    let worker = lab.start_worker();
    ada.ready(&id);
    ada.get(&path).expect(200);
    // Asked for here, made there, and the one who waits gets it.
    ada.variant(&id, "display").expect(200);
    worker.stop();

    let later = ada.upload_new("later.jpg", &picture::variation(&photo, 1));
    let path = format!("/api/v1/images/{later}/variants/thumb");
    ada.request("GET", &path).header("prefer", "wait=1").send().expect(202);

    // A second worker dies in the middle; a third one finishes.
    lab.start_worker().kill();
    let worker = lab.start_worker();
    ada.ready(&later);
    for id in [&id, &later] {
        ada.delete(&format!("/api/v1/images/{id}")).expect(204);
    }
    wait::until("no byte is left", Duration::from_secs(10), || {
        lab.blobs().is_empty().then_some(())
    });
    worker.stop();
    lab.close();
}
