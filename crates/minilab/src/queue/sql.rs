//! SQL of the queue as people see it. Lists walk one index from a cursor back, and not far.

use uuid::Uuid;

use super::Whose;
use super::filter::{Compared, Filter, Word};
use super::verb::{CANCELLABLE, Verb};
use crate::db::Built;

/// Rows that one page looks at, at most.
pub const WALKED_MAX: i64 = 10_000;
/// Rows that are counted, at most.
pub const COUNTED_MAX: i64 = 1000;
/// No time before an id's is trusted more closely than this: clocks of processes differ.
const SKEW_MS: i64 = 60_000;

/// What is asked of which jobs, and the moment it is asked at.
#[derive(Clone, Debug)]
pub struct Asked {
    pub whose: Whose,
    pub filter: Filter,
    pub now_ms: i64,
    /// Only those that this can be done to.
    pub verb: Option<Verb>,
}

const COLUMNS: &str = "SELECT s.id, s.job_id, j.kind, ";
const REST: &str =
    ", j.attempts, j.priority, j.vtime, j.run_at_ms, j.lease, j.worker, j.error, j.cause,
        s.asked_ms, s.tries_before, j.started_ms, j.finished_ms, s.cancelled_ms, j.account_id, ";
/// Of whoever asked first.
const FIRST_IMAGE: &str =
    "(SELECT a.image_id FROM askers a WHERE a.job_id = s.job_id ORDER BY a.id LIMIT 1)";
/// What was tried before somebody asked is not theirs.
const SEEN_STATE: &str = "CASE WHEN s.cancelled_ms IS NOT NULL THEN 'cancelled'
        WHEN j.state = 'retry' AND j.attempts <= s.tries_before THEN 'pending' ELSE j.state END";

impl Asked {
    /// One page of rows, those before an id, newest first.
    pub fn page(&self, before: Uuid, limit: i64) -> Built {
        let mut sql = Built::default();
        self.push_columns(&mut sql);
        self.push_walk(&mut sql, before, WALKED_MAX);
        self.push_rest(&mut sql);
        sql.text(" ORDER BY s.id DESC LIMIT ").arg(limit);
        sql
    }

    /// One row.
    pub fn one(&self, id: Uuid) -> Built {
        let mut sql = Built::default();
        self.push_columns(&mut sql);
        self.push_source(&mut sql);
        sql.text(" AND id = ").arg(id).text(") AS s JOIN jobs j ON j.id = s.job_id");
        sql
    }

    /// The id at which the walk of a page ends, if there is more behind it.
    pub fn end(&self, before: Uuid) -> Built {
        let mut sql = Built::default();
        sql.text("SELECT s.id FROM ");
        self.push_source(&mut sql);
        self.push_along(&mut sql, before);
        sql.text(" LIMIT 1 OFFSET ").arg(WALKED_MAX - 1).text(") AS s");
        sql
    }

    /// Rows looked at, and those among them that are asked for: of so many at most.
    pub fn count(&self, most: i64) -> Built {
        let mut sql = Built::default();
        sql.text("SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN ");
        self.push_conditions(&mut sql);
        sql.text(" THEN 1 ELSE 0 END), 0) AS BIGINT) FROM ");
        self.push_walk(&mut sql, Uuid::max(), most);
        sql
    }

    fn push_columns(&self, sql: &mut Built) {
        sql.text(COLUMNS).text(self.state()).text(" AS state").text(REST);
        match self.whose {
            Whose::All => sql.text(FIRST_IMAGE),
            Whose::Of(_) => sql.text("s.image_id"),
        };
        sql.text(" AS image_id FROM ");
    }

