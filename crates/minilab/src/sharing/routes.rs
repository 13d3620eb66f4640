//! `/api/v1/images/{id}/links`: an owner's temporary links.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::issue::{LinkWish, issue};
use crate::accounts::Caller;
use crate::accounts::scopes::Scope;
use crate::app::App;
use crate::clock::rfc3339;
use crate::events::{self, Event, EventKind};
use crate::http::extract::{Json, PathId};
use crate::http::problem::{Problem, ProblemResponse};
use crate::ids::{ImageId, LinkId};
use crate::images::routes::find_own;
use crate::links;
use crate::{execute, fetch_all};

/// A link that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// Seconds, within the bounds of the tier: see `rights` at `GET /api/v1/me`.
    #[schema(minimum = 1, example = 3600)]
    expires_in: i64,
    /// A preset, or `original`.
    #[schema(example = "h200")]
    variant: String,
    /// Leave the place a picture was taken at in the original. Variants never have it.
    #[serde(default)]
    keep_location: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NewLinkAnswer)]
pub struct IssuedView {
    #[schema(value_type = Uuid)]
    id: LinkId,
    /// Absolute. It opens for everybody who has it, and is shown only now.
    url: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = LinkState)]
enum SharedLinkState {
    Live,
    Revoked,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Link)]
pub struct LinkView {
    #[schema(value_type = Uuid)]
    id: LinkId,
    variant: String,
    state: SharedLinkState,
    keep_location: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Links)]
pub struct LinksView {
    items: Vec<LinkView>,
}

/// Make a temporary link
///
/// To a variant or the original, for tiers with that right. The original goes without the place it
/// was taken at, unless `keep_location` is said.
#[utoipa::path(
    post, path = "/api/v1/images/{id}/links", tag = "sharing", params(ImageId),
    request_body = NewLink,
    responses(
        (status = 201, body = IssuedView),
        (status = 409, response = ProblemResponse),
    ),
)]
pub async fn create_link(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
    Json(new): Json<NewLink>,
) -> Result<(StatusCode, Answer<IssuedView>), Problem> {
    caller.must_be_known()?;
    // Whoever has the link sees the picture.
    caller.must_have(Scope::Read)?;
    let image = find_own(&app, &caller, id).await?;
    let NewLink { expires_in: secs, variant, keep_location } = new;
    let wish = LinkWish { variant, secs, keep_location, handed: false };
    let issued = issue(&app, &caller, &image, wish).await?;
    let expires_at = rfc3339(issued.expires_ms);
    let view = IssuedView { id: issued.id, url: issued.url, expires_at };
    Ok((StatusCode::CREATED, Answer(view)))
}

type LinkRow = (LinkId, String, bool, i64, i64, Option<i64>);

/// List temporary links
///
/// Those that have not expired, newest first. The links themselves are not shown again.
#[utoipa::path(
    get, path = "/api/v1/images/{id}/links", tag = "sharing", params(ImageId),
    responses((status = 200, body = LinksView)),
)]
pub async fn list_links(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<ImageId>,
) -> Result<Answer<LinksView>, Problem> {
    let image = find_own(&app, &caller, id).await?;
    let mut conn = app.db.read().await?;
    let (account, now_ms) = (caller.account.id, app.clock.now_ms());
    let rows =
        fetch_all!(&mut conn, LinkRow, links::sql::SELECT_OF_IMAGE, image.id, account, now_ms)?;
    let view = |(id, variant, keep_location, created_ms, expires_ms, dead_ms): LinkRow| LinkView {
        id,
        variant,
        state: if dead_ms.is_some() { SharedLinkState::Revoked } else { SharedLinkState::Live },
        keep_location,
        created_at: rfc3339(created_ms),
        expires_at: rfc3339(expires_ms),
    };
    Ok(Answer(LinksView { items: rows.into_iter().map(view).collect() }))
}

/// Revoke a temporary link
///
/// It is dead everywhere within a second.
#[utoipa::path(
    delete, path = "/api/v1/images/{id}/links/{link_id}", tag = "sharing",
    params(ImageId, ("link_id" = Uuid, Path)),
    responses((status = 204, description = "It opens nothing any more.")),
)]
pub async fn revoke_link(
    State(app): State<App>,
    caller: Caller,
    ids: Result<Path<(ImageId, LinkId)>, axum::extract::rejection::PathRejection>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::not_found("link");
    let Path((image, link)) = ids.map_err(|_| unknown())?;
    let args = (link, image, caller.account.id, app.clock.now_ms());
    let killed = app
        .db
        .write(args, |tx, &(link, image, account, now_ms)| {
            Box::pin(async move {
                let killed = execute!(tx, links::sql::KILL, link, image, account, now_ms)?;
                if killed > 0 {
                    let event = Event::new(EventKind::LinkRevoked, now_ms).of(account).image(image);
                    events::record(tx, &event.data(json!({"link": link}))).await?;
                }
                Ok::<_, sqlx::Error>(killed)
            })
        })
        .await?;
    if killed == 1 { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}
