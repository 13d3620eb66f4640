//! Bounds that pass by themselves: what a stranger, an account or a bad night runs into.
//!
//! Whoever is turned away at one is counted here and nowhere else: `/metrics` shows how often, and the
//! log says so once a minute, with the setting that moves the bound.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// How often the log speaks of one limit, at most.
const LOG_EVERY_SECS: u64 = 60;

/// Declares the limits: name in `/metrics`, and the settings that move it, separated by commas.
macro_rules! limits {
    ($($(#[$doc:meta])* $limit:ident = $name:literal, $settings:literal;)*) => {
        /// A bound that somebody can run into.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Limit { $($(#[$doc])* $limit),* }

        impl Limit {
            pub const ALL: &[Self] = &[$(Self::$limit),*];

            /// The label in `/metrics`, and the word in the log.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$limit => $name),* }
            }

            /// The settings that move it; empty where it is fixed.
            pub const fn settings(self) -> &'static str {
                match self { $(Self::$limit => $settings),* }
            }
        }

        static COUNTS: [Count; Limit::ALL.len()] = [const { Count::new() }; Limit::ALL.len()];
    };
}

limits! {
    /// Bodies whose senders were too slow.
    SlowSenders = "slow_senders", "uploads.idle_secs, uploads.rate_min";
    /// Answers whose readers were too slow.
    SlowReaders = "slow_readers", "http.idle_secs, http.rate_min";
    /// Connections that found no place, or made room for others.
    Connections = "connections", "http.connections_max";
    /// The same, of an address that has too many.
    ConnectionsEach = "connections_each", "http.connections_each_max";
    /// Large files that were not sent, because too many were.
    OpenFiles = "open_files", "blobs.open_max";
    /// Large bodies that were not read, because too many were.
    Bodies = "bodies", "";
    /// Requests that could not wait for a variant, because too many did.
    Waiters = "waiters", "variants.waiters_max";
    /// Zip files that are downloaded at the same time.
    Zips = "zips", "images.zips_max, images.zips_each_max";
    /// Streams of events that are open at the same time.
    Streams = "streams", "";
    /// Tries to sign in.
    SignIns = "sign_ins", "sign_in.tries_max";
    /// Those who would wait to sign in.
    SignInQueue = "sign_in_queue", "sign_in.waiting_max";
    /// Listings of one account at a time.
    Listings = "listings", "images.listings_max, images.listings_each_max";
    /// Statements that took too long.
    SlowQueries = "slow_queries", "images.listing_secs";
    /// Requests that found the database away.
    DatabaseAway = "database_away", "";
    /// What would be stored, while the disk is full.
    Disk = "disk", "room.floor_bytes";
}

struct Count {
    times: AtomicU64,
    /// Of `times`, those the log has spoken of.
    told: AtomicU64,
    /// Seconds after the start of the process from which on the log may speak again.
    quiet_until: AtomicU64,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Count {
    const fn new() -> Self {
        Self { times: AtomicU64::new(0), told: AtomicU64::new(0), quiet_until: AtomicU64::new(0) }
    }
}

impl Limit {
    /// Notes that somebody was turned away.
    pub fn reached(self) {
        self.note(None);
    }

    /// The same, with the cause for the log.
    pub fn reached_by(self, cause: &dyn std::fmt::Display) {
        self.note(Some(cause));
    }

    fn note(self, cause: Option<&dyn std::fmt::Display>) {
        let count = &COUNTS[self as usize];
        let times = count.times.fetch_add(1, Ordering::Relaxed) + 1;
        let now = START.elapsed().as_secs();
        let quiet_until = count.quiet_until.load(Ordering::Relaxed);
        let speaks = now >= quiet_until
            && count
                .quiet_until
                .compare_exchange(
                    quiet_until,
                    now + LOG_EVERY_SECS,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok();
        if speaks {
            let since_last = times - count.told.swap(times, Ordering::Relaxed).min(times);
            let (limit, settings) = (self.name(), self.settings());
            let cause = cause.map(tracing::field::display);
            tracing::warn!(limit, settings, times = since_last, cause, "a limit was reached");
        }
    }

    /// How often it was reached since the process started.
    pub fn times(self) -> u64 {
        COUNTS[self as usize].times.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_settings_exist() {
        let defaults = toml::Table::try_from(crate::config::Config::default()).unwrap();
        for (position, limit) in Limit::ALL.iter().enumerate() {
            assert_eq!(*limit as usize, position);
            let same = Limit::ALL.iter().filter(|other| other.name() == limit.name());
            assert_eq!(same.count(), 1, "{limit:?}");
            for setting in limit.settings().split(", ").filter(|setting| !setting.is_empty()) {
                let (section, key) = setting.split_once('.').unwrap();
                assert!(defaults[section].get(key).is_some(), "{setting}");
            }
        }
    }

    #[test]
    fn every_time_is_counted() {
        let before = Limit::SlowSenders.times();
        Limit::SlowSenders.reached();
        Limit::SlowSenders.reached();
        assert!(Limit::SlowSenders.times() >= before + 2);
    }
}