    fn state(&self) -> &'static str {
        match self.whose {
            Whose::All => "j.state",
            Whose::Of(_) => SEEN_STATE,
        }
    }

    /// The beginning of the rows that an id belongs to.
    fn push_source(&self, sql: &mut Built) {
        match self.whose {
            Whose::All => sql.text(
                "(SELECT id, id AS job_id, created_ms AS asked_ms, CAST(0 AS BIGINT) AS tries_before,
                    CAST(NULL AS BIGINT) AS cancelled_ms FROM jobs WHERE TRUE",
            ),
            Whose::Of(account) => sql
                .text(
                    "(SELECT id, job_id, image_id, asked_ms, tries_before, cancelled_ms
                    FROM askers WHERE account_id = ",
                )
                .arg(account),
        };
    }

    /// Adds what one index has, and its order.
    fn push_along(&self, sql: &mut Built, before: Uuid) {
        sql.text(" AND id < ").arg(before);
        for word in &self.filter.0 {
            if let Word::Since(span) = word {
                sql.text(" AND id >= ").arg(first_id(self.now_ms - span.ms() - SKEW_MS));
            }
        }
        match (self.best(), self.whose) {
            (Some(Word::Image(id)), Whose::All) => {
                sql.text(" AND id IN (SELECT job_id FROM askers WHERE image_id = ")
                    .arg(*id)
                    .text(")");
            }
            (Some(Word::Image(id)), Whose::Of(_)) => {
                sql.text(" AND image_id = ").arg(*id);
            }
            (Some(Word::Cause(cause)), Whose::All) => {
                sql.text(" AND cause = ").arg(&**cause);
            }
            (Some(Word::State(state)), Whose::All) => {
                sql.text(" AND state <> 'succeeded' AND state = ").arg(*state);
            }
            (Some(Word::Account(id)), Whose::All) => {
                let id = Uuid::try_parse(id).unwrap_or_default();
                sql.text(" AND account_id = ").arg(id);
            }
            // What can be done is never done to what ended well.
            _ if self.verb.is_some() && self.whose == Whose::All => {
                sql.text(" AND state <> 'succeeded'");
            }
            _ => {}
        }
        sql.text(" ORDER BY id DESC");
    }

    /// The word whose index leaves the fewest rows, if any has one.
    fn best(&self) -> Option<&Word> {
        let rank = |word: &&Word| match word {
            Word::Image(_) => 0,
            Word::Cause(_) => 1,
            Word::State(state) if *state != "succeeded" => 2,
            Word::Account(_) => 3,
            _ => 4,
        };
        self.filter.0.iter().filter(|word| rank(word) < 4).min_by_key(rank)
    }

    fn push_walk(&self, sql: &mut Built, before: Uuid, most: i64) {
        self.push_source(sql);
        self.push_along(sql, before);
        sql.text(" LIMIT ").arg(most).text(") AS s JOIN jobs j ON j.id = s.job_id");
    }

    fn push_rest(&self, sql: &mut Built) {
        sql.text(" WHERE ");
        self.push_conditions(sql);
    }

    fn push_conditions(&self, sql: &mut Built) {
        sql.text("TRUE");
        match self.verb {
            None => {}
            Some(Verb::Retry) => {
                sql.text(" AND ").text(self.state()).text(" IN ('failed', 'cancelled')");
            }
            Some(Verb::Cancel) => {
                sql.text(" AND ").text(self.state()).text(" IN ('pending', 'retry', 'started')");
                sql.text(" AND j.kind IN (");
                for (place, kind) in CANCELLABLE.into_iter().enumerate() {
                    sql.text(if place == 0 { "" } else { ", " }).arg(kind);
                }
                sql.text(")");
            }
        }
        for word in &self.filter.0 {
            sql.text(" AND ");
            self.push_condition(sql, word);
        }
    }

    fn push_condition(&self, sql: &mut Built, word: &Word) {
        match word {
            Word::State(state) => sql.text(self.state()).text(" = ").arg(*state),
            Word::Kind(kind) => sql.text("j.kind = ").arg(*kind),
            // A cause from before somebody asked is not theirs.
            Word::Cause(cause) => {
                sql.text("j.attempts > s.tries_before AND j.cause = ").arg(&**cause)
            }
            Word::Account(id) => {
                sql.text("j.account_id = ").arg(Uuid::try_parse(id).unwrap_or_default())
            }
            Word::Worker(worker) => sql.text("j.worker = ").arg(&**worker),
            Word::Image(id) => match self.whose {
                Whose::All => sql
                    .text("EXISTS (SELECT 1 FROM askers a WHERE a.job_id = s.job_id AND a.image_id = ")
                    .arg(*id)
                    .text(")"),
                Whose::Of(_) => sql.text("s.image_id = ").arg(*id),
            },
            Word::Since(span) => sql.text("s.asked_ms >= ").arg(self.now_ms - span.ms()),
            Word::Attempts(compared, number) => sql
                .text("j.attempts - s.tries_before ")
                .text(operator(*compared))
                .arg(i64::from(*number)),
            Word::Wait(compared, span) => sql
                .text("CASE WHEN j.state IN ('pending', 'retry') THEN ")
                .arg(self.now_ms)
                .text(" ELSE COALESCE(j.started_ms, j.finished_ms, s.asked_ms) END - s.asked_ms ")
                .text(operator(*compared))
                .arg(span.ms()),
        };
    }
}

fn operator(compared: Compared) -> &'static str {
    match compared {
        Compared::Equal => "= ",
        Compared::More => "> ",
        Compared::Less => "< ",
    }
}

/// The least id that is made at a time.
pub fn first_id(ms: i64) -> Uuid {
    let ms = u128::try_from(ms).unwrap_or_default();
    Uuid::from_u128(ms << 80)
}

