//! Lists with a filter, at a bounded cost: the index that leaves the fewest rows is walked, and a walk that
//! gets long ends with a short page and a cursor to go on from.

pub mod sql;

use super::filter::{Condition, Filter, Order};
use super::{Image, State, searched};
use crate::counters::{self, CounterScope, Facet};
use crate::db::Conn;
use crate::http::paging::Page;
use crate::ids::{AccountId, ImageId};
use sql::IndexWalk;

/// Rows that one request walks over, at most.
pub const WALKED_MAX: i64 = 10_000;
/// Cameras that one walk looks for, each in its place of the index.
const CAMERAS_MAX: usize = 50;

/// What a walk found.
pub struct FoundImages {
    /// One more than asked for, if there are as many.
    pub images: Vec<Image>,
    /// Where it ended before it found enough: the time and the id of an image.
    pub stopped_at: Option<(i64, ImageId)>,
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
type WalkedRows = (i64, i64);

pub async fn find(
    conn: &mut Conn,
    account: AccountId,
    filter: &Filter,
    page: Page,
) -> sqlx::Result<FoundImages> {
    let Chosen { walk, rest, total } = choose(conn, account, filter).await?;
    let wanted = page.limit + 1;
    // Where every row walked over passes, no more are than are wanted.
    let is_in_order = walk.order == Some(filter.order);
    let is_exact = rest.is_empty() && is_in_order;
    let walked = if is_exact { page.skip + wanted } else { WALKED_MAX };
    let query = sql::page_of(&walk, account, &rest, filter.order, &page, walked);
    let images: Vec<Image> = query.fetch_all(conn).await?;
    let is_short = (images.len() as i64) < wanted;
    let mut stopped_at = None;
    if is_short && !is_exact && is_in_order {
        let end = sql::end_of(&walk, account, &page, WALKED_MAX);
        stopped_at = end.fetch_all(conn).await?.pop();
    }
    Ok(FoundImages { images, stopped_at, total })
}

/// A walk, what is asked of its rows, and how many pass.
struct Chosen {
    walk: IndexWalk,
    rest: Vec<Condition>,
    total: Total,
}

/// The walk with the fewest rows, or through all there is.
async fn choose(conn: &mut Conn, account: AccountId, filter: &Filter) -> sqlx::Result<Chosen> {
    let mut best: Option<(usize, Candidate)> = None;
    for (at, condition) in filter.conditions.iter().enumerate() {
        let Some(candidate) = candidate(conn, account, condition).await? else { continue };
        // A long walk must be one that can go on where it ended.
        let may_be = candidate.rows <= WALKED_MAX || candidate.walk.order == Some(filter.order);
        if may_be && best.as_ref().is_none_or(|(_, fewest)| candidate.rows < fewest.rows) {
            best = Some((at, candidate));
        }
    }
    let mut rest = filter.conditions.clone();
    let Some((at, Candidate { walk, rows, is_counted })) = best else {
        let walk = IndexWalk { along: None, order: Some(filter.order) };
        let total = count(conn, account, &walk, &rest).await?;
        return Ok(Chosen { walk, rest, total });
    };
    // A day of upload is walked along by ids, which may be off by a little.
    if !matches!(rest[at], Condition::Created { .. }) {
        rest.remove(at);
    }
    let total = if is_counted && rest.is_empty() {
        Total { count: rows, is_capped: false }
    } else {
        count(conn, account, &walk, &rest).await?
    };
    Ok(Chosen { walk, rest, total })
}

/// How many pass, as far as it is worth counting.
async fn count(
    conn: &mut Conn,
    account: AccountId,
    walk: &IndexWalk,
    rest: &[Condition],
) -> sqlx::Result<Total> {
    let (over, count) = counts(conn, account, walk, rest).await?;
    Ok(Total { count: count.min(WALKED_MAX), is_capped: over > WALKED_MAX })
}

async fn counts(
    conn: &mut Conn,
    account: AccountId,
    walk: &IndexWalk,
    rest: &[Condition],
) -> sqlx::Result<WalkedRows> {
    let counts = sql::counts_of(walk, account, rest, WALKED_MAX + 1);
    Ok(counts.fetch_all(conn).await?.pop().unwrap_or_default())
}

/// A walk that one condition makes possible.
struct Candidate {
    walk: IndexWalk,
    /// At most one more than a walk goes over, unless they are counted.
    rows: i64,
    /// They are counted anyway, so these are all.
    is_counted: bool,
}

/// The walk along the index of a condition, if it has one.
async fn candidate(
    conn: &mut Conn,
    account: AccountId,
    condition: &Condition,
) -> sqlx::Result<Option<Candidate>> {
    let scope = CounterScope::Account(account);
    let order = match condition {
        Condition::Camera(part) => return cameras(conn, scope, part).await,
        Condition::Format(format) => {
            let rows = counters::of_facet(conn, scope, Facet::Format, format).await?;
            let walk = IndexWalk { along: Some(condition.clone()), order: Some(Order::Created) };
            return Ok(Some(Candidate { walk, rows, is_counted: true }));
        }
        Condition::State(State::Failed)
        | Condition::Place(true)
        | Condition::Truncated(true)
        | Condition::Link(_)
        | Condition::Created { .. } => Order::Created,
        Condition::Taken { .. } => Order::Taken,
        // Most images are ready, those that are not are the newest, and any name has any part.
        Condition::State(_)
        | Condition::Place(false)
        | Condition::Truncated(false)
        | Condition::Cameras(_)
        | Condition::Name(_) => return Ok(None),
    };
    let walk = IndexWalk { along: Some(condition.clone()), order: Some(order) };
    let (rows, _) = counts(conn, account, &walk, &[]).await?;
    Ok(Some(Candidate { walk, rows, is_counted: false }))
}

/// The walk along those cameras that have a part, unless there are too many.
async fn cameras(
    conn: &mut Conn,
    scope: CounterScope,
    part: &str,
) -> sqlx::Result<Option<Candidate>> {
    let all = counters::values(conn, scope, Facet::Camera, WALKED_MAX + 1).await?;
    if all.len() as i64 > WALKED_MAX {
        return Ok(None);
    }
    let (mut cameras, mut rows) = (Vec::new(), 0);
    for (model, images) in all {
        let camera = searched::fold(&model);
        if images > 0 && camera.contains(part) {
            rows += images;
            cameras.push(camera);
        }
    }
    cameras.sort();
    cameras.dedup();
    if cameras.len() > CAMERAS_MAX {
        return Ok(None);
    }
    // Of several, each has an order of its own.
    let order = (cameras.len() == 1).then_some(Order::Created);
    let walk = IndexWalk { along: Some(Condition::Cameras(cameras)), order };
    Ok(Some(Candidate { walk, rows, is_counted: true }))
}
