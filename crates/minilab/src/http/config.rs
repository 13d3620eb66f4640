//! `[http]`: who may be connected, and how slowly somebody may read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pace::Pace;

/// `[http]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Connections at the same time. Fewer, where the process may not open that many files.
    pub connections_max: usize,
    /// Connections of one address at the same time; of IPv6, of one /64. `proxies` are exempt.
    pub connections_each_max: usize,
    /// Requests at the same time on one HTTP/2 connection.
    pub streams_max: u32,
    /// Seconds in which the first request must begin.
    pub first_request_secs: u64,
    /// Seconds without a request after which a connection is closed.
    pub keep_alive_secs: u64,
    /// Seconds without a byte taken after which a reader is given up.
    pub idle_secs: u64,
    /// Bytes a second that a reader must reach on average, once `idle_secs` were waited for.
    pub rate_min: u64,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            connections_each_max: 1024,
            streams_max: 100,
            first_request_secs: 10,
            keep_alive_secs: 60,
            idle_secs: 30,
            rate_min: 4096,
        }
    }
}

impl HttpConfig {
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let counts = [
            ("connections_max", self.connections_max as u64),
            ("connections_each_max", self.connections_each_max as u64),
            ("streams_max", u64::from(self.streams_max)),
            ("rate_min", self.rate_min),
        ];
        for (key, _) in counts.iter().filter(|(_, count)| *count == 0) {
            problems.push(format!("http.{key}: starts at 1"));
        }
        for (key, secs) in [
            ("first_request_secs", self.first_request_secs),
            ("keep_alive_secs", self.keep_alive_secs),
            ("idle_secs", self.idle_secs),
        ] {
            if !(1..=3600).contains(&secs) {
                problems.push(format!("http.{key}: must be between 1 and 3600"));
            }
        }
        problems
    }

    pub(super) fn pace(&self) -> Pace {
        Pace { idle: Duration::from_secs(self.idle_secs), rate_min: self.rate_min }
    }
}
