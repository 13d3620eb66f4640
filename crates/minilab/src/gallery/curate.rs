//! What admins do with the gallery.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{GalleryItem, GalleryItemView, find, sql};
use crate::accounts::Admin;
use crate::app::App;
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::events::{self, Actor, Event, EventKind};
use crate::http::code::Code;
use crate::http::extract::{Json, PathId};
use crate::http::merge::{MemberProblem, merge, refuse};
use crate::http::problem::{Problem, ProblemResponse, TxError};
use crate::ids::{ImageId, ItemId};
use crate::links;
use crate::text;
use crate::{execute, fetch_one, fetch_optional};

const TITLE_CHARS_MAX: usize = 200;
const TAGS_MAX: usize = 20;
const TAG_CHARS_MAX: usize = 40;

/// What an admin says of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Curated {
    title: String,
    rank: i64,
    active: bool,
    position: i64,
    tags: Vec<String>,
}

/// An image that is to be shown.
#[derive(ToSchema)]
#[schema(as = NewGalleryItem)]
#[expect(dead_code, reason = "describes what is merged")]
pub struct NewItem {
    /// One of the admin's own.
    #[schema(value_type = Uuid)]
    image: ImageId,
    /// The file's name when left out.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// From which rank of tier on it is open; 1 when left out.
    #[schema(minimum = 0, maximum = 1000)]
    rank: Option<i64>,
    active: Option<bool>,
    /// Behind all others when left out.
    position: Option<i64>,
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
}

/// Members of an item; those that are left out stay.
#[derive(ToSchema)]
#[schema(as = GalleryItemChange)]
#[expect(dead_code, reason = "describes what is merged")]
pub struct ItemChange {
    title: Option<String>,
    rank: Option<i64>,
    active: Option<bool>,
    position: Option<i64>,
    tags: Option<Vec<String>>,
}

fn wrongs(curated: &Curated) -> Vec<MemberProblem> {
    let mut wrong = Vec::new();
    let flaw = text::line_flaw(&curated.title, TITLE_CHARS_MAX);
    wrong.extend(flaw.map(|flaw| MemberProblem::new("title", flaw)));
    if !(0..=1000).contains(&curated.rank) {
        wrong.push(MemberProblem::new("rank", "must be from 0 to 1000"));
    }
    if curated.position == i64::MIN || curated.position == i64::MAX {
        wrong.push(MemberProblem::new("position", "is too far out"));
    }
    let is_tag = |tag: &String| {
        !tag.is_empty()
            && text::line_flaw(tag, TAG_CHARS_MAX).is_none()
            && !tag.contains(char::is_whitespace)
    };
    if curated.tags.len() > TAGS_MAX || !curated.tags.iter().all(is_tag) {
        wrong.push(MemberProblem::new("tags", "are at most 20 words of at most 40 characters"));
    }
    wrong
}

impl From<&GalleryItem> for Curated {
    fn from(item: &GalleryItem) -> Self {
        let tags = item.tags.split(' ').filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
        let title = item.title.clone();
        Self { title, rank: item.rank, active: item.active, position: item.position, tags }
    }
}

fn unknown() -> Problem {
    Problem::not_found("gallery item")
}

/// Put an image into the gallery
#[utoipa::path(post, path = "/api/v1/gallery", tag = "gallery", request_body = NewItem,
    responses(
        (status = 201, body = GalleryItemView),
        (status = 404, response = ProblemResponse),
        (status = 409, response = ProblemResponse),
    ))]
pub async fn create_item(
    State(app): State<App>,
    Admin(caller): Admin,
    Json(mut members): Json<Map<String, Value>>,
) -> Result<(StatusCode, Answer<GalleryItemView>), Problem> {
    let image =
        members.remove("image").and_then(|image| serde_json::from_value::<ImageId>(image).ok());
    let Some(image) = image else {
        let wrong = [MemberProblem::new("image", "is the id of an image of yours")];
        refuse(&wrong)?;
        return Err(unknown());
    };
    let args = (image, members, Actor::new(caller.account.id, app.clock.now_ms()));
    let id = app.db.write(args, |tx, args| Box::pin(insert(tx, args))).await?;
    let item = find(&mut app.db.read().await?, id).await?.ok_or_else(unknown)?;
    Ok((StatusCode::CREATED, Answer(item.view(false))))
}

/// The image or the item, what is said of it, who says so.
type ItemArgs<T> = (T, Map<String, Value>, Actor);

