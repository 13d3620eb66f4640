//! Roll-up, what was done in a minute, an hour or a day, by kind: counters whose deltas are written in the
//! transaction that ends a try, so that sums equal the rows after any kill.
//!
//! A scope is a step, a time and a kind; names are `enqueued`, `cancelled`, `wait:B` and `work:OUTCOME:B`,
//! where B is a bucket of [`bucket`].

use std::collections::BTreeMap;

use super::outcome::Outcome;
use super::sql;
use crate::counters::{self, Delta};
use crate::db::Conn;
use crate::fetch_all;

/// How fine a roll-up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Minute,
    Hour,
    Day,
}

impl Step {
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    pub fn ms(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// How long it is kept.
    fn kept_ms(self) -> i64 {
        match self {
            Self::Minute => 2 * 86_400_000,
            Self::Hour => 90 * 86_400_000,
            Self::Day => 400 * 86_400_000,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Minute => 'm',
            Self::Hour => 'h',
            Self::Day => 'd',
        }
    }

    /// Scopes sort by time; statements know where in it that stands.
    fn scope(self, at_ms: i64, kind: &str) -> String {
        format!("jobs/{}/{:010}/{kind}", self.letter(), at_ms / self.ms())
    }
}

/// Each bucket ends a tenth above where it begins.
const WIDTH: f64 = 1.1;

/// The bucket that a time lies in.
pub fn bucket(ms: i64) -> u32 {
    if ms < 1 { 0 } else { 1 + (ms as f64).log(WIDTH) as u32 }
}

/// Milliseconds at which a bucket ends.
pub fn end_ms(bucket: u32) -> f64 {
    if bucket == 0 { 1.0 } else { WIDTH.powi(bucket as i32) }
}

/// Deltas of one thing that happened to a job, one for each step.
fn deltas<'a>(at_ms: i64, kind: &str, names: &[&'a str], deltas: &mut Vec<Delta<'a>>) {
    for step in Step::ALL {
        let scope = step.scope(at_ms, kind);
        deltas.extend(names.iter().map(|name| (scope.clone(), *name, 1)));
    }
}

/// Counts a job that came.
pub async fn enqueued(tx: &mut Conn, kind: &str, at_ms: i64) -> sqlx::Result<()> {
    let mut all = Vec::with_capacity(Step::ALL.len());
    deltas(at_ms, kind, &["enqueued"], &mut all);
    counters::add_all(tx, &all).await
}

/// A try that ended.
pub struct Tried<'a> {
    pub kind: &'a str,
    pub outcome: Outcome,
    pub waited_ms: i64,
    pub worked_ms: i64,
}

/// Counts tries that ended, and `others` with them in the same statement.
pub async fn tried(
    tx: &mut Conn,
    tries: &[Tried<'_>],
    at_ms: i64,
    others: &[Delta<'_>],
) -> sqlx::Result<()> {
    let names = tries.iter().map(|one| {
        let work = format!("work:{}:{}", one.outcome.as_str(), bucket(one.worked_ms));
        (format!("wait:{}", bucket(one.waited_ms)), work)
    });
    let names = names.collect::<Vec<_>>();
    let mut all = others.to_vec();
    for (one, (wait, work)) in tries.iter().zip(&names) {
        deltas(at_ms, one.kind, &[wait, work], &mut all);
    }
    if all.is_empty() { Ok(()) } else { counters::add_all(tx, &all).await }
}

/// Counts jobs of these kinds that were cancelled before they were tried.
pub fn cancelled(at_ms: i64, kinds: &[String], all: &mut Vec<Delta<'_>>) {
    for kind in kinds {
        deltas(at_ms, kind, &["cancelled"], all);
    }
}

/// What became of jobs of one kind in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    pub enqueued: i64,
    pub cancelled: i64,
    /// Tries, by their outcome.
    pub outcomes: BTreeMap<String, i64>,
    /// Tries by bucket: how long the job had waited, and how long it was worked on.
    pub waits: BTreeMap<u32, i64>,
    pub works: BTreeMap<u32, i64>,
}

impl Rates {
    /// Adds what one counter says.
    fn take(&mut self, name: &str, sum: i64) {
        let mut words = name.split(':');
        match (words.next(), words.next(), words.next()) {
            (Some("enqueued"), None, None) => self.enqueued += sum,
            (Some("cancelled"), None, None) => self.cancelled += sum,
            (Some("wait"), Some(bucket), None) => {
                *self.waits.entry(bucket.parse().unwrap_or(0)).or_default() += sum;
            }
            (Some("work"), Some(outcome), Some(bucket)) => {
                *self.outcomes.entry(outcome.to_owned()).or_default() += sum;
                *self.works.entry(bucket.parse().unwrap_or(0)).or_default() += sum;
            }
            _ => {}
        }
    }

    /// Adds one try.
    pub fn note(&mut self, outcome: &str, waited_ms: i64, worked_ms: i64) {
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        *self.waits.entry(bucket(waited_ms)).or_default() += 1;
        *self.works.entry(bucket(worked_ms)).or_default() += 1;
    }

    /// Adds another step.
    pub fn add(&mut self, other: &Self) {
        self.enqueued += other.enqueued;
        self.cancelled += other.cancelled;
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(outcome.clone()).or_default() += count;
        }
        let pairs = [(&mut self.waits, &other.waits), (&mut self.works, &other.works)];
        for (all, some) in pairs {
            for (bucket, count) in some {
                *all.entry(*bucket).or_default() += count;
            }
        }
    }

    /// Tries of all outcomes.
    pub fn tries(&self) -> i64 {
        self.outcomes.values().sum()
    }
}