crate::sql! {
    /// How many wait before a place in the line, at most so many.
    COUNT_BEFORE = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM jobs WHERE state IN ('pending', 'retry')
            AND (priority, vtime, id) < ($1, $2, $3) ORDER BY priority, vtime, id LIMIT $4) AS before";
    /// Started jobs of an account, and of all.
    COUNT_STARTED = "SELECT COUNT(*) FROM jobs WHERE state = 'started' AND account_id = $1";
    /// Failed jobs by cause and kind, of the newest so many.
    SELECT_CAUSES = "SELECT cause, kind, COUNT(*), MIN(finished_ms), MAX(finished_ms) FROM (
            SELECT cause, kind, finished_ms FROM jobs WHERE state = 'failed' AND state <> 'succeeded'
            ORDER BY id DESC LIMIT $1) AS failed
        WHERE cause IS NOT NULL GROUP BY cause, kind ORDER BY 3 DESC, cause, kind";
    SELECT_CAUSES_OF = "SELECT j.cause, j.kind, COUNT(*), MIN(j.finished_ms), MAX(j.finished_ms) FROM (
            SELECT job_id FROM askers WHERE account_id = $2 AND cancelled_ms IS NULL
            ORDER BY id DESC LIMIT $1) AS s JOIN jobs j ON j.id = s.job_id
        WHERE j.state = 'failed' AND j.cause IS NOT NULL
        GROUP BY j.cause, j.kind ORDER BY 3 DESC, j.cause, j.kind";
    /// What one account asked for, and how it went.
    SELECT_ASKED = "SELECT s.asked_ms, j.kind, j.state, j.started_ms, j.finished_ms, s.cancelled_ms FROM (
            SELECT job_id, asked_ms, cancelled_ms FROM askers WHERE account_id = $1 AND id >= $2
            ORDER BY id DESC LIMIT $3) AS s JOIN jobs j ON j.id = s.job_id";
    /// What workers have in hand.
    SELECT_HELD = "SELECT worker, id, kind, started_ms, attempts FROM jobs
        WHERE state = 'started' ORDER BY started_ms LIMIT 1000";
    SELECT_LAST_BY_KEY = "SELECT state, created_ms, started_ms, finished_ms FROM jobs
        WHERE unique_key = $1 ORDER BY id DESC LIMIT 1";
    SELECT_JOB = "SELECT kind, state, blob_id, account_id FROM jobs WHERE id = $1";
    SELECT_ASKER = "SELECT job_id, image_id FROM askers WHERE id = $1 AND account_id = $2";
    /// Behind those that wait, when many are tried again ($3); unless a job of its key lives.
    RETRY = "UPDATE jobs SET state = 'pending', attempts = 0, kills = 0, run_at_ms = $2, started_ms = NULL,
            finished_ms = NULL, error = NULL, cause = NULL,
            priority = CASE WHEN priority < $3 THEN $3 ELSE priority END
        WHERE id = $1 AND state IN ('failed', 'cancelled') AND NOT EXISTS (SELECT 1 FROM jobs o
            WHERE o.unique_key = jobs.unique_key AND o.state IN ('pending', 'retry', 'started'))"
        changes Work;
    /// Tries are counted anew.
    FORGET_TRIES = "UPDATE askers SET tries_before = 0 WHERE job_id = $1";
    UNCANCEL_ASKER = "UPDATE askers SET cancelled_ms = NULL WHERE id = $1";
    CANCEL_ASKER = "UPDATE askers SET cancelled_ms = $2 WHERE id = $1 AND cancelled_ms IS NULL";
    IS_ASKED_FOR = "SELECT id FROM askers WHERE job_id = $1 AND cancelled_ms IS NULL LIMIT 1";
    CANCEL_STARTED = "UPDATE jobs SET state = 'cancelled', finished_ms = $2, error = NULL, cause = NULL
        WHERE id = $1 AND state = 'started'
        RETURNING id, kind, lease, attempts, worker, started_ms, run_at_ms"
        changes Ended;
    CANCEL_WAITING = "UPDATE jobs SET state = 'cancelled', finished_ms = $2, error = NULL, cause = NULL
        WHERE id = $1 AND state IN ('pending', 'retry')"
        changes Ended;
    INSERT_ACTION = "INSERT INTO actions (id, account_id, verb, selection, is_admin, counted, done, after_id,
            created_ms, ended_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    SELECT_ACTION = "SELECT id, account_id, verb, selection, is_admin, counted, done, after_id, created_ms, ended_ms
        FROM actions WHERE id = $1";
    /// The same, asked for a moment ago.
    SELECT_SAME = "SELECT id, counted FROM actions WHERE account_id = $1 AND verb = $2 AND selection = $3
        AND created_ms > $4 AND id > $5 ORDER BY id DESC LIMIT 1";
    ADVANCE = "UPDATE actions SET done = done + $2, after_id = $3, ended_ms = $4
        WHERE id = $1 AND ended_ms IS NULL";
    END_ACTION = "UPDATE actions SET ended_ms = $2 WHERE id = $1 AND ended_ms IS NULL";
    PAUSE = "INSERT INTO pauses (subject, reason, until_ms, actor_id, created_ms) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (subject) DO UPDATE SET reason = excluded.reason, until_ms = excluded.until_ms,
            actor_id = excluded.actor_id, created_ms = excluded.created_ms";
    RESUME = "DELETE FROM pauses WHERE subject = $1"
        changes Work;
    SELECT_ACCOUNT = "SELECT id FROM accounts WHERE name = $1";
}
