//! What admins change: accounts, tiers, presets; that it holds, and that it is written down.

mod accounts;
mod audit;
mod catalogue;
mod delete_account;
mod effect;

use serde_json::{Value, json};
use uuid::Uuid;

use super::callers::assert_refused;
use crate::support::Lab;

const ACCOUNTS: &str = "/api/v1/accounts";
const TIERS: &str = "/api/v1/tiers";
const PRESETS: &str = "/api/v1/presets";

on_both_engines! {
    everything_here_is_refused_to_those_who_are_no_admins
}

async fn everything_here_is_refused_to_those_who_are_no_admins(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let id = Uuid::nil();
    for (method, path) in [
        ("GET", ACCOUNTS.to_owned()),
        ("POST", ACCOUNTS.to_owned()),
        ("GET", format!("{ACCOUNTS}/{id}")),
        ("PATCH", format!("{ACCOUNTS}/{id}")),
        ("GET", TIERS.to_owned()),
        ("POST", TIERS.to_owned()),
        ("GET", format!("{TIERS}/business")),
        ("PATCH", format!("{TIERS}/business")),
        ("DELETE", format!("{TIERS}/business")),
        ("GET", PRESETS.to_owned()),
        ("POST", PRESETS.to_owned()),
        ("GET", format!("{PRESETS}/thumb")),
        ("PATCH", format!("{PRESETS}/thumb")),
        ("DELETE", format!("{PRESETS}/thumb")),
        ("GET", "/api/v1/audit".to_owned()),
    ] {
        // Before anything of the request is looked at: no answer tells what is there.
        assert_refused(&lab.json(&ada, method, &path, json!({})).await, 403, "not_admin");
        assert_refused(&lab.json("", method, &path, json!({})).await, 401, "unauthorized");
    }
    assert_eq!(lab.get(&root, "/api/v1/audit").await.json()["items"], json!([]));
}

/// Sends JSON as an admin; the body of the answer, which is no refusal.
async fn change(lab: &Lab, admin: &str, method: &str, path: &str, body: Value) -> Value {
    let answer = lab.json(admin, method, path, body).await;
    let text = String::from_utf8_lossy(&answer.body);
    assert!(answer.status.is_success(), "{method} {path}: {text}");
    if answer.body.is_empty() { Value::Null } else { answer.json() }
}
