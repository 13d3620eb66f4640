//! How many files and connections this process may have open, and what they are for.
//!
//! The service's own come first: without the database, the children and the files of uploads nobody can be
//! served, however many are connected.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// The runtime's, the log, the listener, locks, folders being synced.
const OWN: usize = 48;
/// SQLite's file, its log and its index. PostgreSQL takes one.
const OF_DATABASE_CONNECTION: usize = 3;
/// The child's pipes, and the files of the jobs in hand.
const OF_WORKER: usize = 8;
/// Fewer than that help nobody.
const LEAST: usize = 8;

/// Takes as many as the system allows, and shares them out: what is not the service's own goes to
/// connections, to files being sent, and to files coming in, one third each.
pub(super) fn share_out(config: &mut Config) {
    let allowed = raise();
    let third = third_of(allowed, config.database.connections as usize, config.worker_count());
    let connections = &mut config.http.connections_max;
    if *connections > third {
        tracing::warn!(
            open_files = allowed,
            connections = third,
            "the system allows few open files: there is room for fewer connections than set"
        );
        *connections = third;
        // One address alone does not fill what is left.
        let each = &mut config.http.connections_each_max;
        *each = (*each).min(third.div_ceil(2));
    }
    config.blobs.open_max = config.blobs.open_max.min(third);
}

fn third_of(allowed: usize, database_connections: usize, workers: usize) -> usize {
    let own = OWN + OF_DATABASE_CONNECTION * database_connections + OF_WORKER * workers;
    (allowed.saturating_sub(own) / 3).max(LEAST)
}

/// Raises the soft limit to the hard one.
fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let allowed = if setrlimit(Resource::Nofile, raised).is_ok() { maximum } else { current };
    allowed.map_or(usize::MAX, |allowed| allowed as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_own_come_first() {
        for (allowed, database_connections, workers, expected) in [
            (usize::MAX, 16, 8, (usize::MAX - 160) / 3),
            (20_000, 16, 8, 6613),
            (256, 16, 2, 48),
            (64, 16, 2, LEAST),
        ] {
            let third = third_of(allowed, database_connections, workers);
            assert_eq!(third, expected, "{allowed}");
        }
    }
}
