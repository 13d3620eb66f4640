//! `/api/v1/jobs`: what accounts and admins see of jobs, and what they may do to them.

mod acting;
mod looking;
mod pausing;
mod sharing;

use serde_json::Value;

use crate::support::Lab;

/// The jobs that somebody sees, newest first.
async fn jobs(lab: &Lab, key: &str, filter: &str) -> Vec<Value> {
    let path = format!("/api/v1/jobs?limit=100&filter={}", escaped(filter));
    let answer = lab.get(key, &path).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["items"].as_array().unwrap().clone()
}

/// A filter as addresses hold it.
fn escaped(filter: &str) -> String {
    filter.replace(' ', "%20").replace('<', "%3C").replace('>', "%3E")
}

/// One of them, with everything.
async fn job(lab: &Lab, key: &str, id: &Value) -> Value {
    let answer = lab.get(key, &format!("/api/v1/jobs/{}", id.as_str().unwrap())).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}
