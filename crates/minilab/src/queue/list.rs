//! Pages of jobs, newest first, and single ones.

use uuid::Uuid;

use super::Whose;
use super::filter::{BadWord, Filter, Word};
use super::sql::{self, Asked, COUNTED_MAX};
use crate::db::Conn;
use crate::fetch_optional;
use crate::ids::{AccountId, ImageId, JobId};

/// A job as somebody sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Row {
    /// For an account, an id of its own.
    pub id: Uuid,
    pub job_id: JobId,
    pub kind: String,
    pub state: String,
    pub attempts: i64,
    pub priority: i64,
    pub vtime: i64,
    pub run_at_ms: i64,
    pub lease: i64,
    pub worker: Option<String>,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub asked_ms: i64,
    pub tries_before: i64,
    pub started_ms: Option<i64>,
    pub finished_ms: Option<i64>,
    pub cancelled_ms: Option<i64>,
    pub account_id: Option<AccountId>,
    pub image_id: Option<ImageId>,
}

/// One page, and where the next one begins.
pub struct Listed {
    pub rows: Vec<Row>,
    pub next: Option<Uuid>,
}

impl Asked {
    /// What a filter means for somebody: names of accounts become ids, and only admins know accounts and
    /// workers.
    pub async fn new(
        conn: &mut Conn,
        whose: Whose,
        mut filter: Filter,
        now_ms: i64,
    ) -> anyhow::Result<Result<Self, BadWord>> {
        for word in &mut filter.0 {
            if whose != Whose::All && matches!(word, Word::Account(_) | Word::Worker(_)) {
                let detail =
                    "only admins filter by account and worker; you see your own".to_owned();
                return Ok(Err(BadWord { word: word.to_string(), detail }));
            }
            if let Word::Account(name) = word
                && Uuid::try_parse(name).is_err()
            {
                let found = fetch_optional!(conn, (Uuid,), sql::SELECT_ACCOUNT, &**name)?;
                let Some((id,)) = found else {
                    let detail = "there is no account of that name".to_owned();
                    return Ok(Err(BadWord { word: word.to_string(), detail }));
                };
                *name = id.to_string();
            }
        }
        Ok(Ok(Self { whose, filter, now_ms, verb: None }))
    }

    /// The jobs before an id. A page may be short and have a next one.
    pub async fn list(&self, conn: &mut Conn, before: Uuid, limit: i64) -> sqlx::Result<Listed> {
        let mut rows = self.page(before, limit + 1).fetch_all::<Row>(conn).await?;
        if rows.len() as i64 > limit {
            rows.truncate(limit as usize);
            let next = rows.last().map(|row| row.id);
            return Ok(Listed { rows, next });
        }
        if self.filter.0.is_empty() && self.verb.is_none() {
            return Ok(Listed { rows, next: None });
        }
        let end = self.end(before).fetch_all::<(Uuid,)>(conn).await?;
        Ok(Listed { rows, next: end.first().map(|(id,)| *id) })
    }

    /// How many there are, and whether there may be more: it was not worth counting on.
    pub async fn total(&self, conn: &mut Conn) -> sqlx::Result<(i64, bool)> {
        let counts = self.count(COUNTED_MAX).fetch_all::<(i64, i64)>(conn).await?;
        let (walked, found) = counts.first().copied().unwrap_or_default();
        Ok((found, walked >= COUNTED_MAX))
    }

    /// All of them, however many.
    pub async fn count_all(&self, conn: &mut Conn) -> sqlx::Result<i64> {
        let counts = self.count(i64::MAX).fetch_all::<(i64, i64)>(conn).await?;
        Ok(counts.first().map_or(0, |(_, found)| *found))
    }
}

/// One job, if there is one that they may see.
pub async fn find(conn: &mut Conn, whose: Whose, id: Uuid) -> sqlx::Result<Option<Row>> {
    let asked = Asked { whose, filter: Filter::default(), now_ms: 0, verb: None };
    Ok(asked.one(id).fetch_all::<Row>(conn).await?.into_iter().next())
}
