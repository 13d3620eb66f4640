//! Pages of lists, by cursor or by number.

use axum::http::{HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Problem;
use super::code::Code;

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
    /// In an order of time: those of this time too, if they are older.
    pub time_before: i64,
    pub skip: i64,
}

impl PageQuery {
    pub fn page(&self) -> Result<Page, Problem> {
        self.page_of(CursorKind::Id)
    }

    /// A page of a list whose cursors are of this kind.
    pub fn page_of(&self, kind: CursorKind) -> Result<Page, Problem> {
        let limit = number_within("limit", self.limit.as_deref(), LIMIT_DEFAULT, LIMIT_MAX)?;
        let page = page_number(self.page.as_deref())?;
        let read = |text: &String| {
            let cursor = parse_cursor(text, kind);
            cursor.ok_or_else(|| bad_page(format!("cursor: {text:?} is not one of such a list")))
        };
        let cursor = self.cursor.as_ref().map(read).transpose()?;
        let (time_before, before) = cursor.unwrap_or((i64::MAX, Uuid::max()));
        Ok(Page { limit, before, time_before, skip: (page - 1) * limit })
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
    Problem::new(Code::BadPage, detail)
}

/// What a cursor holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorKind {
    /// The id of an item, in a list from the newest to the oldest.
    Id,
    /// A time in milliseconds, and the id of an item of that time.
    TimeAndId,
}

/// A page that skips more is costly.
const SKIPPED_MAX: i64 = 1000;

impl Page {
    /// The newest of all.
    pub const fn first(limit: i64) -> Self {
        Self { limit, before: Uuid::max(), time_before: i64::MAX, skip: 0 }
    }

    /// Whether it costs little, whatever there is.
    pub fn is_cheap(&self) -> bool {
        self.skip <= SKIPPED_MAX
    }
}

/// The header that names the next page, if there is one. `filter` is the end of its query.
pub fn next_link(
    base_url: &str,
    path: &str,
    limit: i64,
    cursor: Option<&str>,
    filter: &str,
) -> Option<[(HeaderName, String); 1]> {
    let cursor = cursor?;
    let link = format!("<{base_url}{path}?limit={limit}&cursor={cursor}{filter}>; rel=\"next\"");
    Some([(header::LINK, link)])
}

/// Says that a page starts behind this id.
pub fn write_cursor(id: impl Into<Uuid>) -> String {
    URL_SAFE_NO_PAD.encode(id.into())
}

/// The same for a list whose cursors are of this kind.
pub fn write_cursor_of(kind: CursorKind, time: i64, id: impl Into<Uuid>) -> String {
    match kind {
        CursorKind::Id => write_cursor(id),
        CursorKind::TimeAndId => {
            URL_SAFE_NO_PAD.encode([&time.to_be_bytes()[..], id.into().as_bytes()].concat())
        }
    }
}

fn parse_cursor(text: &str, kind: CursorKind) -> Option<(i64, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (time, id) = match kind {
        CursorKind::Id => (i64::MAX, &bytes[..]),
        CursorKind::TimeAndId => {
            let (time, id) = bytes.split_first_chunk::<8>()?;
            (i64::from_be_bytes(*time), id)
        }
    };
    Some((time, Uuid::from_slice(id).ok()?))
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