/// Where a share of all lies, at most a tenth too high; nothing where there is none.
pub fn percentile(buckets: &BTreeMap<u32, i64>, share: f64) -> Option<f64> {
    let all = buckets.values().sum::<i64>();
    let wanted = ((all as f64 * share).ceil() as i64).max(1);
    let mut seen = 0;
    let reached = buckets.iter().find(|(_, count)| {
        seen += **count;
        seen >= wanted
    });
    reached.map(|(bucket, _)| end_ms(*bucket))
}

/// Beginning of a step in milliseconds, the kind, and what became of its jobs: those since `since_ms`, oldest
/// first. Steps without any are left out.
pub async fn read(
    conn: &mut Conn,
    step: Step,
    since_ms: i64,
) -> sqlx::Result<BTreeMap<(i64, String), Rates>> {
    type Line = (i64, String, String, i64);
    let from = step.scope(since_ms, "");
    // Behind everything of this step.
    let to = format!("jobs/{}0", step.letter());
    let mut found = BTreeMap::<_, Rates>::new();
    for (at, kind, name, sum) in fetch_all!(conn, Line, sql::SELECT_RATES, from, to)? {
        let at_ms = at * step.ms();
        found.entry((at_ms, kind)).or_default().take(&name, sum);
    }
    Ok(found)
}

/// Forgets what is older than it is kept.
pub async fn prune(tx: &mut Conn, now_ms: i64) -> sqlx::Result<()> {
    for step in Step::ALL {
        let before = step.scope((now_ms - step.kept_ms()).max(0), "");
        let first = step.scope(0, "");
        crate::execute!(tx, counters::sql::DELETE_BETWEEN, first, before)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_lies_in_its_bucket_which_is_at_most_a_tenth_wide() {
        for ms in (0..5000).chain([10_000, 59_999, 3_600_000, 86_400_000]) {
            let bucket = bucket(ms);
            let begin = if bucket < 2 { 0.0 } else { end_ms(bucket - 1) };
            let slack = 1e-6 * begin;
            assert!((begin - slack..=end_ms(bucket) + slack).contains(&(ms as f64)), "{ms}");
            assert!(bucket < 2 || end_ms(bucket) / begin < 1.1 + 1e-9, "{ms}");
        }
    }

    #[test]
    fn percentiles_are_at_most_a_tenth_too_high() {
        let mut rates = Rates::default();
        assert_eq!(percentile(&rates.works, 0.5), None);
        for ms in 1..=1000 {
            rates.note("succeeded", 0, ms);
        }
        for (share, right) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = percentile(&rates.works, share).unwrap();
            assert!((right..=right * 1.1001).contains(&found), "{share}: {found}");
        }
        assert_eq!((rates.tries(), percentile(&rates.waits, 1.0)), (1000, Some(1.0)));
    }
}
