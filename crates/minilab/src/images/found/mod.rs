//! Lists with a filter, at a bounded cost: the index that leaves the fewest rows is walked, and a walk that
//! gets long ends with a short page and a cursor to go on from.

pub mod sql;

use uuid::Uuid;

use super::Image;
use super::filter::Filter;
use super::list::{Page, WALKED_MAX};
use crate::counters::{self, Facet, Scope};
use crate::db::Conn;
use crate::db::sql::Sql;
use crate::{fetch_all, fetch_one, fetch_optional};

/// One way to what is asked for.
#[derive(Clone, Copy)]
struct Walk {
    page: Sql,
    count: Sql,
    last: Sql,
    /// Newest first, so that it may end and go on.
    is_in_order: bool,
}

macro_rules! walk {
    ($page:ident, $count:ident, $last:ident, $is_in_order:literal) => {
        Walk { page: sql::$page, count: sql::$count, last: sql::$last, is_in_order: $is_in_order }
    };
}

const OF_ALL: Walk = walk!(PAGE_OF_ALL, COUNT_OF_ALL, LAST_OF_ALL, true);
const BY_CAMERA: Walk = walk!(PAGE_BY_CAMERA, COUNT_BY_CAMERA, LAST_BY_CAMERA, true);
const BY_FORMAT: Walk = walk!(PAGE_BY_FORMAT, COUNT_BY_FORMAT, LAST_BY_FORMAT, true);
const BY_PLACE: Walk = walk!(PAGE_BY_PLACE, COUNT_BY_PLACE, LAST_BY_PLACE, true);
const BY_LINK: Walk = walk!(PAGE_BY_LINK, COUNT_BY_LINK, LAST_BY_LINK, true);
const BY_TIME: Walk = walk!(PAGE_BY_TIME, COUNT_BY_TIME, LAST_BY_TIME, false);

/// What a walk found.
pub struct Found {
    /// One more than asked for, if there are as many.
    pub images: Vec<Image>,
    /// Where it ended before it found enough.
    pub stopped_at: Option<Uuid>,
    pub total: Total,
}

/// How many pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub count: i64,
    /// There may be more.
    pub is_capped: bool,
}

/// Rows walked over, and those of them that pass.
type Counts = (i64, i64);

/// Runs one of the statements, with all they have in common.
macro_rules! run {
    ($run:ident, $conn:expr, $row:ty, $sql:expr, $account:expr, $filter:expr, $before:expr, $walked:expr
        $(, $arg:expr)*) => {
        $run!(
            $conn,
            $row,
            $sql,
            $account,
            $filter.camera(),
            $filter.format(),
            $filter.taken_from(),
            $filter.taken_to(),
            $filter.has_gps(),
            $filter.upload_link(),
            $before,
            $walked
            $(, $arg)*
        )
    };
}

pub async fn find(
    conn: &mut Conn,
    account: Uuid,
    filter: &Filter,
    page: Page,
) -> sqlx::Result<Found> {
    let (walk, total) = choose(conn, account, filter).await?;
    let Page { limit, before, skip } = page;
    let wanted = limit + 1;
    // Where every row walked over passes, no more are than are wanted.
    let is_exact = filter.is_single() && walk.is_in_order && !walk.is_of_all();
    let walked = if is_exact { skip + wanted } else { WALKED_MAX };
    let images =
        run!(fetch_all, conn, Image, walk.page, account, filter, before, walked, wanted, skip)?;
    let is_short = (images.len() as i64) < wanted;
    let mut stopped_at = None;
    if is_short && !is_exact && walk.is_in_order {
        let (over, _) = run!(fetch_one, conn, Counts, walk.count, account, filter, before, walked)?;
        if over >= WALKED_MAX {
            let last =
                run!(fetch_optional, conn, (Uuid,), walk.last, account, filter, before, walked)?;
            stopped_at = last.map(|(id,)| id);
        }
    }
    Ok(Found { images, stopped_at, total })
}

impl Walk {
    fn is_of_all(&self) -> bool {
        self.page.name == OF_ALL.page.name
    }
}

/// The way with the fewest rows, and how many pass.
async fn choose(conn: &mut Conn, account: Uuid, filter: &Filter) -> sqlx::Result<(Walk, Total)> {
    let scope = Scope::Account(account);
    let mut ways = Vec::with_capacity(5);
    // What is counted anyway need not be counted here.
    if let Some(camera) = filter.camera() {
        ways.push((counters::of_facet(conn, scope, Facet::Camera, camera).await?, BY_CAMERA));
    }
    if let Some(format) = filter.format() {
        ways.push((counters::of_facet(conn, scope, Facet::Format, format).await?, BY_FORMAT));
    }
    let is_counted = filter.is_single() && !ways.is_empty();
    for (is_asked, way) in [
        (filter.is_by_time(), BY_TIME),
        (filter.has_gps() == Some(true), BY_PLACE),
        (filter.upload_link().is_some(), BY_LINK),
    ] {
        if is_asked {
            let most = WALKED_MAX + 1;
            let (rows, _) =
                run!(fetch_one, conn, Counts, way.count, account, filter, Uuid::max(), most)?;
            ways.push((rows, way));
        }
    }
    // A long walk must be one that can go on where it ended.
    let may_be = |(rows, way): &(i64, Walk)| *rows <= WALKED_MAX || way.is_in_order;
    let best = ways.into_iter().filter(may_be).min_by_key(|(rows, _)| *rows);
    let way = best.map_or(OF_ALL, |(_, way)| way);
    if let Some((rows, _)) = best.filter(|_| is_counted) {
        return Ok((way, Total { count: rows, is_capped: false }));
    }
    let most = WALKED_MAX + 1;
    let (over, count) =
        run!(fetch_one, conn, Counts, way.count, account, filter, Uuid::max(), most)?;
    Ok((way, Total { count: count.min(WALKED_MAX), is_capped: over > WALKED_MAX }))
}
