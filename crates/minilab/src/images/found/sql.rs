//! The parts that statements of filtered lists are built from.

use uuid::Uuid;

use crate::db::Built;
use crate::http::paging::Page;
use crate::ids::AccountId;
use crate::images::State;
use crate::images::filter::{Condition, Order};
use crate::tiers::to_word;

/// How far the time in an id may be from when its image was made.
const SKEW_MS: i64 = 3_600_000;

/// The way through the images of an account, along one index.
#[derive(Clone, Debug)]
pub struct IndexWalk {
    /// What the index leaves out.
    pub along: Option<Condition>,
    /// The order it goes in, of which a part is as good as the whole.
    pub order: Option<Order>,
}

impl Condition {
    /// Adds what it asks of a row.
    fn push(&self, sql: &mut Built) {
        match self {
            Self::Camera(part) => {
                sql.text("camera LIKE ").arg(&*containing(part)).text(r" ESCAPE '\'");
            }
            Self::Cameras(cameras) => {
                let mut before = "(camera = ";
                for camera in cameras {
                    sql.text(before).arg(&**camera);
                    before = " OR camera = ";
                }
                sql.text(if cameras.is_empty() { "FALSE" } else { ")" });
            }
            Self::Name(part) => {
                sql.text("folded_name LIKE ").arg(&*containing(part)).text(r" ESCAPE '\'");
            }
            Self::Format(format) => {
                sql.text("format = ").arg(&**format);
            }
            Self::State(state) => {
                // Those that failed have an index by their error.
                if *state == State::Failed {
                    sql.text("error_code IS NOT NULL AND ");
                }
                sql.text("state = ").arg(&*to_word(*state));
            }
            Self::Place(is) => {
                sql.text(if *is { "has_place" } else { "NOT has_place" });
            }
            Self::Truncated(is) => {
                sql.text(if *is { "truncated" } else { "NOT truncated" });
            }
            Self::Link(link) => {
                sql.text("scope_id <> account_id AND scope_id = ").arg(*link);
            }
            Self::Created { from, to } => {
                sql.text("created_ms >= ").arg(*from).text(" AND created_ms < ").arg(*to);
            }
            Self::Taken { from, to } => {
                sql.text("taken_ms >= ").arg(*from).text(" AND taken_ms < ").arg(*to);
            }
        }
    }
}

/// A pattern of `LIKE` that what contains the part meets.
fn containing(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The least id that is made at a time.
fn first_id(ms: i64) -> Uuid {
    let ms = u128::try_from(ms).unwrap_or_default();
    Uuid::from_u128(ms << 80)
}

impl Order {
    /// Adds what stands behind a cursor in this order.
    fn push_behind(self, sql: &mut Built, page: &Page) {
        match self {
            Self::Created => sql.text("id < ").arg(page.before),
            Self::Taken => {
                let (taken, id) = (page.time_before, page.before);
                sql.text("(taken_ms, id) < (").arg(taken).text(", ").arg(id).text(")")
            }
        };
    }

    fn push(self, sql: &mut Built) {
        sql.text(match self {
            Self::Created => " ORDER BY id DESC",
            Self::Taken => " ORDER BY taken_ms DESC, id DESC",
        });
    }
}

impl IndexWalk {
    /// Adds a walk, from behind a cursor of its order: a `SELECT` along one index.
    pub fn push(
        &self,
        sql: &mut Built,
        account: AccountId,
        columns: &'static str,
        page: Option<&Page>,
    ) {
        sql.text("SELECT ").text(columns).text(" FROM images WHERE account_id = ").arg(account);
        match &self.along {
            None => {}
            // Ids sort by when they were made, which is when the image was, or nearly.
            Some(Condition::Created { from, to }) => {
                sql.text(" AND id >= ").arg(first_id(from - SKEW_MS));
                sql.text(" AND id < ").arg(first_id(to + SKEW_MS));
            }
            Some(condition) => {
                sql.text(" AND ");
                condition.push(sql);
            }
        }
        let Some(order) = self.order else { return };
        if let Some(page) = page {
            sql.text(" AND ");
            order.push_behind(sql, page);
        }
        order.push(sql);
    }
}

/// Adds all that is asked of the rows of a walk, and something that always holds.
pub fn push_all(sql: &mut Built, conditions: &[Condition]) {
    sql.text("TRUE");
    for condition in conditions {
        sql.text(" AND ");
        condition.push(sql);
    }
}

/// The columns that conditions and orders look at.
const LOOKED_AT: &str =
    "id, account_id, scope_id, state, error_code, created_ms, camera, folded_name,
    format, has_place, truncated, taken_ms";

/// A page of what passes on a walk over so many rows.
pub fn page_of(
    walk: &IndexWalk,
    account: AccountId,
    rest: &[Condition],
    order: Order,
    page: &Page,
    walked: i64,
) -> Built {
    let mut sql = Built::default();
    let is_in_order = walk.order == Some(order);
    sql.text("SELECT * FROM library WHERE id IN (SELECT id FROM (");
    walk.push(&mut sql, account, LOOKED_AT, Some(page).filter(|_| is_in_order));
    sql.text(" LIMIT ").arg(walked).text(") AS walked WHERE ");
    push_all(&mut sql, rest);
    if !is_in_order {
        sql.text(" AND ");
        order.push_behind(&mut sql, page);
    }
    order.push(&mut sql);
    sql.text(" LIMIT ").arg(page.limit + 1).text(" OFFSET ").arg(page.skip).text(")");
    order.push(&mut sql);
    sql
}

/// How many rows of a walk there are, at most so many, and how many of them pass.
pub fn counts_of(walk: &IndexWalk, account: AccountId, rest: &[Condition], most: i64) -> Built {
    let mut sql = Built::default();
    sql.text("SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN ");
    push_all(&mut sql, rest);
    sql.text(" THEN 1 ELSE 0 END), 0) AS BIGINT) FROM (");
    walk.push(&mut sql, account, LOOKED_AT, None);
    sql.text(" LIMIT ").arg(most).text(") AS walked");
    sql
}

/// The row at which a walk over so many rows ends: its time and id.
pub fn end_of(walk: &IndexWalk, account: AccountId, page: &Page, walked: i64) -> Built {
    let mut sql = Built::default();
    walk.push(&mut sql, account, "taken_ms, id", Some(page));
    sql.text(" LIMIT 1 OFFSET ").arg(walked - 1);
    sql
}
