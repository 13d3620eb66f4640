//! Pages of the gallery, in the order that admins gave it. A cursor names an item's place, so a page
//! stays what it is when others are put in before it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{GalleryItem, sql};
use crate::db::Conn;
use crate::fetch_all;
use crate::http::Problem;
use crate::http::paging::{bad_page, number_within, page_number};
use crate::ids::ItemId;

const LIMIT_MAX: i64 = 100;

/// `?limit=20&cursor=…` or `?limit=20&page=1`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GalleryQuery {
    /// Items a page.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 20)]
    limit: Option<String>,
    /// `next_cursor` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
    /// Counted from the cursor, or else from the beginning.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 500, default = 1)]
    page: Option<String>,
    /// Also name what is of a rank above the caller's.
    #[param(value_type = Option<bool>, default = false)]
    locked: Option<String>,
    /// Also list what is not active; for admins.
    #[param(value_type = Option<bool>, default = false)]
    inactive: Option<String>,
}

/// Which items: those behind a place, less the first `skip`.
#[derive(Clone, Copy, Debug)]
pub struct GalleryPage {
    pub limit: i64,
    pub behind: (i64, ItemId),
    pub skip: i64,
    pub with_locked: bool,
    pub with_inactive: bool,
}

impl GalleryQuery {
    pub fn page(&self) -> Result<GalleryPage, Problem> {
        let limit = number_within("limit", self.limit.as_deref(), 20, LIMIT_MAX)?;
        let page = page_number(self.page.as_deref())?;
        let behind = match &self.cursor {
            None => (i64::MIN, ItemId::nil()),
            Some(text) => parse_cursor(text)
                .ok_or_else(|| bad_page(format!("cursor: {text:?} is not one")))?,
        };
        let flag = |name: &str, text: &Option<String>| match text.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(text) => Err(bad_page(format!("{name}: {text:?} is neither true nor false"))),
        };
        Ok(GalleryPage {
            limit,
            behind,
            skip: (page - 1) * limit,
            with_locked: flag("locked", &self.locked)?,
            with_inactive: flag("inactive", &self.inactive)?,
        })
    }
}

/// One page, and the cursor of the next one if there is one.
pub async fn list(
    conn: &mut Conn,
    rank: i64,
    page: GalleryPage,
) -> sqlx::Result<(Vec<GalleryItem>, Option<String>)> {
    let GalleryPage { limit, behind: (position, id), skip, with_locked, with_inactive } = page;
    let rank = if with_locked { i64::MAX } else { rank };
    let mut items = fetch_all!(
        conn,
        GalleryItem,
        sql::SELECT_PAGE,
        position,
        id,
        rank,
        with_inactive,
        limit + 1,
        skip,
    )?;
    let has_more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let last = items.last().filter(|_| has_more);
    let next_cursor = last.map(|item| write_cursor(item.position, item.id));
    Ok((items, next_cursor))
}

fn write_cursor(position: i64, id: ItemId) -> String {
    URL_SAFE_NO_PAD.encode([&position.to_be_bytes()[..], id.as_bytes()].concat())
}

fn parse_cursor(text: &str) -> Option<(i64, ItemId)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (position, id) = bytes.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*position), Uuid::from_slice(id).ok()?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let place = (-3, Uuid::from_u128(5).into());
        assert_eq!(parse_cursor(&write_cursor(place.0, place.1)), Some(place));
        for text in ["", "?", "AAAA", &write_cursor(1, ItemId::nil())[1..]] {
            assert_eq!(parse_cursor(text), None, "{text}");
        }
    }
}
