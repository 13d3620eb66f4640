//! Bad input: a clear problem, the right status, nothing kept.

use axum::body::Body;
use axum::http::header;

use crate::support::pictures::{bmp, undecodable};
use crate::support::{Lab, Server, request};

/// A multipart body of files.
fn form(files: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, bytes) in files {
        body.extend(
            format!(
                "--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\n\r\n"
            )
            .bytes(),
        );
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--X--\r\n");
    ("multipart/form-data; boundary=X".to_owned(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_file_gets_its_reason_and_leaves_nothing() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "free").await;
    let mut huge = bmp(10, 10, 1);
    huge.resize(11 * 1024 * 1024, 0);
    let bomb = {
        let mut header = bmp(1, 1, 1);
        header[18..22].copy_from_slice(&30_000_u32.to_le_bytes());
        header[22..26].copy_from_slice(&30_000_u32.to_le_bytes());
        header
    };
    for (name, bytes, status, code) in [
        ("empty", Vec::new(), 422, "empty_file"),
        ("text", b"hello, I am a text".to_vec(), 422, "not_an_image"),
        ("pdf", b"%PDF-1.7 and so on".to_vec(), 422, "not_an_image"),
        ("svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(), 415, "unsupported_format"),
        ("bomb", bomb, 422, "over_limit"),
        ("huge", huge, 413, "too_large"),
    ] {
        let raw = lab.upload(&key, name, bytes.clone()).await;
        assert_eq!((raw.status.as_u16(), raw.code().as_str()), (status, code), "{name}");
        let problem = raw.json();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().len() > 10, "{problem}");
        assert!(problem["request_id"].is_string(), "{problem}");

        let (content_type, body) = form(&[(name, &bytes)]);
        let sent = request(&key, "POST", "/api/v1/images")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body));
        let multipart = lab.send(sent.unwrap()).await;
        let found = (multipart.status.as_u16(), multipart.code());
        assert_eq!(found, (status, code.to_owned()), "{}", multipart.json());
        assert_eq!(multipart.json()["items"][0]["status"], "rejected");
    }
    assert_eq!(lab.get(&key, "/api/v1/me").await.json()["usage"]["images"], 0);
    assert_eq!(lab.stored(), [""; 0]);
    assert_eq!(lab.differences().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_file_does_not_spoil_the_others() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "premium").await;
    let good = bmp(30, 20, 1);
    let (content_type, body) = form(&[
        ("a.bmp", &good),
        ("b.bmp", &good),
        ("c.bmp", b"nonsense"),
        ("d.bmp", &bmp(9, 9, 2)),
    ]);
    let sent = request(&key, "POST", "/api/v1/images")
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(body));
    let answer = lab.send(sent.unwrap()).await;
    assert_eq!(answer.status, 201);
    let items = answer.json();
    let statuses: Vec<_> = (0..4).map(|i| items["items"][i]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["created", "duplicate", "rejected", "created"]);
    assert_eq!(items["items"][0]["id"], items["items"][1]["id"]);
    assert_eq!(items["items"][2]["error"]["code"], "not_an_image");
    assert_eq!(answer.header("location"), "", "only one file has a place");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_cannot_be_decoded_is_a_failed_image_with_its_reason() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "premium").await;
    let id = lab.upload_ok(&key, "a.bmp", undecodable(1)).await;
    lab.run_jobs().await;
    let image = lab.get(&key, &format!("/api/v1/images/{id}")).await.json();
    assert_eq!(
        (&image["state"], &image["error"]["code"]),
        (&"failed".into(), &"malformed_image".into())
    );
    let print = lab.get(&key, &format!("/api/v1/images/{id}/variants/thumb")).await;
    assert_eq!((print.status.as_u16(), print.code().as_str()), (422, "image_failed"));
    assert_eq!(lab.call(&key, "DELETE", &format!("/api/v1/images/{id}")).await.status, 204);
    lab.run_jobs().await;
    assert_eq!(lab.stored(), [""; 0]);
    assert_eq!(lab.differences().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told_so_and_foreign_things_look_like_none() {
    let lab = Lab::open(Server::Sqlite).await;
    let ada = lab.account("ada", "free").await;
    let bob = lab.account("bob", "premium").await;
    let id = lab.upload_ok(&ada, "a.bmp", bmp(30, 20, 1)).await;
    lab.run_jobs().await;
    for (key, method, path, status, code) in [
        ("", "GET", "/api/v1/me".to_owned(), 401, "unauthorized"),
        ("nonsense", "GET", "/api/v1/me".to_owned(), 401, "unauthorized"),
        (&bob[..], "GET", format!("/api/v1/images/{id}"), 404, "not_found"),
        (&bob[..], "DELETE", format!("/api/v1/images/{id}"), 404, "not_found"),
        (&bob[..], "GET", format!("/api/v1/images/{id}/original"), 404, "not_found"),
        (&bob[..], "GET", format!("/api/v1/images/{id}/variants/thumb"), 404, "not_found"),
        (&bob[..], "GET", format!("/api/v1/thumbnail/{id}"), 404, "not_found"),
        (&ada[..], "GET", format!("/api/v1/images/{id}/original"), 403, "original_not_in_tier"),
        (&ada[..], "GET", format!("/api/v1/images/{id}/variants/h400"), 403, "preset_not_in_tier"),
        (&ada[..], "GET", format!("/api/v1/images/{id}/variants/none"), 404, "not_found"),
        (&ada[..], "GET", "/api/v1/images/../../etc".to_owned(), 404, "not_found"),
        (&ada[..], "GET", "/blobs/originals".to_owned(), 404, "not_found"),
        (&ada[..], "PUT", "/api/v1/images".to_owned(), 405, "method_not_allowed"),
        (&ada[..], "GET", "/api/v1/images?limit=0".to_owned(), 422, "bad_page"),
    ] {
        let answer = lab.call(key, method, &path).await;
        let found = (answer.status.as_u16(), answer.code());
        assert_eq!(found, (status, code.to_owned()), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_from_the_newest_to_the_oldest_without_gaps() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "premium").await;
    let mut ids = Vec::new();
    for seed in 0..7 {
        ids.push(lab.upload_ok(&key, "a.bmp", bmp(9, 9, seed)).await);
    }
    ids.reverse();
    let mut path = "/api/v1/images?limit=3".to_owned();
    let mut seen = Vec::new();
    loop {
        let answer = lab.get(&key, &path).await;
        let page = answer.json();
        assert_eq!(page["total"], 7);
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        assert!(answer.header("link").contains("rel=\"next\""));
        path = format!("/api/v1/images?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, ids);
    let last = lab.get(&key, "/api/v1/images?limit=3&page=3").await.json();
    assert_eq!(last["items"][0]["id"], ids[6].as_str());
}
