//! Pictures are handed out under names that say what they are, whatever they were called.

use serde_json::json;

use crate::support::pictures::bmp;
use crate::support::{Lab, Server, path_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_names_the_bytes_by_what_they_are() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "business").await;
    for (seed, given, named) in [
        (1, "evil.exe", "evil.bmp"),
        (2, "photo.png", "photo.bmp"),
        (3, "plain", "plain.bmp"),
        (4, "scan.BMP", "scan.BMP"),
        (5, "page.html", "page.bmp"),
    ] {
        let id = lab.ready(&key, given, bmp(300, 200, seed)).await;
        assert_eq!(lab.image(&key, &id).await["filename"], given);
        for (query, kind) in [("", "inline"), ("?download=true", "attachment")] {
            let path = format!("/api/v1/images/{id}/original{query}");
            let expected = format!("{kind}; filename=\"{named}\"");
            for method in ["GET", "HEAD"] {
                let answer = lab.call(&key, method, &path).await;
                assert_eq!(answer.header("content-disposition"), expected);
                assert_eq!(answer.header("content-type"), "image/bmp");
            }
        }
        let links = format!("/api/v1/images/{id}/links");
        let wish = json!({"variant": "original", "expires_in": 600});
        let link = lab.json(&key, "POST", &links, wish).await.json();
        let opened = lab.get("", &path_of(link["url"].as_str().unwrap())).await;
        assert_eq!(opened.header("content-disposition"), format!("inline; filename=\"{named}\""));
    }
}
