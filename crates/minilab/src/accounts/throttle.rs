//! How often somebody may try to sign in.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::http::Problem;
use crate::limits::Limit;

/// Tries at once, and how long until the next one is given back.
const OF_ACCOUNT_FROM_ADDRESS: (u32, Duration) = (10, Duration::from_secs(10));
const FROM_ADDRESS: (u32, Duration) = (100, Duration::from_secs(1));
/// Wide, so that a stranger cannot easily lock somebody out; but all addresses together end here.
const OF_ACCOUNT: (u32, Duration) = (200, Duration::from_secs(2));

/// Who forgot to sign in correctly is remembered by nobody but this process.
#[derive(Clone)]
pub struct Throttle {
    of_account_from_address: Arc<DefaultKeyedRateLimiter<(String, IpAddr)>>,
    from_address: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    of_account: Arc<DefaultKeyedRateLimiter<String>>,
}

fn quota((tries, given_back): (u32, Duration)) -> Quota {
    let tries = NonZeroU32::new(tries).expect("not zero above");
    Quota::with_period(given_back).expect("not zero above").allow_burst(tries)
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            of_account_from_address: Arc::new(RateLimiter::keyed(quota(OF_ACCOUNT_FROM_ADDRESS))),
            from_address: Arc::new(RateLimiter::keyed(quota(FROM_ADDRESS))),
            of_account: Arc::new(RateLimiter::keyed(quota(OF_ACCOUNT))),
        }
    }
}

impl Throttle {
    /// Counts a try; refuses it when there were too many.
    pub fn count(&self, account: &str, address: IpAddr) -> Result<(), Problem> {
        // Names that no account can have need not be remembered.
        let account = account.chars().take(64).collect::<String>();
        let now = DefaultClock::default().now();
        let waits = [
            self.from_address.check_key(&address).err(),
            self.of_account_from_address.check_key(&(account.clone(), address)).err(),
            self.of_account.check_key(&account).err(),
        ];
        let longest =
            waits.into_iter().flatten().map(|not_until| not_until.wait_time_from(now)).max();
        let Some(wait) = longest else { return Ok(()) };
        let secs = wait.as_secs_f64().ceil().max(1.0) as u32;
        let detail = format!("too many tries to sign in; come again in {secs} s");
        let status = StatusCode::TOO_MANY_REQUESTS;
        Err(Problem::reached(Limit::SignIns, status, "too_many_tries", detail, secs))
    }

    /// Forgets those who have all their tries again.
    pub fn tidy(&self) {
        self.of_account_from_address.retain_recent();
        self.from_address.retain_recent();
        self.of_account.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_tries_from_one_address_do_not_lock_out_another() {
        let throttle = Throttle::default();
        let [stranger, friend] = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
        let refused = (0..11).find_map(|_| throttle.count("ada", stranger).err()).unwrap();
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!((1..=10).contains(&refused.retry_after_secs.unwrap()));
        assert!(throttle.count("ada", friend).is_ok());
        assert!(throttle.count("bob", stranger).is_ok());
    }

    #[test]
    fn many_names_from_one_address_end_as_well() {
        let throttle = Throttle::default();
        let address = IpAddr::from([10, 0, 0, 1]);
        let counted = (0..200).take_while(|n| throttle.count(&n.to_string(), address).is_ok());
        assert!((100..110).contains(&counted.count()));
    }
}
