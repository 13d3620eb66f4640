//! Links that let others bring pictures: who makes them, what their holders may, what bounds and ends
//! them.

mod ending;
mod holding;
mod limits;
mod making;
mod places;

use serde_json::{Value, json};

use super::callers::word;
use crate::support::{Answer, Lab, ids};

const LINKS: &str = "/api/v1/upload-links";
const HELD: &str = "/api/v1/upload-link";
const IMAGES: &str = "/api/v1/images";

/// A link as its maker has it, when it was just made.
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Link {
    fn path(&self) -> String {
        format!("{LINKS}/{}", self.id)
    }
}

/// A link that lives for an hour.
pub(crate) async fn link(lab: &Lab, key: &str, mut wish: Value) -> Link {
    wish["expires_in"] = json!(3600);
    let made = lab.json(key, "POST", LINKS, wish).await;
    assert_eq!(made.status, 201, "{}", made.json());
    Link { id: word(&made, "id"), token: word(&made, "token") }
}

/// The part of a token that only its holder knows, behind the link's id.
fn secret(token: &str) -> &str {
    &token["mlu_".len() + 32 + 1..]
}

/// What a refused file is refused for, or what became of it.
fn fate(item: &Value) -> &str {
    item["error"]["code"].as_str().or(item["status"].as_str()).unwrap()
}

/// The fates of all files of an answer.
fn fates(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let items = body["items"].as_array().unwrap_or_else(|| panic!("no items: {body}"));
    items.iter().map(|item| fate(item).to_owned()).collect()
}

/// The ids that somebody sees in their list, newest first.
async fn seen(lab: &Lab, key: &str) -> Vec<String> {
    let listed = lab.get(key, IMAGES).await.json();
    let ids = ids(&listed["items"]);
    assert_eq!(listed["total"], ids.len());
    ids
}

/// Deletes as the owner does.
async fn delete(lab: &Lab, key: &str, image: &str) {
    assert_eq!(lab.call(key, "DELETE", &format!("{IMAGES}/{image}")).await.status, 204);
}
