//! Whoever comes from the thumbnail service finds its routes answering as they are documented.

use e2e::{Engine, Form, Lab, Settings, on_both_engines, picture};
use serde_json::json;

on_both_engines!(
    thumbnails_come_as_the_old_service_made_them,
    an_unready_thumbnail_asks_for_patience,
    old_routes_can_be_switched_off,
);

const ROUTE: &str = "/api/v1/thumbnail";

fn thumbnails_come_as_the_old_service_made_them(engine: Engine) {
    let lab = Settings::on(engine).variable("MINILAB__ANONYMOUS", "free").open();
    // The old service knew no keys.
    let anyone = lab.nobody();
    assert_eq!(anyone.get("/api/v1/system/pulse").expect(200).json(), json!({ "alive": true }));
    assert_eq!(anyone.get(ROUTE).expect(200).json(), json!([]));

    let photo = picture::jpeg(&picture::photograph(400, 300), 6);
    let form = Form::new().file("image", "my cat.jpeg", &photo);
    let created = anyone.post_form(ROUTE, form).expect(201).json();
    let id = created["id"].as_str().expect("an id");
    let original = photo.len();
    let unready = json!({
        "id": id, "filename": "my cat.jpeg", "ready": false, "size": { "original": original },
    });
    assert_eq!(created, unready);

    let download = anyone.get(&format!("{ROUTE}/{id}/download")).expect(200);
    assert_eq!(download.header("content-type"), "image/jpeg");
    let disposition = download.header("content-disposition");
    assert_eq!(disposition, r#"attachment; filename="my cat.thumbnail.jpg""#);
    let thumbnail = picture::decode(&download.body);
    assert_eq!((thumbnail.width(), thumbnail.height()), (100, 100));

    let ready = json!({
        "id": id, "filename": "my cat.jpeg", "ready": true,
        "size": { "original": original, "thumbnail": download.body.len() },
    });
    assert_eq!(anyone.get(&format!("{ROUTE}/{id}")).expect(200).json(), ready);
    assert_eq!(anyone.get(ROUTE).expect(200).json(), json!([ready]));

    // It is an image like any other.
    assert_eq!(anyone.image(id)["state"], "ready");
    assert_eq!(anyone.delete(&format!("{ROUTE}/{id}")).expect(200).json(), ready);
    for (method, path) in [("GET", ""), ("DELETE", ""), ("GET", "/download")] {
        let gone = anyone.request(method, &format!("{ROUTE}/{id}{path}")).send();
        gone.problem(404, "not_found");
    }
    anyone.get(&format!("{ROUTE}/17")).problem(404, "not_found");
    assert_eq!(anyone.get(ROUTE).expect(200).json(), json!([]));
    let bad = Form::new().file("image", "notes.txt", b"no picture");
    anyone.post_form(ROUTE, bad).problem(422, "not_an_image");
    lab.expect_nothing_stored();
    lab.close();
}

fn an_unready_thumbnail_asks_for_patience(engine: Engine) {
    let lab = Settings::on(engine).arg("--no-workers").open();
    let ada = lab.account("ada", "free");
    let form = Form::new().file("image", "slow.png", &picture::small(1));
    let created = ada.post_form(ROUTE, form).expect(201).json();
    let id = created["id"].as_str().expect("an id");
    assert_eq!(created["ready"], false);
    let path = format!("{ROUTE}/{id}/download");
    let waited = ada.request("GET", &path).header("prefer", "wait=1").send().expect(202);
    assert_eq!(waited.header("retry-after"), "1");
    assert_eq!(ada.get(ROUTE).expect(200).json(), json!([created]));

    // Where keys are asked for, these routes ask for them too.
    let nobody = lab.nobody();
    nobody.get("/api/v1/system/pulse").expect(200);
    nobody.get(ROUTE).problem(401, "unauthorized");
    nobody.get(&path).problem(401, "unauthorized");
    lab.close();
}

fn old_routes_can_be_switched_off(engine: Engine) {
    let lab: Lab = Settings::on(engine).variable("MINILAB__DROPIN", "false").open();
    let ada = lab.account("ada", "free");
    for path in [ROUTE, "/api/v1/system/pulse"] {
        ada.get(path).problem(404, "not_found");
    }
    ada.get("/api/v1/images").expect(200);
    lab.close();
}
