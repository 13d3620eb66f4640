//! How often somebody may try to sign in, and who may wait for it.
//!
//! What is remembered of a try has one size, whatever was sent, and there is a bound on how much of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::http::code::Code;
use crate::http::{Problem, peer};
use crate::limits::Limit;
use crate::shares::{Bounds, SharePlace, Shares};

/// Tries at once, and how long until the next one is given back.
#[derive(Clone, Copy)]
struct Quota(u32, Duration);

/// `[sign_in]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct SignInConfig {
    /// Tries at one account from one network; after them one more every 10 s. A network has ten times as many
    /// for all accounts, an account twenty times as many from everywhere.
    pub tries_max: u32,
    /// Who may wait for a password to be computed; one network has a part of these places.
    pub waiting_max: usize,
}

impl Default for SignInConfig {
    fn default() -> Self {
        Self { tries_max: 10, waiting_max: 64 }
    }
}

impl SignInConfig {
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !(1..=1000).contains(&self.tries_max) {
            problems.push("sign_in.tries_max: must be 1 to 1000".to_owned());
        }
        if !(4..=4096).contains(&self.waiting_max) {
            problems.push("sign_in.waiting_max: must be 4 to 4096".to_owned());
        }
        problems
    }
}

/// How many tries a holder has.
#[derive(Clone, Copy)]
struct Quotas {
    of_account_from_network: Quota,
    from_network: Quota,
    /// Of all networks that one customer of a provider may have.
    from_site: Quota,
    /// Wide, so that a stranger cannot easily lock somebody out; but all addresses together end here.
    of_account: Quota,
}

impl Quotas {
    const fn new(tries_max: u32) -> Self {
        Self {
            of_account_from_network: Quota(tries_max, Duration::from_secs(10)),
            from_network: Quota(10 * tries_max, Duration::from_secs(1)),
            from_site: Quota(40 * tries_max, Duration::from_millis(250)),
            of_account: Quota(20 * tries_max, Duration::from_secs(2)),
        }
    }
}

/// Holders that are remembered, some 64 bytes each. Beyond, those with the most tries left are forgotten.
const HOLDERS_MAX: usize = 65_536;

/// Computing a password takes 20 ms and 19 MiB: two at a time, one of them for one network.
const TURNS: Bounds = Bounds { all: 2, each: 1, queue: 8 };
const PATIENCE: Duration = Duration::from_secs(10);

/// Who forgot to sign in correctly is remembered by nobody but this process.
#[derive(Clone)]
pub struct Throttle {
    tries: Arc<Mutex<Tries>>,
    seats: Shares<IpAddr>,
    turns: Shares<IpAddr>,
}

/// Leave to compute a password, until it is dropped.
pub struct SignInTurn {
    _seat: SharePlace<IpAddr>,
    _turn: SharePlace<IpAddr>,
}

impl Throttle {
    pub fn new(config: &SignInConfig) -> Self {
        let quotas = Quotas::new(config.tries_max);
        let tries = Tries { quotas, salt: rand::random(), full_at: HashMap::new() };
        // All who compute or wait to; a site has a part of it.
        let seats = Bounds { all: config.waiting_max, each: config.waiting_max * 3 / 8, queue: 0 };
        let (seats, turns) = (Shares::new(seats), Shares::new(TURNS));
        Self { tries: Arc::new(Mutex::new(tries)), seats, turns }
    }

    /// Counts a try; refuses it when there were too many.
    pub fn count(&self, account: &str, address: IpAddr) -> Result<(), Problem> {
        let now = Instant::now();
        let Err(wait) =
            self.tries.lock().expect("nobody panics holding it").take(account, address, now)
        else {
            return Ok(());
        };
        let secs = wait.as_secs_f64().ceil().max(1.0) as u32;
        let detail = format!("too many tries to sign in; come again in {secs} s");
        Err(Problem::reached(Limit::SignIns, Code::TooManyTries, detail, secs))
    }

    /// Waits for leave to compute a password. Who goes away gives its place to the next.
    pub async fn turn(&self, address: IpAddr) -> Result<SignInTurn, Problem> {
        let full = |_| {
            let detail = "too many are signing in at this moment; come again soon";
            Problem::reached(Limit::SignInQueue, Code::TooManySignIns, detail, 2)
        };
        let seat = self.seats.try_take(peer::site(address)).map_err(full)?;
        let turn = self.turns.take(peer::network(address), PATIENCE).await.map_err(full)?;
        Ok(SignInTurn { _seat: seat, _turn: turn })
    }

    /// Forgets those who have all their tries again.
    pub fn tidy(&self) {
        self.tries.lock().expect("nobody panics holding it").tidy(Instant::now());
    }
}

/// A holder's name, hashed: strangers choose how long names are.
type HashedName = [u8; 16];

struct Tries {
    quotas: Quotas,
    /// Makes the hashes unknown to those who would collide.
    salt: [u8; 32],
    /// When each will have all its tries again.
    full_at: HashMap<HashedName, Instant>,
}

impl Tries {
    /// Takes a try of everybody concerned, the widest first. At the first that has none left it ends: what
    /// is refused adds nothing to remember.
    fn take(&mut self, account: &str, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let (site, network) = (peer::site(address), peer::network(address));
        let (of_site, at) = (site.to_string(), network.to_string());
        let holders = [
            (self.quotas.from_site, ["site", &of_site, ""]),
            (self.quotas.from_network, ["network", &at, ""]),
            (self.quotas.of_account_from_network, ["both", &at, account]),
            (self.quotas.of_account, ["account", "", account]),
        ];
        for (quota, name) in holders {
            // An address of the old kind is all its site has.
            if name[0] != "site" || site != network {
                self.take_one(quota, name, now)?;
            }
        }
        Ok(())
    }

