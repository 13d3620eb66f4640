//! Places that many want: so many in all, so many for one holder, and a bounded queue behind them.
//!
//! What one account, address or key asks for costs the others little: whoever holds its share waits for
//! its own places, not for those of others.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many places there are.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// For all holders together.
    pub all: usize,
    /// For one holder.
    pub each: usize,
    /// One holder's requests that may wait for a place; more are refused at once.
    pub queue: usize,
}

/// Hands out places. A clone hands out the same ones.
#[derive(Clone)]
pub struct Shares<K: Eq + Hash + Clone> {
    bounds: Bounds,
    all: Arc<Semaphore>,
    holders: Arc<Mutex<HashMap<K, ShareHolder>>>,
}

struct ShareHolder {
    places: Arc<Semaphore>,
    /// Who has a place or waits for one: with the last of them the holder is forgotten.
    users: usize,
}

/// A place, until it is dropped.
pub struct SharePlace<K: Eq + Hash + Clone> {
    _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    _user: User<K>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// This holder has its share, and enough wait for more.
    Each,
    /// All places are taken.
    All,
}

struct User<K: Eq + Hash + Clone> {
    key: K,
    holders: Arc<Mutex<HashMap<K, ShareHolder>>>,
}

impl<K: Eq + Hash + Clone> Drop for User<K> {
    fn drop(&mut self) {
        let mut holders = self.holders.lock().expect("nobody panics holding it");
        let holder = holders.get_mut(&self.key).expect("it has this user");
        holder.users -= 1;
        if holder.users == 0 {
            holders.remove(&self.key);
        }
    }
}

impl<K: Eq + Hash + Clone> Shares<K> {
    pub fn new(bounds: Bounds) -> Self {
        let all = Arc::new(Semaphore::new(bounds.all));
        Self { bounds, all, holders: Arc::default() }
    }

    /// A place if one is free now.
    pub fn try_take(&self, key: K) -> Result<SharePlace<K>, Full> {
        let (user, places) = self.enter(key, 0)?;
        let of_holder = places.try_acquire_owned().map_err(|_| Full::Each)?;
        let of_all = self.all.clone().try_acquire_owned().map_err(|_| Full::All)?;
        Ok(SharePlace { _permits: (of_holder, of_all), _user: user })
    }

    /// A place as soon as one is free, in the order of asking; not later than after `patience`.
    pub async fn take(&self, key: K, patience: Duration) -> Result<SharePlace<K>, Full> {
        let (user, places) = self.enter(key, self.bounds.queue)?;
        // One's own share first: who waits for it takes nothing from the others.
        let deadline = tokio::time::Instant::now() + patience;
        let of_holder = tokio::time::timeout_at(deadline, places.acquire_owned()).await;
        let of_holder = of_holder.map_err(|_| Full::Each)?.expect("never closed");
        let of_all = tokio::time::timeout_at(deadline, self.all.clone().acquire_owned()).await;
        let of_all = of_all.map_err(|_| Full::All)?.expect("never closed");
        Ok(SharePlace { _permits: (of_holder, of_all), _user: user })
    }

    /// Places that nobody has.
    pub fn free(&self) -> usize {
        self.all.available_permits()
    }

    /// How many holders have a place or wait for one.
    pub fn holders(&self) -> usize {
        self.holders.lock().expect("nobody panics holding it").len()
    }

    fn enter(&self, key: K, queue: usize) -> Result<(User<K>, Arc<Semaphore>), Full> {
        let mut holders = self.holders.lock().expect("nobody panics holding it");
        let each = self.bounds.each;
        let users = holders.get(&key).map_or(0, |holder| holder.users);
        if users >= each.saturating_add(queue) {
            return Err(Full::Each);
        }
        let holder = holders
            .entry(key.clone())
            .or_insert_with(|| ShareHolder { places: Arc::new(Semaphore::new(each)), users: 0 });
        holder.users += 1;
        let places = holder.places.clone();
        Ok((User { key, holders: self.holders.clone() }, places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn shares(all: usize, each: usize, queue: usize) -> Shares<&'static str> {
        Shares::new(Bounds { all, each, queue })
    }

    #[test]
    fn one_holder_gets_its_share_and_others_still_find_room() {
        let shares = shares(3, 2, 0);
        let held = [shares.try_take("ada"), shares.try_take("ada")];
        assert_eq!(shares.try_take("ada").err(), Some(Full::Each));
        let bob = shares.try_take("bob");
        assert!(held.iter().chain([&bob]).all(Result::is_ok));
        assert_eq!(shares.try_take("eve").err(), Some(Full::All));
        drop(held);
        assert!(shares.try_take("eve").is_ok());
        drop(bob);
        assert_eq!(shares.holders(), 0);
    }

    #[tokio::test]
    async fn who_waits_gets_the_next_place_and_the_queue_has_an_end() {
        let shares = shares(8, 1, 1);
        let first = shares.take("ada", SOON).await.ok().unwrap();
        let second = shares.take("ada", SOON);
        let mut second = Box::pin(second);
        assert!(futures_util::poll!(&mut second).is_pending());
        assert_eq!(shares.take("ada", SOON).await.err(), Some(Full::Each));
        assert!(shares.take("bob", Duration::ZERO).await.is_ok());
        drop(first);
        assert!(second.await.is_ok());
        assert_eq!(shares.holders(), 0);
    }

    #[tokio::test]
    async fn patience_ends() {
        let shares = shares(1, 1, 5);
        let held = shares.try_take("ada").ok().unwrap();
        assert_eq!(shares.take("ada", Duration::ZERO).await.err(), Some(Full::Each));
        assert_eq!(shares.take("bob", Duration::ZERO).await.err(), Some(Full::All));
        drop(held);
        assert_eq!(shares.holders(), 0);
    }
}
