//! Pages of a library, newest first.

use std::time::Duration;

use axum::http::{HeaderName, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::filter::{Filter, Order};
use super::found::{self, Total};
use super::{Image, sql};
use crate::accounts::Caller;
use crate::app::App;
use crate::db::Conn;
use crate::http::Problem;
use crate::limits::Limit;
use crate::shares::{Full, Place};
use crate::variants::Variant;
use crate::{fetch_all, fetch_one};

const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 100;
/// Deep pages cost what they skip; a cursor does not.
const PAGE_MAX: i64 = 500;

/// `?limit=20&cursor=…` or `?limit=20&page=1`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items a page.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 20)]
    limit: Option<String>,
    /// `next_cursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]{21}[AQgw]$")]
    cursor: Option<String>,
    /// Counted from the cursor, or else from the newest image. The cursor is the way to go further.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 500, default = 1)]
    page: Option<String>,
}

/// Which images: those older than `before`, less the first `skip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub limit: i64,
    pub before: Uuid,
    /// In the order of when they were taken: those of this time too, if they are older.
    pub taken_before: i64,
    pub skip: i64,
}

impl PageQuery {
    pub fn page(&self) -> Result<Page, Problem> {
        self.page_in(Order::Created)
    }

    /// A page of a list in this order: the cursor is one of such a list.
    pub fn page_in(&self, order: Order) -> Result<Page, Problem> {
        let limit = number_within("limit", self.limit.as_deref(), LIMIT_DEFAULT, LIMIT_MAX)?;
        let page = page_number(self.page.as_deref())?;
        let read = |text: &String| {
            let cursor = parse_cursor(text, order);
            cursor.ok_or_else(|| bad_page(format!("cursor: {text:?} is not one of such a list")))
        };
        let cursor = self.cursor.as_ref().map(read).transpose()?;
        let (taken_before, before) = cursor.unwrap_or((i64::MAX, Uuid::max()));
        Ok(Page { limit, before, taken_before, skip: (page - 1) * limit })
    }
}

/// The number of a page, counted from 1.
pub fn page_number(text: Option<&str>) -> Result<i64, Problem> {
    number_within("page", text, 1, PAGE_MAX).map_err(|mut problem| {
        problem.detail.push_str("; use the cursor to go further");
        problem
    })
}

/// A number from 1 to `most`, in plain digits.
pub fn number_within(
    name: &str,
    text: Option<&str>,
    default: i64,
    most: i64,
) -> Result<i64, Problem> {
    let Some(text) = text else { return Ok(default) };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<i64>() {
        Ok(number) if is_plain && (1..=most).contains(&number) => Ok(number),
        _ => Err(bad_page(format!("{name}: {text:?} is not a number from 1 to {most}"))),
    }
}

pub fn bad_page(detail: String) -> Problem {
    Problem::unprocessable("bad_page", detail)
}

/// One page, its variants, and the cursor of the next page if there is one.
pub struct Listed {
    pub images: Vec<Image>,
    pub variants: Vec<Variant>,
    pub next_cursor: Option<String>,
}

/// Whose images: an account's, or those that came through one of its upload links.
#[derive(Clone, Copy, Debug)]
pub struct Whose {
    pub account: Uuid,
    pub link: Option<Uuid>,
}

impl Whose {
    pub fn of(caller: &Caller) -> Self {
        let link = caller.link.as_ref().map(|link| link.id);
        Self { account: caller.account.id, link }
    }
}

/// Rows that one request walks over, at most.
pub const WALKED_MAX: i64 = 10_000;

/// A page, and how many there are in all where that is not counted anyway.
pub async fn list(
    conn: &mut Conn,
    whose: Whose,
    filter: &Filter,
    page: Page,
) -> sqlx::Result<(Listed, Option<Total>)> {
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
        last.or(stopped_at).map(|(taken, id)| write_cursor_in(filter.order, taken, id));
    Ok((Listed { images, variants, next_cursor }, total))
}

/// How long a costly list waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// A page that skips more is costly.
const SKIPPED_MAX: i64 = 1000;

impl Page {
    /// The newest of all.
    pub const fn first(limit: i64) -> Self {
        Self { limit, before: Uuid::max(), taken_before: i64::MAX, skip: 0 }
    }

    /// Whether it costs little, whatever there is.
    pub fn is_cheap(&self) -> bool {
        self.skip <= SKIPPED_MAX
    }
}

/// Waits for leave to make a costly list.
pub async fn place(app: &App, caller: &Caller) -> Result<Place<Uuid>, Problem> {
    app.listings.take(caller.account.id, PATIENCE).await.map_err(|full| {
        let detail = "too many lists at once; wait for the others, or ask for less";
        let status = match full {
            Full::Each => StatusCode::TOO_MANY_REQUESTS,
            Full::All => StatusCode::SERVICE_UNAVAILABLE,
        };
        Problem::reached(Limit::Listings, status, "too_many_listings", detail, 2)
    })
}

/// The variants of many images at once.
pub async fn variants_of(conn: &mut Conn, images: &[Image]) -> sqlx::Result<Vec<Variant>> {
    let blobs = images.iter().map(|image| image.blob_id.simple()).collect::<Vec<_>>();
    let blobs = serde_json::to_string(&blobs).expect("plain texts");
    fetch_all!(conn, Variant, sql::SELECT_VARIANTS, blobs)
}

/// The header that names the next page, if there is one. `filter` is the end of its query.
pub fn next_link(
    app: &App,
    path: &str,
    limit: i64,
    cursor: Option<&str>,
    filter: &str,
) -> Option<[(HeaderName, String); 1]> {
    let url = app.url(&format!("{path}?limit={limit}&cursor={}{filter}", cursor?));
    Some([(header::LINK, format!("<{url}>; rel=\"next\""))])
}

/// Says that a page starts behind this id.
pub fn write_cursor(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// Says that a page of a list in this order starts behind this image.
fn write_cursor_in(order: Order, taken: i64, id: Uuid) -> String {
    match order {
        Order::Created => write_cursor(id),
        Order::Taken => URL_SAFE_NO_PAD.encode([&taken.to_be_bytes()[..], id.as_bytes()].concat()),
    }
}

fn parse_cursor(text: &str, order: Order) -> Option<(i64, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (taken, id) = match order {
        Order::Created => (i64::MAX, &bytes[..]),
        Order::Taken => {
            let (taken, id) = bytes.split_first_chunk::<8>()?;
            (i64::from_be_bytes(*taken), id)
        }
    };
    Some((taken, Uuid::from_slice(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_or_refused() {
        let query = |limit: Option<&str>, cursor: Option<&str>, page: Option<&str>| PageQuery {
            limit: limit.map(str::to_owned),
            cursor: cursor.map(str::to_owned),
            page: page.map(str::to_owned),
        };
        let skip = |query: PageQuery| query.page().ok().map(|page| (page.limit, page.skip));
        assert_eq!(skip(query(None, None, None)), Some((20, 0)));
        assert_eq!(skip(query(Some("10"), None, Some("3"))), Some((10, 20)));
        for refused in [
            query(Some("0"), None, None),
            query(Some("101"), None, None),
            query(Some("x"), None, None),
            query(None, None, Some("0")),
            query(None, None, Some("-1")),
            query(None, None, Some("501")),
            query(None, Some("?"), None),
        ] {
            assert_eq!(skip(refused), None);
        }
    }
}
