//! `PATCH /api/v1/upload-links/{id}` and `POST .../token`: a link that is out there is changed.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::new::{check_label, check_limits, moment};
use super::routes::{may_make, record_change, room_for_one_more, unknown};
use super::sql;
use super::view::UploadLinkView;
use crate::accounts::scopes::Scope;
use crate::accounts::{self, Account, Caller, Key, Kind, UploadLink};
use crate::app::App;
use crate::db::Conn;
use crate::events::EventKind;
use crate::http::code::Code;
use crate::http::extract::{Json, PathId};
use crate::http::merge::{Said, refuse};
use crate::http::problem::{Problem, ProblemResponse, TxError};
use crate::ids::{AccountId, UploadLinkId};
use crate::tiers::Catalogue;
use crate::{execute, fetch_one, fetch_optional};

/// What may be changed of an upload link: only what is named.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expires_in": 86_400}))]
pub struct UploadLinkChange {
    /// Seconds from now; at most 30 days.
    #[schema(minimum = 1, maximum = 2_592_000)]
    expires_in: Option<i64>,
    /// RFC 3339; in the future, at most 30 days.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    #[schema(max_length = 200)]
    label: Option<String>,
    /// With those that came in already; null is no limit but the tier's.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    max_images: Said<i64>,
    /// The same.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    max_bytes: Said<i64>,
}

/// Change an upload link
///
/// One that has expired or is full takes pictures again, where there is time and room. One that was
/// revoked stays so.
#[utoipa::path(
    patch, path = "/api/v1/upload-links/{id}", tag = "upload links",
    params(("id" = Uuid, Path)), request_body = UploadLinkChange,
    responses((status = 200, body = UploadLinkView), (status = 409, response = ProblemResponse)),
)]
pub async fn change_upload_link(
    State(app): State<App>,
    caller: Caller,
    id: Result<PathId<UploadLinkId>, Problem>,
    Json(change): Json<UploadLinkChange>,
) -> Result<Answer<UploadLinkView>, Problem> {
    caller.must_be_known()?;
    let PathId(id) = id?;
    let now_ms = app.clock.now_ms();
    let mut wrong = Vec::new();
    let expires_ms = if change.expires_in.is_some() || change.expires_at.is_some() {
        moment(change.expires_in, change.expires_at.as_deref(), now_ms)
            .map_err(|mistake| wrong.push(mistake))
            .ok()
    } else {
        None
    };
    wrong.extend(change.label.as_deref().and_then(check_label));
    wrong.extend(check_limits(change.max_images.or(None), change.max_bytes.or(None)));
    refuse(&wrong)?;
    let args = (caller.account.id, id, change, expires_ms, now_ms);
    let link = app.db.write(args, |tx, args| Box::pin(apply(tx, args))).await?;
    Ok(Answer(UploadLinkView::new(&link, now_ms)))
}

async fn apply(
    tx: &mut Conn,
    (account, id, change, expires_ms, now_ms): &(
        AccountId,
        UploadLinkId,
        UploadLinkChange,
        Option<i64>,
        i64,
    ),
) -> Result<UploadLink, TxError> {
    let mut link = lock(tx, *account, *id).await?;
    let was_open = *now_ms < link.expires_ms;
    link.expires_ms = expires_ms.unwrap_or(link.expires_ms);
    if !was_open && *now_ms < link.expires_ms {
        room_for_one_more(tx, *account, *now_ms).await?;
    }
    if let Some(label) = &change.label {
        link.label.clone_from(label);
    }
    link.images_max = change.max_images.or(link.images_max);
    link.bytes_max = change.max_bytes.or(link.bytes_max);
    execute!(tx, sql::UPDATE, *id, &link.label, link.images_max, link.bytes_max, link.expires_ms)?;
    record_change(tx, EventKind::UploadLinkChanged, *account, *id, *now_ms).await?;
    Ok(link)
}

/// The link, which nobody changes or uses meanwhile, if it is open to changes.
async fn lock(tx: &mut Conn, account: AccountId, id: UploadLinkId) -> Result<UploadLink, TxError> {
    // The account first, as by uploads: the right is read again, it may have been taken away.
    let owner = fetch_one!(tx, Account, accounts::sql::LOCK, account)?;
    may_make(&Catalogue::load(tx).await?, &owner)?;
    let link = fetch_optional!(tx, UploadLink, accounts::sql::LOCK_UPLOAD_LINK, id)?;
    let link = link.filter(|link| link.account_id == account).ok_or_else(unknown)?;
    if link.revoked_ms.is_some() {
        let detail = "this link was revoked, and stays so; make a new one";
        return Err(Problem::new(Code::UploadLinkRevoked, detail)
            .with_status(StatusCode::CONFLICT)
            .into());
    }
    Ok(link)
}

/// The new token of a link.
#[derive(Serialize, ToSchema)]
#[schema(as = NewUploadLinkToken)]
pub struct TokenView {
    /// Shown only now: it goes into `Authorization: Bearer`.
    token: String,
    /// The page to hand out.
    url: String,
}

/// Give an upload link a new token
///
/// The old one opens nothing from now on; an upload that began with it may still end. What came in stays,
/// and counts.
#[utoipa::path(
    post, path = "/api/v1/upload-links/{id}/token", tag = "upload links",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = TokenView), (status = 409, response = ProblemResponse)),
)]
pub async fn renew_upload_link_token(
    State(app): State<App>,
    caller: Caller,
    id: Result<PathId<UploadLinkId>, Problem>,
) -> Result<Answer<TokenView>, Problem> {
    caller.must_be_known()?;
    // Whoever has the token sees what came in.
    caller.must_have(Scope::Read)?;
    let PathId(id) = id?;
    let token = Key::renewed(Kind::Upload, id.uuid());
    let args = (caller.account.id, id, token.clone(), app.clock.now_ms());
    app.db
        .write(args, |tx, (account, id, token, now_ms)| {
            Box::pin(async move {
                lock(tx, *account, *id).await?;
                execute!(tx, sql::UPDATE_SECRET, *id, &token.secret_hash()[..])?;
                record_change(tx, EventKind::UploadLinkChanged, *account, *id, *now_ms).await?;
                Ok::<_, TxError>(())
            })
        })
        .await?;
    let token = token.reveal();
    let url = app.url(&format!("/u/{token}"));
    Ok(Answer(TokenView { token, url }))
}
