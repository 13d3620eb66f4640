//! How long an image is kept, and what of it.

mod downloads;
mod locations;
mod originals;
mod time;

use minilab::images::expire;
use serde_json::{Value, json};

use crate::support::{Answer, Lab, request};

const IMAGES: &str = "/api/v1/images";
const BUSINESS: &str = "/api/v1/tiers/business";

fn path(image: &str) -> String {
    format!("{IMAGES}/{image}")
}

fn variant(image: &str, preset: &str) -> String {
    format!("{IMAGES}/{image}/variants/{preset}")
}

fn original(image: &str) -> String {
    format!("{IMAGES}/{image}/original")
}

/// Uploads a picture that is to go by itself.
async fn upload(lab: &Lab, key: &str, after: &str, bytes: Vec<u8>) -> Answer {
    let path = format!("{IMAGES}?filename=a.bmp&delete_after={after}");
    lab.send(request(key, "POST", &path).body(bytes.into()).unwrap()).await
}

/// Its id, when its variants are there.
async fn brought(lab: &Lab, key: &str, after: &str, bytes: Vec<u8>) -> String {
    let answer = upload(lab, key, after, bytes).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    lab.run_jobs().await;
    answer.json()["items"][0]["id"].as_str().unwrap().to_owned()
}

/// What housekeeping does.
async fn keep_house(lab: &Lab) {
    expire::ask_if_due(&lab.app).await.unwrap();
    lab.run_jobs().await;
}

/// What the business tier keeps from now on.
async fn keep(lab: &Lab, admin: &str, keeping: Value) {
    lab.patch(admin, BUSINESS, json!({"keeping": keeping})).await;
}

/// The path of a temporary link.
async fn link(lab: &Lab, key: &str, image: &str, of: &str) -> String {
    let wish = json!({"expires_in": 3600, "variant": of});
    let made = lab.json(key, "POST", &format!("{IMAGES}/{image}/links"), wish).await;
    assert_eq!(made.status, 201, "{}", made.json());
    crate::support::path_of(made.json()["url"].as_str().unwrap())
}
