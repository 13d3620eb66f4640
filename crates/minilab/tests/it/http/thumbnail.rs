//! The thumbnail service's routes, exact in shape and status.

use axum::body::Body;
use axum::http::header;
use serde_json::json;

use crate::support::pictures::bmp;
use crate::support::{Lab, Server, request};

#[tokio::test(flavor = "multi_thread")]
async fn the_thumbnail_service_answers_as_documented() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "free").await;
    assert_eq!(lab.get("", "/api/v1/system/pulse").await.json(), json!({ "alive": true }));
    assert_eq!(lab.get(&key, "/api/v1/thumbnail").await.json(), json!([]));

    let picture = bmp(300, 200, 1);
    let mut body = b"--X\r\nContent-Disposition: form-data; name=\"image\"; \
        filename=\"cat.bmp\"\r\nContent-Type: image/bmp\r\n\r\n"
        .to_vec();
    body.extend(&picture);
    body.extend(b"\r\n--X--\r\n");
    let sent = request(&key, "POST", "/api/v1/thumbnail")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=X")
        .body(Body::from(body));
    let created = lab.send(sent.unwrap()).await;
    assert_eq!(created.status, 201);
    let record = created.json();
    let id = record["id"].as_str().unwrap().to_owned();
    let waiting = json!({
        "id": id, "filename": "cat.bmp", "ready": false, "size": { "original": picture.len() },
    });
    assert_eq!(record, waiting);
    let download = format!("/api/v1/thumbnail/{id}/download");
    let asked = request(&key, "GET", &download).header("prefer", "wait=0").body(Body::empty());
    let not_yet = lab.send(asked.unwrap()).await;
    assert_eq!((not_yet.status.as_u16(), not_yet.header("retry-after")), (202, "1"));

    lab.run_jobs().await;
    let print = lab.get(&key, &download).await;
    assert_eq!(print.status, 200);
    assert_eq!(print.header("content-disposition"), "attachment; filename=\"cat.thumbnail.jpg\"");
    assert_eq!(print.header("content-type"), "image/jpeg");
    let path = format!("/api/v1/thumbnail/{id}");
    let ready = json!({
        "id": id,
        "filename": "cat.bmp",
        "ready": true,
        "size": { "original": picture.len(), "thumbnail": print.body.len() },
    });
    assert_eq!(lab.get(&key, &path).await.json(), ready);
    assert_eq!(lab.get(&key, "/api/v1/thumbnail").await.json(), json!([ready]));
    assert_eq!(lab.call(&key, "DELETE", &path).await.json(), ready);
    assert_eq!(lab.get(&key, &path).await.status, 404);
    assert_eq!(lab.get(&key, "/api/v1/thumbnail").await.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_routes_can_be_switched_off() {
    let lab = Lab::with(Server::Sqlite, |config| config.dropin = false).await;
    assert_eq!(lab.get("", "/api/v1/system/pulse").await.status, 404);
}
