//! `/api/v1/upload-links`: making, looking at and revoking them. `/api/v1/upload-link`: the holder's own.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::new::NewUploadLink;
use super::sql;
use super::view::{HeldView, UploadLinkView};
use crate::accounts::upload_link::may_have;
use crate::accounts::{self, Account, Caller, CallerOrHolder, Key, Kind, UploadLink};
use crate::app::App;
use crate::db::Conn;
use crate::events::{self, Event, EventKind};
use crate::http::code::Code;
use crate::http::extract::{Json, PathId, Query};
use crate::http::merge::refuse;
use crate::http::paging::{PageQuery, next_link, write_cursor};
use crate::http::problem::{Problem, ProblemResponse, TxError};
use crate::ids::{AccountId, UploadLinkId};
use crate::tiers::Catalogue;
use crate::{execute, fetch_all, fetch_one, fetch_optional};

/// Open links of one account; more are of no use to anybody.
const OPEN_MAX: i64 = 1000;

/// A link that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = NewUploadLinkAnswer)]
pub struct MadeView {
    /// Shown only now: it goes into `Authorization: Bearer`.
    token: String,
    /// The page to hand out. Whoever has it may bring pictures.
    url: String,
    #[serde(flatten)]
    link: UploadLinkView,
}

#[derive(Serialize, ToSchema)]
#[schema(as = UploadLinks)]
pub struct UploadLinksView {
    items: Vec<UploadLinkView>,
    next_cursor: Option<String>,
}

pub(super) fn unknown() -> Problem {
    Problem::not_found("upload link")
}

/// Make an upload link
///
/// For admins, and for tiers with that right. What comes in through it belongs to the caller and counts
/// against their quota.
#[utoipa::path(
    post, path = "/api/v1/upload-links", tag = "upload links", request_body = NewUploadLink,
    responses(
        (status = 201, body = MadeView),
    ),
)]
pub async fn create_upload_link(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewUploadLink>,
) -> Result<(StatusCode, Answer<MadeView>), Problem> {
    caller.must_be_known()?;
    let now_ms = app.clock.now_ms();
    // An admin's key without that scope may what the tier says.
    let account = Account { is_admin: caller.is_admin(), ..caller.account.clone() };
    may_make(&caller.catalogue, &account)?;
    let (expires_ms, wrong) = new.check(now_ms);
    refuse(&wrong)?;
    let token = Key::random(Kind::Upload);
    let link = new.into_row(caller.account.id, &token, now_ms, expires_ms);
    app.db.write(link.clone(), |tx, link| Box::pin(insert(tx, link))).await?;
    let token = token.reveal();
    let url = app.url(&format!("/u/{token}"));
    let view = MadeView { token, url, link: UploadLinkView::new(&link, now_ms) };
    Ok((StatusCode::CREATED, Answer(view)))
}

pub(super) fn may_make(catalogue: &Catalogue, account: &Account) -> Result<(), Problem> {
    if may_have(catalogue, account) {
        return Ok(());
    }
    let detail = format!("the tier {:?} does not include upload links", account.tier);
    Err(Problem::new(Code::UploadLinksNotInTier, detail))
}

/// The right is read again here: it may have been taken away this second.
async fn insert(tx: &mut Conn, link: &UploadLink) -> Result<(), TxError> {
    let account = fetch_one!(tx, Account, accounts::sql::LOCK, link.account_id)?;
    may_make(&Catalogue::load(tx).await?, &account)?;
    room_for_one_more(tx, link.account_id, link.created_ms).await?;
    execute!(
        tx,
        sql::INSERT,
        link.id,
        link.account_id,
        &link.secret_hash[..],
        &link.label,
        link.images_max,
        link.bytes_max,
        link.formats.as_deref(),
        link.delete_after.as_deref(),
        link.created_ms,
        link.expires_ms,
    )?;
    Ok(record_change(tx, EventKind::UploadLinkCreated, link.account_id, link.id, link.created_ms)
        .await?)
}

/// Records what becomes of an upload link.
pub(super) async fn record_change(
    tx: &mut Conn,
    kind: EventKind,
    account: AccountId,
    link: UploadLinkId,
    now_ms: i64,
) -> sqlx::Result<()> {
    events::record(tx, &Event::new(kind, now_ms).of(account).subject(&link)).await
}

