//! Variants that were served within the last second: whose they are and where, without the database.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use super::Variant;
use crate::blobs::Original;
use crate::ids::{AccountId, ImageId};
use crate::tiers::Catalogue;

/// With the reading of the rows it stays below a second.
const LIFE: Duration = Duration::from_millis(900);
const RECENT_MAX: u64 = 20_000;

/// What is needed to serve a variant.
pub struct ResolvedVariant {
    /// Of the image.
    pub filename: String,
    pub original: Original,
    pub variant: Variant,
    pub format: pixels::Format,
    /// The image, if it goes after its first download.
    pub delete_after_download: Option<ImageId>,
}

/// An account, its image and a preset: a foreign image has another key.
type ResolvedKey = (AccountId, ImageId, String);

#[derive(Clone)]
pub struct RecentVariants {
    known: Cache<ResolvedKey, Arc<ResolvedVariant>>,
}

impl Default for RecentVariants {
    fn default() -> Self {
        Self { known: Cache::builder().max_capacity(RECENT_MAX).time_to_live(LIFE).build() }
    }
}

impl RecentVariants {
    pub async fn find(
        &self,
        account: AccountId,
        image: ImageId,
        preset: &str,
    ) -> Option<Arc<ResolvedVariant>> {
        self.known.get(&(account, image, preset.to_owned())).await
    }

    pub async fn keep(&self, account: AccountId, image: ImageId, resolved: Arc<ResolvedVariant>) {
        let key = (account, image, resolved.variant.preset.clone());
        self.known.insert(key, resolved).await;
    }

    /// The image was changed or deleted here.
    pub async fn forget(&self, catalogue: &Catalogue, account: AccountId, image: ImageId) {
        for preset in catalogue.presets.keys() {
            self.known.invalidate(&(account, image, preset.clone())).await;
        }
    }
}
