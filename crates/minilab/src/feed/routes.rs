//! `/api/v1/events`.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::stream;
use super::view::EventView;
use crate::accounts::ReadingCaller;
use crate::app::App;
use crate::events;
use crate::http::Problem;
use crate::http::extract::Query;
use crate::http::paging::{bad_page, number_within};
use crate::queue::Whose;

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

/// Where a reader of a stream broke off.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what `list_events` reads")]
pub struct LastEventHeader {
    /// Of a stream: it goes on behind this event, whatever `after` says.
    #[param(rename = "Last-Event-ID", value_type = i64, required = false, minimum = 0)]
    last_event_id: Option<String>,
}

/// One page of events, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Events)]
pub struct EventsView {
    pub items: Vec<EventView>,
    /// What to ask `after` next, now or later.
    pub next_after: i64,
}

/// List or watch events
///
/// What happened to one's own images and links; for an admin whose key has the scope `admin` everything, as ids.
/// Events are kept for `events.kept_days`. With `Accept: text/event-stream` the answer goes on: each event is sent
/// within a fraction of a second, with its `seq` as its id, and `Last-Event-ID` goes on where a reader broke off. At
/// most eight streams an account.
#[utoipa::path(get, path = "/api/v1/events", tag = "events",
    params(EventsQuery, LastEventHeader),
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
    let found = super::after(&app.db, Whose::by(&caller), after, limit).await?;
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
