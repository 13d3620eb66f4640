//! A place for each connection, and one look at all of them several times a second.
//!
//! At a bound the connection that has been silent longest makes room for the newcomer: one without a request, or
//! else one that keeps us waiting for the rest of its request. One whose request is worked on, or whose answer
//! goes out, is not silent. Only when all are busy is the newcomer turned away.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::AbortHandle;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::config::HttpConfig;
use super::connection::Connection;
use super::network::{Network, any_contains};
use super::peer::network;
use crate::limits::Limit;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A connection that was told to end does so at once, unless the machine has no time.
const GONE_WITHIN: Duration = Duration::from_millis(200);
const ROOM_TRIES: u32 = 5;
/// Whoever sends may pause for so long when others want in.
const PAUSE: Duration = Duration::from_secs(1);

/// All connections of this process.
pub struct Connections {
    pub(super) config: HttpConfig,
    proxies: Vec<Network>,
    table: Mutex<Table>,
    /// Told whenever one has ended.
    left: Notify,
}

#[derive(Default)]
struct Table {
    last: u64,
    open: BTreeMap<u64, Arc<Connection>>,
    of_network: HashMap<IpAddr, usize>,
}

/// What a connection does when there is no room for another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doing {
    Nothing,
    /// It has begun requests and keeps us waiting for the rest of them.
    Sending,
    Busy,
}

/// What is known of a connection when there is no room for another.
struct Seat {
    id: u64,
    doing: Doing,
    heard: Instant,
}

/// Who makes room, if anybody can.
fn silent_longest(seats: impl Iterator<Item = Seat>, now: Instant) -> Option<u64> {
    let silent = seats.filter(|seat| match seat.doing {
        Doing::Nothing => true,
        Doing::Sending => now.saturating_duration_since(seat.heard) >= PAUSE,
        Doing::Busy => false,
    });
    silent.min_by_key(|seat| (seat.doing, seat.heard, seat.id)).map(|seat| seat.id)
}

/// A connection's place, until its task is over.
pub(super) struct ConnectionPlace {
    id: u64,
    pub(super) connection: Arc<Connection>,
    connections: Arc<Connections>,
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.connection.ended();
        // It stays a little, until its last answer is known to be received.
        if !self.connection.awaits_receipts() {
            self.connections.remove(self.id);
        }
    }
}

/// A connection, and its number in the table.
type Numbered = (u64, Arc<Connection>);

impl Connections {
    pub fn new(config: HttpConfig, proxies: Vec<Network>) -> Arc<Self> {
        Arc::new(Self { config, proxies, table: Mutex::default(), left: Notify::new() })
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().expect("nobody panics holding it")
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.table().open.len()
    }

    /// How many may be.
    pub fn most(&self) -> usize {
        self.config.connections_max
    }

    /// Takes a connection in, or hands it back.
    pub(super) async fn admit(
        self: &Arc<Self>,
        stream: TcpStream,
        address: IpAddr,
        carrier: AbortHandle,
        leave: CancellationToken,
    ) -> Result<ConnectionPlace, TcpStream> {
        let address = address.to_canonical();
        let network = (!any_contains(&self.proxies, address)).then(|| network(address));
        for _ in 0..ROOM_TRIES {
            // Before looking: one may leave in between.
            let left = self.left.notified();
            let Some((limit, silent)) = self.in_the_way(network) else {
                let connection = Arc::new(Connection::new(stream, network, carrier, leave));
                return Ok(self.seat(connection));
            };
            limit.reached();
            let Some((id, silent)) = silent else { return Err(stream) };
            silent.give_up();
            // One whose task is over only waited for receipts.
            if !silent.look(&self.config, Duration::ZERO) {
                self.remove(id);
            }
            let _ = tokio::time::timeout(GONE_WITHIN, left).await;
        }
        Err(stream)
    }

    /// The bound that is reached, and the one that can go for the newcomer if there is one.
    fn in_the_way(&self, network: Option<IpAddr>) -> Option<(Limit, Option<Numbered>)> {
        let table = self.table();
        let of_network = network.and_then(|network| table.of_network.get(&network));
        let is_each_full = of_network.is_some_and(|&open| open >= self.config.connections_each_max);
        if !is_each_full && table.open.len() < self.config.connections_max {
            return None;
        }
        let in_the_way =
            table.open.iter().filter(|(_, one)| !is_each_full || one.network == network);
        let seats = in_the_way.map(|(&id, one)| {
            let doing = match (one.is_busy(), one.awaits_caller()) {
                (false, _) => Doing::Nothing,
                (true, true) => Doing::Sending,
                (true, false) => Doing::Busy,
            };
            Seat { id, doing, heard: one.last_heard() }
        });
        let silent = silent_longest(seats, Instant::now());
        let limit = if is_each_full { Limit::ConnectionsEach } else { Limit::Connections };
        Some((limit, silent.map(|id| (id, table.open[&id].clone()))))
    }

    fn seat(self: &Arc<Self>, connection: Arc<Connection>) -> ConnectionPlace {
        let mut table = self.table();
        table.last += 1;
        let id = table.last;
        table.open.insert(id, connection.clone());
        if let Some(network) = connection.network {
            *table.of_network.entry(network).or_default() += 1;
        }
        ConnectionPlace { id, connection, connections: self.clone() }
    }

    fn remove(&self, id: u64) {
        let mut table = self.table();
        if let Some(gone) = table.open.remove(&id)
            && let Some(network) = gone.network
            && let Some(open) = table.of_network.get_mut(&network)
        {
            *open -= 1;
            if *open == 0 {
                table.of_network.remove(&network);
            }
        }
        drop(table);
        self.left.notify_one();
    }

    /// Looks after all connections until it is dropped.
    pub(super) async fn look_after(&self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut last = Instant::now();
        loop {
            ticks.tick().await;
            let elapsed = last.elapsed();
            last += elapsed;
            let all =
                self.table().open.iter().map(|(&id, one)| (id, one.clone())).collect::<Vec<_>>();
            for (id, connection) in all {
                if !connection.look(&self.config, elapsed) {
                    self.remove(id);
                }
            }
        }
    }

    /// Returns once none is open.
    pub(super) async fn all_left(&self) {
        loop {
            let left = self.left.notified();
            if self.open() == 0 {
                return;
            }
            left.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_silent_longest_makes_room() {
        use Doing::{Busy, Nothing, Sending};
        let start = Instant::now();
        for (what, seats, expected) in [
            ("nobody", &[][..], None),
            ("all are busy", &[(1, Busy, 0), (2, Busy, 5)], None),
            ("the only silent one", &[(1, Busy, 0), (2, Nothing, 5)], Some(2)),
            ("the longest", &[(1, Nothing, 9), (2, Nothing, 5), (3, Nothing, 7)], Some(2)),
            ("the older of two", &[(2, Nothing, 5), (1, Nothing, 5)], Some(1)),
            ("who keeps us waiting", &[(1, Busy, 0), (2, Sending, 8), (3, Sending, 5)], Some(3)),
            ("nobody who only pauses", &[(1, Busy, 0), (2, Sending, 10)], None),
            ("rather one without a request", &[(1, Sending, 0), (2, Nothing, 9)], Some(2)),
        ] {
            let seats = seats.iter().map(|&(id, doing, secs)| Seat {
                id,
                doing,
                heard: start + Duration::from_secs(secs),
            });
            let now = start + Duration::from_secs(10);
            assert_eq!(silent_longest(seats, now), expected, "{what}");
        }
    }
}
