//! What is there, counted: for the whole lab and for each account.
//!
//! All figures come from sums that move with the rows, so an answer costs the same for a thousand images
//! and for a million, and they agree with each other at every moment.

pub mod routes;
pub mod sql;

use std::collections::BTreeMap;

use crate::clock::day;
use crate::counters::{self, CounterScope, Facet};
use crate::db::Conn;
use crate::fetch_all;
use crate::ids::AccountId;

/// Cameras that are named; the others are one number.
const CAMERAS_MAX: i64 = 10;
const DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Everything at one moment.
#[derive(Debug, Default)]
pub struct Stats {
    pub images: i64,
    /// Originals, as uploaded.
    pub bytes: i64,
    /// Distinct originals.
    pub stored_bytes: i64,
    pub variant_bytes: i64,
    /// The most frequent first.
    pub formats: Vec<(String, i64)>,
    pub cameras: Vec<(String, i64)>,
    pub unknown_cameras: i64,
    /// Oldest first, every day.
    pub days: Vec<(String, i64)>,
    /// By state.
    pub jobs: BTreeMap<String, i64>,
}

/// Reads all of it in one statement: the sums belong to one moment.
pub async fn read(conn: &mut Conn, account: Option<AccountId>, now_ms: i64) -> sqlx::Result<Stats> {
    let scope = account.map_or(CounterScope::Lab, CounterScope::Account);
    let days = (0..DAYS).rev().map(|back| day(now_ms - back * DAY_MS)).collect::<Vec<_>>();
    let (formats, cameras) = (scope.by(Facet::Format), scope.by(Facet::Camera));
    let rows = fetch_all!(
        conn,
        (String, String, i64),
        sql::SELECT,
        scope.to_string(),
        &formats,
        &cameras,
        scope.by(Facet::Day),
        &days[0],
        CAMERAS_MAX,
    )?;
    let mut stats = Stats::default();
    let mut uploads = BTreeMap::new();
    for (of, name, sum) in rows {
        if of == formats {
            stats.formats.push((name, sum));
        } else if of == cameras {
            if name.is_empty() {
                stats.unknown_cameras = sum;
            } else {
                stats.cameras.push((name, sum));
            }
        } else if of == scope.to_string() {
            stats.take(&name, sum);
        } else {
            uploads.insert(name, sum);
        }
    }
    stats.days =
        days.into_iter().map(|day| (day.clone(), uploads.remove(&day).unwrap_or(0))).collect();
    for state in ["pending", "started", "retry", "failed", "succeeded", "cancelled"] {
        stats.jobs.entry(state.to_owned()).or_default();
    }
    let live = match account {
        Some(account) => fetch_all!(conn, (String, i64), sql::COUNT_JOBS_OF, account)?,
        None => fetch_all!(conn, (String, i64), sql::COUNT_JOBS)?,
    };
    stats.jobs.extend(live);
    Ok(stats)
}

impl Stats {
    fn take(&mut self, name: &str, sum: i64) {
        match name {
            counters::IMAGES => self.images = sum,
            counters::BYTES => self.bytes = sum,
            counters::STORED_BYTES => self.stored_bytes = sum,
            counters::VARIANT_BYTES => self.variant_bytes = sum,
            counters::JOBS_SUCCEEDED => drop(self.jobs.insert("succeeded".to_owned(), sum)),
            counters::JOBS_CANCELLED => drop(self.jobs.insert("cancelled".to_owned(), sum)),
            _ => {}
        }
    }
}
