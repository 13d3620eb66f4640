//! When an image goes by itself, said anew by its owner.

use uuid::Uuid;

use super::Image;
use super::sql;
use crate::accounts::Caller;
use crate::app::App;
use crate::counters::{self, CounterScope};
use crate::db::Conn;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::problem::TxError;
use crate::ids::{AccountId, ImageId};
use crate::tiers::retention::{self, DeleteAfter, Until};
use crate::{execute, fetch_optional};

/// Says when it goes; nothing keeps it, as far as the tier does.
pub async fn change(
    app: &App,
    caller: &Caller,
    id: ImageId,
    after: Option<DeleteAfter>,
) -> Result<(), Problem> {
    if let Some(after) = after.filter(|after| !after.is_valid()) {
        let detail = format!("delete_after: {:?} {}", after.word(), retention::WRONG);
        return Err(Problem::new(Code::BadDeleteAfter, detail));
    }
    let args = RetentionChange {
        id,
        account: caller.account.id,
        after,
        of_tier: caller.tier().retention.delete_after,
        now_ms: app.clock.now_ms(),
    };
    app.db.write(args, |tx, change| Box::pin(apply(tx, change))).await?;
    let catalogue = app.catalogues.current(&app.db).await?;
    app.recent_variants.forget(&catalogue, caller.account.id, id).await;
    Ok(())
}

#[derive(Clone, Copy)]
struct RetentionChange {
    id: ImageId,
    account: AccountId,
    after: Option<DeleteAfter>,
    of_tier: Option<DeleteAfter>,
    now_ms: i64,
}

async fn apply(tx: &mut Conn, change: &RetentionChange) -> Result<(), TxError> {
    let RetentionChange { id, account, after, of_tier, now_ms } = *change;
    fetch_optional!(tx, (Uuid,), sql::LOCK_IMAGE, id)?;
    let image = fetch_optional!(tx, Image, sql::SELECT, id, account)?;
    let image = image.ok_or_else(|| Problem::not_found("image"))?;
    let until = bounded(&image, Until::earliest(after, now_ms), of_tier);
    execute!(tx, sql::SET_RETENTION, id, account, until.at_ms, until.after_download)?;
    counters::add(tx, CounterScope::Account(account), counters::CHANGES, 1).await?;
    Ok(())
}

/// What the tier said when the image came in still holds. It held if the image has such an end; nothing
/// becomes shorter than it is by a tier that was changed since.
fn bounded(image: &Image, wanted: Until, of_tier: Option<DeleteAfter>) -> Until {
    let held = Until::earliest(of_tier, image.created_ms);
    let after_download =
        wanted.after_download || held.after_download && image.delete_after_download;
    let bound_ms = held.at_ms.zip(image.delete_at_ms).map(|(held, now)| held.max(now));
    let at_ms = match (wanted.at_ms, bound_ms) {
        (Some(wanted), Some(bound)) => Some(wanted.min(bound)),
        (wanted, bound) => wanted.or(bound),
    };
    Until { at_ms, after_download }
}
