//! Deleting an account, alone or with everything that is theirs.

use anyhow::Context;
use axum::http::StatusCode;
use futures_util::{TryStreamExt, stream};
use serde_json::json;
use uuid::Uuid;

use super::{keep_an_admin, sql, take_turn, unknown};
use crate::accounts::{ANONYMOUS, Account, find};
use crate::app::App;
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::events::{self, Actor, Event, EventKind};
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::problem::TxError;
use crate::ids::{AccountId, ImageId};
use crate::{accounts, execute, fetch_all, fetch_one, fetch_optional, images, links, upload_links};

/// Images deleted side by side: on `SQLite` they share a commit.
const AT_ONCE: usize = 16;

/// What one transaction left to do.
#[derive(Debug, PartialEq, Eq)]
enum Left {
    /// The account is suspended, so that nothing comes in any more, and still has images.
    Images,
    Nothing,
}

/// Deletes an account: 404 `not_found`, 409 `last_admin`, 422 `anonymous`. While it has images or open
/// upload links that is 409 `account_not_empty`, unless `with_everything` is said.
///
/// Everything takes more than one transaction. The first suspends the account; one that was interrupted
/// stays suspended, and is deleted by being asked again. A caller who hangs up interrupts nothing.
pub async fn delete_account(
    app: &App,
    id: AccountId,
    with_everything: bool,
    actor: Actor,
) -> Result<(), Problem> {
    let app = app.clone();
    let deleted = crate::spawn(async move {
        let account = find(&mut app.db.read().await?, id).await?.ok_or_else(unknown)?;
        if account.name == ANONYMOUS && !app.config.anonymous.is_empty() {
            let detail = "callers without a key come in by this account; \
                 the setting `anonymous` keeps them out";
            return Err(
                Problem::new(Code::Anonymous, detail).with_status(StatusCode::UNPROCESSABLE_ENTITY)
            );
        }
        let args = (id, with_everything, actor);
        loop {
            let left = app.db.write(args.clone(), |tx, args| Box::pin(step(tx, args))).await?;
            match left {
                Left::Images => delete_images(&app, id).await?,
                Left::Nothing => return Ok(()),
            }
        }
    });
    deleted.await.map_err(|died| Problem::internal(&died.into()))?
}

/// Removes the row of an account that has nothing, or suspends one that is to lose everything.
async fn step(
    tx: &mut Conn,
    (id, with_everything, actor): &(AccountId, bool, Actor),
) -> Result<Left, TxError> {
    take_turn(tx).await?;
    // Uploads hold this lock until their commit: what is not there now does not come any more.
    let account = fetch_optional!(tx, Account, accounts::sql::LOCK, *id)?.ok_or_else(unknown)?;
    if account.is_admin && !account.suspended {
        keep_an_admin(tx, *id).await?;
    }
    let now_ms = actor.now_ms;
    let has_images = fetch_optional!(tx, (Uuid,), sql::SELECT_ANY_IMAGE, *id)?.is_some();
    let (open_links,) = fetch_one!(tx, (i64,), upload_links::sql::COUNT_OPEN, *id, now_ms)?;
    if !with_everything && (has_images || open_links > 0) {
        let images = counters::read(tx, CounterScope::Account(*id), counters::IMAGES).await?;
        let detail = format!(
            "the account {:?} has {images} images and {open_links} open upload links; \
             say that everything is to go with it",
            account.name
        );
        let problem = Problem::new(Code::AccountNotEmpty, detail);
        return Err(problem.with("images", images).with("upload_links", open_links).into());
    }
    execute!(tx, sql::SUSPEND, *id)?;
    links::kill_unentitled(tx, now_ms).await?;
    let detail = json!({"tier": account.tier, "admin": account.is_admin});
    if has_images {
        if !account.suspended {
            let event = Event::by(actor, EventKind::AccountDeletionBegun).of(*id).data(detail);
            events::record(tx, &event).await?;
        }
        return Ok(Left::Images);
    }
    // Sums that are recounted are zero by now, and swept. A fold under way may still add to them.
    let scope = CounterScope::Account(*id).to_string();
    execute!(tx, sql::DELETE_DELTAS_OF, &*scope)?;
    execute!(tx, sql::DELETE_COUNTERS_OF, &*scope)?;
    execute!(tx, sql::DELETE_ACCOUNT, *id)?;
    events::blank(tx, *id).await?;
    events::record(tx, &Event::by(actor, EventKind::AccountDeleted).of(*id).data(detail)).await?;
    Ok(Left::Nothing)
}

async fn delete_images(app: &App, account: AccountId) -> anyhow::Result<()> {
    loop {
        let mut conn = app.db.read().await?;
        let page = fetch_all!(&mut conn, (ImageId,), sql::SELECT_IMAGES, account)?;
        drop(conn);
        if page.is_empty() {
            return Ok(());
        }
        stream::iter(page.into_iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, async |(image,)| {
                images::delete::delete(app, account, image).await.map(|_| ())
            })
            .await
            .context("deleting the images of an account")?;
    }
}
