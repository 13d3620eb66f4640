//! The cache by itself: what a key tells apart, one load for many, a budget that holds.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::join_all;
use minilab::cache::{Cache, CacheConfig, CacheKey, List, Tenant, What};
use tokio::sync::Notify;
use uuid::Uuid;

fn cache(bytes: u64) -> Cache {
    Cache::new(&CacheConfig { bytes })
}

fn bytes_key(number: u32) -> CacheKey {
    let mut tag = [0; 16];
    tag[..4].copy_from_slice(&number.to_be_bytes());
    CacheKey { tenant: Tenant::Account(Uuid::from_u128(1).into()), what: What::Bytes { tag } }
}

/// A page's members, so that one can be changed at a time.
#[derive(Clone)]
struct Page {
    tenant: Tenant,
    list: List,
    tier: &'static str,
    generation: i64,
    version: i64,
    limit: i64,
    from: (i64, Uuid),
    skip: i64,
    filter: &'static str,
}

impl Page {
    fn key(self) -> CacheKey {
        let Self { tenant, list, generation, version, limit, from, skip, filter, .. } = self;
        let (tier, filter) = (self.tier.to_owned(), filter.to_owned());
        let what = What::Page { list, tier, generation, version, limit, from, skip, filter };
        CacheKey { tenant, what }
    }
}

/// Keys that differ from each other in one member, or in how digits fall to two neighbours.
fn all_different() -> Vec<CacheKey> {
    let id = Uuid::from_u128(1);
    let page = Page {
        tenant: Tenant::Account(id.into()),
        list: List::Images,
        tier: "1",
        generation: 1,
        version: 1,
        limit: 20,
        from: (0, Uuid::max()),
        skip: 0,
        filter: "",
    };
    let mut pages = vec![page.clone()];
    for tenant in [
        Tenant::Account(Uuid::from_u128(2).into()),
        Tenant::Link(id.into()),
        Tenant::UploadLink(id.into()),
        Tenant::Gallery(1),
        Tenant::Gallery(2),
        Tenant::Gallery(-1),
    ] {
        pages.push(Page { tenant, ..page.clone() });
    }
    for list in [List::Uploads, List::Gallery, List::EmojiGallery] {
        pages.push(Page { list, ..page.clone() });
    }
    for tier in ["", "11", "free", "FREE", "1:1", "gallery"] {
        pages.push(Page { tier, ..page.clone() });
    }
    for number in [11, 111, -1, 2, i64::MAX] {
        pages.push(Page { generation: number, ..page.clone() });
        pages.push(Page { version: number, ..page.clone() });
        pages.push(Page { limit: number, ..page.clone() });
        pages.push(Page { skip: number, ..page.clone() });
        pages.push(Page { from: (number, Uuid::max()), ..page.clone() });
    }
    pages.push(Page { from: (0, id), ..page.clone() });
    pages.push(Page { filter: "locked", ..page.clone() });
    pages.push(Page { generation: 12, version: 3, ..page.clone() });
    pages.push(Page { generation: 1, version: 23, ..page.clone() });
    pages.push(Page { limit: 1, skip: 22, ..page.clone() });
    pages.push(Page { limit: 12, skip: 2, ..page });
    let mut keys = pages.into_iter().map(Page::key).collect::<Vec<_>>();
    for number in 0..3 {
        let key = bytes_key(number);
        keys.push(CacheKey { tenant: Tenant::Link(id.into()), ..key.clone() });
        keys.push(CacheKey { tenant: Tenant::Gallery(1), ..key.clone() });
        keys.push(key);
    }
    keys
}

