//! An id for each request: on each line of the log, and on the answer.

use std::sync::OnceLock;

use crate::ids::AccountId;
use axum::extract::Request;
use axum::http::HeaderName;
use uuid::Uuid;

pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request while it is answered.
pub(super) struct Current {
    pub(super) id: String,
    /// Whose request it turned out to be.
    pub(super) account: OnceLock<AccountId>,
}

tokio::task_local! {
    pub(super) static CURRENT: Current;
}

/// The id of the request that this task answers.
pub fn current() -> Option<String> {
    CURRENT.try_with(|current| current.id.clone()).ok()
}

/// Tells the access log whose request this is.
pub fn note_account(account: AccountId) {
    let _ = CURRENT.try_with(|current| current.account.set(account));
}

/// The caller's id when it is a sane one, or a new one.
pub(super) fn of(request: &Request) -> String {
    let given = request.headers().get(&HEADER).and_then(|id| id.to_str().ok());
    given
        .filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(is_plain))
        .map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}