async fn insert(
    tx: &mut Conn,
    (image, members, actor): &ItemArgs<ImageId>,
) -> Result<ItemId, TxError> {
    // The image's row is held: it is not deleted from under the item.
    let found = fetch_optional!(tx, (String,), sql::SELECT_OWN_IMAGE, *image, actor.account)?;
    let (filename,) = found.ok_or_else(|| Problem::not_found("image"))?;
    let (last,) = fetch_one!(tx, (i64,), sql::SELECT_LAST_POSITION)?;
    let title = crate::http::disposition::stem(&filename).to_owned();
    let position = last.saturating_add(1).min(i64::MAX - 1);
    let base = Curated { title, rank: 1, active: true, position, tags: Vec::new() };
    let (curated, mut wrong) = merge(&base, members);
    wrong.extend(wrongs(&curated));
    refuse(&wrong)?;
    let Curated { title, rank, active, position, tags } = &curated;
    let (id, tags) = (ItemId::new(), tags.join(" "));
    let inserted = execute!(
        tx,
        sql::INSERT,
        id,
        *image,
        title,
        *rank,
        *active,
        *position,
        tags,
        actor.now_ms,
    )?;
    if inserted == 0 {
        let detail = "this image is in the gallery already";
        return Err(Problem::new(Code::InGallery, detail).into());
    }
    counters::add(tx, CounterScope::Gallery, counters::CHANGES, 1).await?;
    let detail = json!({"image": image, "item": curated});
    events::record(tx, &Event::by(actor, EventKind::GalleryItemCreated).subject(&id).data(detail))
        .await?;
    Ok(id)
}

/// Change a gallery item
///
/// Only what is named.
#[utoipa::path(patch, path = "/api/v1/gallery/{id}", tag = "gallery",
    params(("id" = Uuid, Path)), request_body = ItemChange,
    responses(
        (status = 200, body = GalleryItemView),
    ))]
pub async fn change_item(
    State(app): State<App>,
    Admin(caller): Admin,
    id: Result<PathId<ItemId>, Problem>,
    Json(members): Json<Map<String, Value>>,
) -> Result<Answer<GalleryItemView>, Problem> {
    let PathId(id) = id?;
    let args = (id, members, Actor::new(caller.account.id, app.clock.now_ms()));
    app.db.write(args, |tx, args| Box::pin(update(tx, args))).await?;
    let item = find(&mut app.db.read().await?, id).await?.ok_or_else(unknown)?;
    Ok(Answer(item.view(false)))
}

async fn update(tx: &mut Conn, (id, members, actor): &ItemArgs<ItemId>) -> Result<(), TxError> {
    let item = find(tx, *id).await?.ok_or_else(unknown)?;
    let base = Curated::from(&item);
    let (curated, mut wrong) = merge(&base, members);
    wrong.extend(wrongs(&curated));
    refuse(&wrong)?;
    let Curated { title, rank, active, position, tags } = &curated;
    execute!(tx, sql::UPDATE, *id, title, *rank, *active, *position, tags.join(" "))?;
    if *rank > base.rank || (base.active && !active) {
        close(tx, &item, actor.now_ms).await?;
    }
    counters::add(tx, CounterScope::Gallery, counters::CHANGES, 1).await?;
    let event = Event::by(actor, EventKind::GalleryItemChanged).subject(&id).data(json!(curated));
    Ok(events::record(tx, &event).await?)
}

/// Links that were handed out for the item open nothing any more.
async fn close(tx: &mut Conn, item: &GalleryItem, now_ms: i64) -> sqlx::Result<()> {
    execute!(tx, links::sql::KILL_HANDED_TO_OTHERS, item.image_id, now_ms).map(|_| ())
}

/// Take an image out of the gallery
///
/// The image stays.
#[utoipa::path(delete, path = "/api/v1/gallery/{id}", tag = "gallery",
    params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is not shown any more.")))]
pub async fn delete_item(
    State(app): State<App>,
    Admin(caller): Admin,
    id: Result<PathId<ItemId>, Problem>,
) -> Result<StatusCode, Problem> {
    let PathId(id) = id?;
    let args = (id, Actor::new(caller.account.id, app.clock.now_ms()));
    app.db
        .write(args, |tx, (id, actor)| {
            Box::pin(async move {
                let item = find(tx, *id).await?.ok_or_else(unknown)?;
                execute!(tx, sql::DELETE, *id)?;
                close(tx, &item, actor.now_ms).await?;
                counters::add(tx, CounterScope::Gallery, counters::CHANGES, 1).await?;
                let was = json!(Curated::from(&item));
                let event = Event::by(actor, EventKind::GalleryItemDeleted).subject(&id).data(was);
                events::record(tx, &event).await?;
                Ok::<_, TxError>(())
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