#[tokio::test]
async fn two_keys_are_one_only_if_every_member_is_alike() {
    let keys = all_different();
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(key, &all_different()[at], "a key is found again");
        let alike = keys.iter().filter(|other| *other == key).count();
        assert_eq!(alike, 1, "{key:?}");
    }
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    let cache = cache(1 << 20);
    for (at, key) in keys.iter().enumerate() {
        cache.put(key.clone(), Bytes::from(at.to_string())).await;
    }
    let found = cache.get_many(&all_different()).await;
    for (at, found) in found.into_iter().enumerate() {
        assert_eq!(found, Some(Bytes::from(at.to_string())), "{:?}", keys[at]);
    }
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_loads() {
    let cache = cache(1 << 20);
    let (loads, gate) = (AtomicUsize::new(0), Notify::new());
    let load = async || {
        loads.fetch_add(1, Ordering::Relaxed);
        // Until everybody has asked.
        gate.notified().await;
        Ok(Bytes::from_static(b"once"))
    };
    let asks = join_all((0..100).map(|_| cache.get_or_load(bytes_key(1), load())));
    // Polled behind the asks: all of them wait by then.
    let (answers, ()) = tokio::join!(asks, async { gate.notify_one() });
    assert!(answers.into_iter().all(|answer| answer.unwrap() == "once"));
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    assert_eq!(cache.get(&bytes_key(1)).await.unwrap(), "once");
    assert_eq!(cache.counts().misses.load(Ordering::Relaxed), 100);
    assert_eq!(cache.counts().hits.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait_and_not_kept() {
    let cache = cache(1 << 20);
    let (loads, gate) = (AtomicUsize::new(0), Notify::new());
    let load = async || {
        loads.fetch_add(1, Ordering::Relaxed);
        gate.notified().await;
        anyhow::bail!("the disk is away")
    };
    let asks = join_all((0..20).map(|_| cache.get_or_load(bytes_key(1), load())));
    let (answers, ()) = tokio::join!(asks, async { gate.notify_one() });
    for answer in answers {
        assert!(format!("{:#}", answer.unwrap_err()).contains("the disk is away"));
    }
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    let now = cache.get_or_load(bytes_key(1), async { Ok(Bytes::from_static(b"back")) });
    assert_eq!(now.await.unwrap(), "back");
}

#[tokio::test]
async fn who_loads_may_hang_up_and_the_others_still_get_it() {
    let cache = cache(1 << 20);
    let gate = Notify::new();
    let never = async {
        gate.notified().await;
        Ok(Bytes::from_static(b"late"))
    };
    // Dropped while it loads, as when a browser goes away.
    let mut first = Box::pin(cache.get_or_load(bytes_key(1), never));
    assert!((&mut first).now_or_never().is_none());
    let second = cache.get_or_load(bytes_key(1), async { Ok(Bytes::from_static(b"mine")) });
    let hang_up = async move { drop(first) };
    let (second, ()) = tokio::join!(second, hang_up);
    assert_eq!(second.unwrap(), "mine");
}

#[tokio::test]
async fn the_budget_holds_and_what_makes_room_is_counted() {
    const BUDGET: u64 = 20_000;
    const ENTRIES: u32 = 200;
    let cache = cache(BUDGET);
    for number in 0..ENTRIES {
        cache.put(bytes_key(number), Bytes::from(vec![7; 1000])).await;
        cache.settle().await;
        assert!(cache.bytes() <= BUDGET, "{} after {number}", cache.bytes());
    }
    let keys = (0..ENTRIES).map(bytes_key).collect::<Vec<_>>();
    let kept = cache.get_many(&keys).await.into_iter().flatten().count() as u64;
    assert!((1..=20).contains(&kept), "{kept}");
    assert!(cache.bytes() >= kept * 1000, "the bytes themselves are counted");
    assert_eq!(cache.counts().evictions.load(Ordering::Relaxed), u64::from(ENTRIES) - kept);
    assert_eq!(cache.counts().hits.load(Ordering::Relaxed), kept);
    assert_eq!(cache.counts().misses.load(Ordering::Relaxed), u64::from(ENTRIES) - kept);
}

#[tokio::test]
async fn the_texts_of_a_key_are_weighed() {
    let cache = cache(100_000);
    for number in 0..100 {
        let key = |filter: String| CacheKey {
            tenant: Tenant::Account(Uuid::from_u128(number).into()),
            what: What::Page {
                list: List::Images,
                tier: "free".to_owned(),
                generation: 1,
                version: 1,
                limit: 20,
                from: (0, Uuid::max()),
                skip: 0,
                filter,
            },
        };
        cache.put(key("f".repeat(10_000)), Bytes::from_static(b"x")).await;
        cache.settle().await;
        assert!(cache.bytes() <= 100_000);
    }
    assert!(cache.counts().evictions.load(Ordering::Relaxed) >= 90);
}

#[tokio::test]
async fn a_cache_of_no_bytes_keeps_nothing_and_works() {
    let cache = cache(0);
    let loads = AtomicUsize::new(0);
    for _ in 0..3 {
        let load = async {
            loads.fetch_add(1, Ordering::Relaxed);
            Ok(Bytes::from_static(b"fresh"))
        };
        assert_eq!(cache.get_or_load(bytes_key(1), load).await.unwrap(), "fresh");
    }
    assert_eq!(loads.load(Ordering::Relaxed), 3);
    cache.put(bytes_key(2), Bytes::from_static(b"x")).await;
    cache.settle().await;
    assert_eq!((cache.get(&bytes_key(2)).await, cache.bytes()), (None, 0));
}

#[test]
fn large_bodies_are_left_to_the_system() {
    for (bytes, takes) in [(0, true), (256 << 10, true), ((256 << 10) + 1, false), (1 << 40, false)]
    {
        assert_eq!(Cache::takes(bytes), takes, "{bytes}");
    }
}
