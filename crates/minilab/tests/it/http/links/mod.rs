//! Temporary links: who makes them, what they show, what they hide, and what ends them.

mod dying;
mod keys;
mod location;
mod making;
mod opening;
mod secrecy;

use serde_json::json;

use crate::support::{Answer, Lab, path_of};

mod count {
    minilab::sql! {
        LINKS = "SELECT COUNT(*) FROM links";
        STRIPPED = "SELECT COUNT(*) FROM variants WHERE preset = 'original'";
    }
}

fn links_path(image: &str) -> String {
    format!("/api/v1/images/{image}/links")
}

/// The path of a new link that lives for an hour.
async fn link(lab: &Lab, key: &str, image: &str, variant: &str) -> String {
    let wish = json!({"expires_in": 3600, "variant": variant});
    let made = lab.json(key, "POST", &links_path(image), wish).await;
    assert_eq!(made.status, 201, "{}", made.json());
    path_of(made.json()["url"].as_str().unwrap())
}

/// Opens a link as a stranger does.
async fn open(lab: &Lab, path: &str) -> Answer {
    lab.get("", path).await
}

fn token(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn outcome(answer: &Answer) -> (u16, String) {
    let code = if answer.status.is_success() { String::new() } else { answer.code() };
    (answer.status.as_u16(), code)
}
