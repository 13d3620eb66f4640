//! Answers to browsers that went astray, and to pages of other sites.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;

use crate::support::pictures::bmp;
use crate::support::{Lab, Server, path_of};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_went_astray_gets_a_page_with_a_way_home() {
    let lab = Lab::open(Server::Sqlite).await;
    let ada = lab.account("ada", "business").await;
    let id = lab.ready(&ada, "a.bmp", bmp(300, 300, 1)).await;
    let link = json!({"expires_in": 300, "variant": "h200"});
    let path = format!("/api/v1/images/{id}/links");
    let link = lab.json(&ada, "POST", &path, link).await.json();
    let dead = path_of(link["url"].as_str().unwrap());
    lab.call(&ada, "DELETE", &format!("{path}/{}", link["id"].as_str().unwrap())).await;
    for (path, status, word) in [
        ("/nothing", 404, "There is nothing here"),
        ("/i/", 404, "There is nothing here"),
        (&*dead, 410, "was revoked"),
        ("/l/made-up", 403, "was not made here"),
        ("/ui/nothing.js", 404, "There is nothing here"),
    ] {
        let page = lab.get_with("", path, &[("accept", BROWSER)]).await;
        assert_eq!(page.status, status, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        let html = String::from_utf8(page.body).unwrap();
        assert!(
            html.contains(word) && html.contains("class=\"main\" href=\"http"),
            "{path}: {html}"
        );
        let program = lab.get_with("", path, &[("accept", "*/*")]).await;
        assert_eq!(program.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(program.status, status, "{path}");
    }
    // Programs of pages ask the API, and want its words.
    let answer = lab.get_with("", "/api/v1/nothing", &[("accept", BROWSER)]).await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_host_is_a_page_that_shows_nothing_of_what_was_sent() {
    let lab = Lab::open(Server::Sqlite).await;
    let asked = Request::builder()
        .uri("/<script>")
        .header(header::HOST, "evil.example")
        .header(header::ACCEPT, BROWSER)
        .body(Body::empty());
    let asked = asked.unwrap_or_else(|_| {
        let asked = Request::builder().uri("/%3Cscript%3E").header(header::HOST, "evil.example");
        asked.header(header::ACCEPT, BROWSER).body(Body::empty()).unwrap()
    });
    let page = lab.send(asked).await;
    assert_eq!(page.status, 400);
    let html = String::from_utf8(page.body.clone()).unwrap();
    assert!(html.contains("<h1>") && !html.contains("evil") && !html.contains("<script"), "{html}");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_shows_on_any_site_and_other_pictures_do_not() {
    let lab = Lab::open(Server::Sqlite).await;
    let ada = lab.account("ada", "business").await;
    let id = lab.ready(&ada, "a.bmp", bmp(300, 300, 1)).await;
    let link = json!({"expires_in": 300, "variant": "h200"});
    let link = lab.json(&ada, "POST", &format!("/api/v1/images/{id}/links"), link).await.json();
    let policy = "cross-origin-resource-policy";
    let shown = lab.get("", &path_of(link["url"].as_str().unwrap())).await;
    assert_eq!((shown.status.as_u16(), shown.header(policy)), (200, "cross-origin"));
    assert_eq!(lab.get("", "/l/made-up").await.header(policy), "cross-origin");
    let own = lab.get(&ada, &format!("/api/v1/images/{id}/variants/h200")).await;
    assert_eq!((own.status.as_u16(), own.header(policy)), (200, "same-site"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_icon_is_where_browsers_look_and_old_addresses_lead_on() {
    let lab = Lab::open(Server::Sqlite).await;
    let icon = lab.get("", "/favicon.ico").await;
    assert_eq!((icon.status.as_u16(), icon.header("content-type")), (200, "image/x-icon"));
    assert_eq!(icon.body[..4], [0, 0, 1, 0]);
    assert_eq!(lab.get("", "/invitations").await.header("location"), "/upload-links");
}
