//! Without a key there is nothing to see, and with one only what is one's own.

use e2e::{Engine, Lab, files_below, on_both_engines, picture, send_raw};

on_both_engines!(strangers_are_turned_away);

fn strangers_are_turned_away(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let id = ada.upload_new("mine.png", &picture::small(1));
    ada.ready(&id);
    let nobody = lab.nobody();
    let mut forged = ada.key().to_owned();
    forged.pop();
    forged.push(if ada.key().ends_with('A') { 'B' } else { 'A' });
    let wrong = [forged.as_str(), "mlk_guess", "x"].map(|key| nobody.with_key(Some(key)));
    for stranger in wrong.iter().chain([&nobody]) {
        for path in [
            "/api/v1/me".to_owned(),
            "/api/v1/images".to_owned(),
            format!("/api/v1/images/{id}"),
            format!("/api/v1/images/{id}/original"),
            format!("/api/v1/images/{id}/variants/thumb"),
        ] {
            let answer = stranger.get(&path);
            answer.problem(401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        stranger.upload("theirs.png", &picture::small(2)).problem(401, "unauthorized");
        stranger.delete(&format!("/api/v1/images/{id}")).problem(401, "unauthorized");
    }
    let basic = nobody.request("GET", "/api/v1/me").header("authorization", "Basic YTpi");
    basic.send().problem(401, "unauthorized");

    let eve = lab.account("eve", "business");
    for unknown in [&id, "018f0000-0000-7000-8000-000000000000", "1", "..%2f..%2fminilab.db"] {
        for rest in ["", "/original", "/variants/thumb"] {
            eve.get(&format!("/api/v1/images/{unknown}{rest}")).problem(404, "not_found");
        }
        eve.delete(&format!("/api/v1/images/{unknown}")).problem(404, "not_found");
    }
    // Nothing is served by where it lies.
    for file in files_below(&lab.data()) {
        let inside = file.strip_prefix(lab.data()).expect("it lies there");
        let path = format!("/{}", inside.display());
        ada.get(&path).problem(404, "not_found");
    }
    assert_eq!(ada.image(&id)["state"], "ready");
    lab.close();
}

#[test]
fn a_request_names_one_host() {
    let lab = Lab::open(Engine::Sqlite);
    let request =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let said = send_raw(&lab.nobody().address(), request.as_bytes());
    assert!(said.starts_with("HTTP/1.1 400") && said.contains("two_hosts"), "{said}");
    lab.close();
}
