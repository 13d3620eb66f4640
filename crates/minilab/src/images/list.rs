//! Pages of a library, newest first.

use std::time::Duration;

use super::filter::Filter;
use super::found::{self, Total, WALKED_MAX};
use super::{Image, sql};
use crate::accounts::Caller;
use crate::app::App;
use crate::db::Conn;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::paging::{Page, write_cursor_of};
use crate::ids::{AccountId, UploadLinkId};
use crate::limits::Limit;
use crate::shares::SharePlace;
use crate::variants::Variant;
use crate::{fetch_all, fetch_one};

/// One page, its variants, and the cursor of the next page if there is one.
pub struct ImagePage {
    pub images: Vec<Image>,
    pub variants: Vec<Variant>,
    pub next_cursor: Option<String>,
}

/// Whose images: an account's, or those that came through one of its upload links.
#[derive(Clone, Copy, Debug)]
pub struct Whose {
    pub account: AccountId,
    pub link: Option<UploadLinkId>,
}

impl Whose {
    pub fn of(caller: &Caller) -> Self {
        let link = caller.link.as_ref().map(|link| link.id);
        Self { account: caller.account.id, link }
    }
}

/// A page, and how many there are in all where that is not counted anyway.
pub async fn list(
    conn: &mut Conn,
    whose: Whose,
    filter: &Filter,
    page: Page,
) -> sqlx::Result<(ImagePage, Option<Total>)> {
    let (Whose { account, link }, Page { limit, before, skip, .. }) = (whose, page);
    // One more than asked for tells whether there is a next page.
    let most = limit + 1;
    let (mut stopped_at, mut total) = (None, None);
    let mut images = if let Some(link) = link {
        let rows = WALKED_MAX + 1;
        let (count,) = fetch_one!(conn, (i64,), sql::COUNT_LINK, account, link, rows)?;
        let is_capped = count > WALKED_MAX;
        total = Some(Total { count: count.min(WALKED_MAX), is_capped });
        let sql = sql::SELECT_LINK_PAGE;
        fetch_all!(conn, Image, sql, account, before, most, skip, link)?
    } else if filter.is_empty() {
        fetch_all!(conn, Image, sql::SELECT_PAGE, account, before, most, skip)?
    } else {
        let found = found::find(conn, account, filter, page).await?;
        (stopped_at, total) = (found.stopped_at, Some(found.total));
        found.images
    };
    let has_more = images.len() as i64 > limit;
    images.truncate(limit as usize);
    let variants = variants_of(conn, &images).await?;
    let last = images.last().filter(|_| has_more);
    let last = last.map(|image| (image.taken_ms, image.id));
    let next_cursor =
        last.or(stopped_at).map(|(taken, id)| write_cursor_of(filter.order.cursor(), taken, id));
    Ok((ImagePage { images, variants, next_cursor }, total))
}

/// How long a costly list waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for leave to make a costly list.
pub async fn place(app: &App, caller: &Caller) -> Result<SharePlace<AccountId>, Problem> {
    app.listings.take(caller.account.id, PATIENCE).await.map_err(|full| {
        let detail = "too many lists at once; wait for the others, or ask for less";
        Problem::crowded(full, Limit::Listings, Code::TooManyListings, detail, 2)
    })
}

/// The variants of many images at once.
pub async fn variants_of(conn: &mut Conn, images: &[Image]) -> sqlx::Result<Vec<Variant>> {
    let blobs = images.iter().map(|image| image.blob_id.simple()).collect::<Vec<_>>();
    let blobs = serde_json::to_string(&blobs).expect("plain texts");
    fetch_all!(conn, Variant, sql::SELECT_VARIANTS, blobs)
}
