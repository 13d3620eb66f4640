//! Hot bytes in memory: small prints and list pages, under one budget.
//!
//! A key is a value with its tenant in it, compared as a whole and never written out as text: no two
//! callers can meet in one. What is asked for many times at once is loaded once.

mod key;

pub use key::{CacheKey, List, Tenant, What};

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use moka::Expiry;
use moka::future::Cache as Moka;
use moka::notification::RemovalCause;
use serde::{Deserialize, Serialize};

/// A page of a list lives so long; a change of the list makes another key at once.
pub const PAGE_LIFE: Duration = Duration::from_secs(5);
/// What a key without its texts, and its place, take beside the bytes, about.
const ENTRY_BYTES: usize = 512;
/// Larger bodies are left to the system's own cache of files.
const BODY_BYTES_MAX: u64 = 256 * 1024;

/// `[cache]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// Bytes of memory for prints and list pages; 0 keeps nothing.
    pub bytes: u64,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { bytes: 64 << 20 }
    }
}

/// What happened so far, since the process started.
#[derive(Debug, Default)]
pub struct CacheCounts {
    pub hits: AtomicU64,
    pub misses: AtomicU64,
    /// Entries that went because the budget was spent.
    pub evictions: AtomicU64,
}

/// A handle to the cache; cheap to clone.
#[derive(Clone)]
pub struct Cache {
    entries: Moka<CacheKey, Bytes>,
    counts: Arc<CacheCounts>,
}

/// Why nothing was loaded, for all who waited for it.
#[derive(Debug)]
struct Loading(Arc<anyhow::Error>);

impl fmt::Display for Loading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("loading what is asked for")
    }
}

impl std::error::Error for Loading {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some((*self.0).as_ref())
    }
}

/// Pages live shortly; bytes named by their content as long as there is room.
struct Life;

impl Expiry<CacheKey, Bytes> for Life {
    fn expire_after_create(&self, key: &CacheKey, _: &Bytes, _: Instant) -> Option<Duration> {
        matches!(key.what, What::Page { .. }).then_some(PAGE_LIFE)
    }
}

impl Cache {
    pub fn new(config: &CacheConfig) -> Self {
        let counts = Arc::new(CacheCounts::default());
        let evicted = counts.clone();
        let entries = Moka::builder()
            .max_capacity(config.bytes)
            .weigher(|key: &CacheKey, bytes: &Bytes| {
                u32::try_from(bytes.len() + key.text_bytes() + ENTRY_BYTES).unwrap_or(u32::MAX)
            })
            .expire_after(Life)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    evicted.evictions.fetch_add(1, Ordering::Relaxed);
                }
            })
            .build();
        Self { entries, counts }
    }

    /// Whether a body of this size is worth keeping.
    pub fn takes(bytes: u64) -> bool {
        bytes <= BODY_BYTES_MAX
    }

    pub fn counts(&self) -> &CacheCounts {
        &self.counts
    }

    /// Bytes kept now, keys and all. What has expired may be counted for a moment.
    pub fn bytes(&self) -> u64 {
        self.entries.weighted_size()
    }

    /// Whether it is kept; nobody counts that as a look.
    pub fn has(&self, key: &CacheKey) -> bool {
        self.entries.contains_key(key)
    }

    pub async fn get(&self, key: &CacheKey) -> Option<Bytes> {
        let found = self.entries.get(key).await;
        let counter = if found.is_some() { &self.counts.hits } else { &self.counts.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Many at once, in the order of the keys.
    pub async fn get_many(&self, keys: &[CacheKey]) -> Vec<Option<Bytes>> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(self.get(key).await);
        }
        found
    }

    pub async fn put(&self, key: CacheKey, bytes: Bytes) {
        self.entries.insert(key, bytes).await;
    }

    /// What is kept, or else what `load` brings; of many who ask at once, one loads.
    pub async fn get_or_load<F>(&self, key: CacheKey, load: F) -> anyhow::Result<Bytes>
    where
        F: Future<Output = anyhow::Result<Bytes>>,
    {
        if let Some(found) = self.get(&key).await {
            return Ok(found);
        }
        let loaded = Box::pin(self.entries.try_get_with(key, load)).await;
        loaded.map_err(|cause: Arc<anyhow::Error>| Loading(cause).into())
    }

    /// Settles what is put off to quieter moments: expiry, eviction, counts.
    pub async fn settle(&self) {
        self.entries.run_pending_tasks().await;
    }
}