/// An account, locked, has no endless number of open links.
pub(super) async fn room_for_one_more(
    tx: &mut Conn,
    account: AccountId,
    now_ms: i64,
) -> Result<(), TxError> {
    let (open,) = fetch_one!(tx, (i64,), sql::COUNT_OPEN, account, now_ms)?;
    if open < OPEN_MAX {
        return Ok(());
    }
    let detail = format!("an account has at most {OPEN_MAX} open upload links; revoke some");
    Err(Problem::new(Code::TooManyLinks, detail).with("limit", OPEN_MAX).into())
}

/// List upload links
///
/// One's own, newest first. Those that ended are listed for another 30 days.
#[utoipa::path(
    get, path = "/api/v1/upload-links", tag = "upload links", params(PageQuery),
    responses(
        (status = 200, body = UploadLinksView),
    ),
)]
pub async fn list_upload_links(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    caller.must_be_known()?;
    let page = query.page()?;
    let mut conn = app.db.read().await?;
    let (account, limit) = (caller.account.id, page.limit);
    let mut links = fetch_all!(
        &mut conn,
        UploadLink,
        sql::SELECT_PAGE,
        account,
        page.before,
        limit + 1,
        page.skip
    )?;
    let has_more = links.len() as i64 > limit;
    links.truncate(limit as usize);
    let last = links.last().filter(|_| has_more);
    let next_cursor = last.map(|link| write_cursor(link.id));
    let next = next_link(
        &app.config.base_url(),
        "/api/v1/upload-links",
        limit,
        next_cursor.as_deref(),
        "",
    );
    let now_ms = app.clock.now_ms();
    let items = links.iter().map(|link| UploadLinkView::new(link, now_ms)).collect();
    Ok((next, Answer(UploadLinksView { items, next_cursor })).into_response())
}

/// Show an upload link
///
/// With what came in through it so far.
#[utoipa::path(
    get, path = "/api/v1/upload-links/{id}", tag = "upload links",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = UploadLinkView)),
)]
pub async fn show_upload_link(
    State(app): State<App>,
    caller: Caller,
    id: Result<PathId<UploadLinkId>, Problem>,
) -> Result<Answer<UploadLinkView>, Problem> {
    caller.must_be_known()?;
    let PathId(id) = id?;
    let mut conn = app.db.read().await?;
    let link = fetch_optional!(&mut conn, UploadLink, sql::SELECT, id, caller.account.id)?;
    let link = link.ok_or_else(unknown)?;
    Ok(Answer(UploadLinkView::new(&link, app.clock.now_ms())))
}

/// Revoke an upload link
///
/// Nothing comes in through it from now on, also of uploads under way. What came in stays.
#[utoipa::path(
    delete, path = "/api/v1/upload-links/{id}", tag = "upload links",
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "It takes nothing any more."),
    ),
)]
pub async fn revoke_upload_link(
    State(app): State<App>,
    caller: Caller,
    id: Result<PathId<UploadLinkId>, Problem>,
) -> Result<StatusCode, Problem> {
    caller.must_be_known()?;
    let PathId(id) = id?;
    let args = (id, caller.account.id, app.clock.now_ms());
    let revoked = app.db.write(args, |tx, &(id, account, now_ms)| {
        Box::pin(async move {
            let revoked = execute!(tx, sql::REVOKE, id, account, now_ms)?;
            if revoked > 0 {
                record_change(tx, EventKind::UploadLinkRevoked, account, id, now_ms).await?;
            }
            Ok::<_, sqlx::Error>(revoked)
        })
    });
    if revoked.await? == 1 { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

/// What is left of my upload link
///
/// For whoever has its token: 410 when it has expired or was revoked.
#[utoipa::path(
    get, path = "/api/v1/upload-link", tag = "upload links",
    responses(
        (status = 200, body = HeldView),
        (status = 410, response = ProblemResponse),
    ),
)]
pub async fn show_held_link(
    State(app): State<App>,
    CallerOrHolder(caller): CallerOrHolder,
) -> Result<Answer<HeldView>, Problem> {
    let Some(link) = &caller.link else {
        let detail = "send the token of an upload link as `Authorization: Bearer TOKEN`";
        return Err(Problem::new(Code::NotAnUploadLink, detail));
    };
    Ok(Answer(HeldView::new(&app, &caller, link)))
}
