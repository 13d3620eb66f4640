//! Event, as readers are told of it.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::rfc3339;
use crate::events::StoredEvent;

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// Grows with every event; there are gaps where others' events are.
    #[schema(example = 17)]
    pub seq: i64,
    /// The same whenever it is read, and wherever.
    pub id: Uuid,
    #[serde(rename = "type")]
    #[schema(example = "image.ready")]
    pub kind: String,
    #[schema(format = DateTime)]
    pub time: String,
    /// Ids (`image_id`, `account_id`) and facts such as `code`.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

impl EventView {
    pub(super) fn of(event: StoredEvent) -> Self {
        let StoredEvent { seq, id, at_ms, kind, account_id, image_id, data, is_by_hand } = event;
        // What somebody changed by hand may hold names; the audit log tells them to those who may know.
        let data = if is_by_hand { None } else { serde_json::from_str(&data).ok() };
        let mut data: Map<String, Value> = data.unwrap_or_default();
        let ids = [
            ("account_id", account_id.map(|id| id.to_string())),
            ("image_id", image_id.map(|id| id.to_string())),
        ];
        for (name, id) in ids {
            data.extend(id.map(|id| (name.to_owned(), Value::from(id))));
        }
        Self { seq, id, kind, time: rfc3339(at_ms), data }
    }
}
