//! `/api/v1/events`.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Audience, stream};
use crate::accounts::ReadingCaller;
use crate::app::App;
use crate::clock::rfc3339;
use crate::events::{self, StoredEvent};
use crate::http::Problem;
use crate::http::extract::Query;
use crate::http::paging::{bad_page, number_within};

/// What a reader of a stream sends when it comes back.
const LAST_EVENT_ID: &str = "last-event-id";
const LIMIT: i64 = 100;
const LIMIT_MAX: i64 = 1000;

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Those behind this number. A page begins with the oldest that is kept, a stream with what is new.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<String>,
    /// Events on a page.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

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

/// One page of events, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Events)]
pub struct EventsView {
    pub items: Vec<EventView>,
    /// What to ask `after` next, now or later.
    pub next_after: i64,
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

/// List or watch events
///
/// What happened to one's own images and links; for an admin whose key has the scope `admin` everything, as ids.
/// Events are kept for `events.kept_days`. With `Accept: text/event-stream` the answer goes on: each event is sent
/// within a fraction of a second, with its `seq` as its id, and `Last-Event-ID` goes on where a reader broke off. At
/// most eight streams an account.
#[utoipa::path(get, path = "/api/v1/events", tag = "events",
    params(EventsQuery, ("Last-Event-ID" = Option<i64>, Header, minimum = 0,
        description = "Of a stream: goes on behind this event, whatever `after` says.")),
    responses((status = 200, description = "A page, or a stream.", content(
        (EventsView = "application/json"), (String = "text/event-stream")))))]
pub async fn list_events(
    State(app): State<App>,
    ReadingCaller(caller): ReadingCaller,
    Query(query): Query<EventsQuery>,
    parts: Parts,
) -> Result<Response, Problem> {
    let after = number("after", query.after.as_deref())?;
    let last = parts.headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or("?"));
    let last = number("Last-Event-ID", last)?;
    if wants_stream(&parts.headers) {
        let after = match last.or(after) {
            Some(after) => after,
            None => events::newest(&app.db).await?,
        };
        return stream::answer(app, &caller, parts, after);
    }
    let limit = number_within("limit", query.limit.as_deref(), LIMIT, LIMIT_MAX)?;
    let after = after.unwrap_or(0);
    let found = Audience::by(&caller).after(&app.db, after, limit).await?;
    let next_after = found.last().map_or(after, |event| event.seq);
    let items = found.into_iter().map(EventView::of).collect();
    Ok(Answer(EventsView { items, next_after }).into_response())
}

/// The number of an event; 0 comes before the first.
fn number(name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let read = |text: &str| {
        let number = text.parse::<i64>().ok().filter(|number| *number >= 0);
        number.ok_or_else(|| bad_page(format!("{name}: {text:?} is not the number of an event")))
    };
    text.map(read).transpose()
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    { accepted }.any(|value| value.contains("text/event-stream"))
}