    fn take_one(&mut self, quota: Quota, name: [&str; 3], now: Instant) -> Result<(), Duration> {
        let holder = self.holder(name);
        let Quota(tries, period) = quota;
        let full_at = self.full_at.get(&holder).copied().unwrap_or(now).max(now) + period;
        let latest = now + period * tries;
        if full_at > latest {
            return Err(full_at - latest);
        }
        if self.full_at.len() >= HOLDERS_MAX && !self.full_at.contains_key(&holder) {
            self.make_room(now);
        }
        self.full_at.insert(holder, full_at);
        Ok(())
    }

    fn holder(&self, name: [&str; 3]) -> HashedName {
        let mut hasher = blake3::Hasher::new_keyed(&self.salt);
        for part in name {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        let mut holder = HashedName::default();
        holder.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        holder
    }

    fn tidy(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        self.full_at.shrink_to(HOLDERS_MAX / 16);
    }

    /// Half of the room, at the cost of those who lose least by it.
    fn make_room(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() < HOLDERS_MAX / 2 {
            return;
        }
        let mut moments = self.full_at.values().copied().collect::<Vec<_>>();
        let middle = moments.len() / 2;
        let (_, middle, _) = moments.select_nth_unstable(middle);
        let middle = *middle;
        self.full_at.retain(|_, full_at| *full_at > middle);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn too_many_tries_from_one_address_do_not_lock_out_another() {
        let throttle = Throttle::new(&SignInConfig::default());
        for (stranger, friend) in [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8:0:1::1")] {
            let (stranger, friend) = (ip(stranger), ip(friend));
            let refused = (0..11).find_map(|_| throttle.count("ada", stranger).err()).unwrap();
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
            assert!((1..=10).contains(&refused.retry_after_secs.unwrap()));
            assert!(throttle.count("ada", friend).is_ok());
            assert!(throttle.count("bob", stranger).is_ok());
        }
    }

    #[test]
    fn many_names_from_one_network_end_as_well() {
        for address in ["10.0.0.1", "2001:db8::"] {
            let throttle = Throttle::new(&SignInConfig::default());
            let from = |n: u32| match ip(address) {
                IpAddr::V4(address) => IpAddr::V4(address),
                IpAddr::V6(network) => {
                    IpAddr::V6(std::net::Ipv6Addr::from_bits(network.to_bits() | u128::from(n)))
                }
            };
            let counted =
                (0..200).take_while(|n| throttle.count(&n.to_string(), from(*n)).is_ok()).count();
            assert!((100..110).contains(&counted), "{address}: {counted}");
        }
    }

    #[test]
    fn many_networks_of_one_site_end_as_well() {
        let throttle = Throttle::new(&SignInConfig::default());
        let from =
            |n: u128| IpAddr::V6(std::net::Ipv6Addr::from_bits((0x2001_0db8 << 96) | (n << 64)));
        let counted = (0..2000).take_while(|n| throttle.count(&n.to_string(), from(*n)).is_ok());
        assert!((400..420).contains(&counted.count()));
        assert!(throttle.count("ada", ip("2001:db9::1")).is_ok());
    }

    #[test]
    fn what_is_refused_is_not_remembered_and_the_rest_has_a_bound() {
        let throttle = Throttle::new(&SignInConfig::default());
        let held = || throttle.tries.lock().unwrap().full_at.len();
        for n in 0..5000 {
            let _ = throttle.count(&format!("{n}{}", "猫".repeat(5000)), ip("10.0.0.1"));
        }
        assert!(held() < 250, "{}", held());
        let (mut tries, now) = (throttle.tries.lock().unwrap(), Instant::now());
        for n in 0..100_000_u32 {
            let _ = tries.take("ada", IpAddr::from(n.to_be_bytes()), now);
            let _ = tries.take(&n.to_string(), IpAddr::from(n.to_be_bytes()), now);
            assert!(tries.full_at.len() <= HOLDERS_MAX);
        }
        // Who tried most is remembered longest.
        assert!(tries.take("bob", ip("10.0.0.1"), now).is_err());
        tries.tidy(now + Duration::from_hours(1));
        assert!(tries.full_at.is_empty());
    }

    #[tokio::test]
    async fn one_network_leaves_turns_and_seats_to_others() {
        let throttle = Throttle::new(&SignInConfig::default());
        let all = |n: u32, address: IpAddr| {
            let throttle = throttle.clone();
            (0..n).map(move |_| {
                let throttle = throttle.clone();
                Box::pin(async move { throttle.turn(address).await })
            })
        };
        let mut stranger = all(30, ip("2001:db8::1")).collect::<Vec<_>>();
        let mut outcomes = Vec::new();
        for asked in &mut stranger {
            outcomes.push(futures_util::poll!(asked));
        }
        let refused = outcomes.iter().filter(|o| matches!(o, std::task::Poll::Ready(Err(_))));
        assert_eq!(refused.count(), 30 - 9);
        let friend = throttle.turn(ip("2001:db8:0:1::1")).await;
        assert!(friend.is_ok());
        // Who hangs up leaves nothing behind.
        drop((stranger, outcomes, friend));
        assert_eq!((throttle.seats.holders(), throttle.turns.holders()), (0, 0));
    }
}
