//! What is cached, and for whom.

use crate::ids::{AccountId, LinkId, UploadLinkId};
use uuid::Uuid;

/// Who may be answered with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tenant {
    Account(AccountId),
    /// Everybody of a tier, by the tier's rank.
    Gallery(i64),
    /// Whoever has this temporary link.
    Link(LinkId),
    /// Whoever holds this upload link.
    UploadLink(UploadLinkId),
}

/// A list that has pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    Images,
    /// As the emoji service showed them: with previews.
    Uploads,
    Gallery,
    /// As the emoji service showed it.
    EmojiGallery,
}

/// What an entry holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Stored bytes, by the first 16 bytes of their hash.
    Bytes { tag: [u8; 16] },
    /// The JSON of a page.
    Page {
        list: List,
        tier: String,
        /// Of tiers and presets.
        generation: i64,
        /// Of the list: every change of it makes another.
        version: i64,
        limit: i64,
        /// Behind which item the page starts.
        from: (i64, Uuid),
        skip: i64,
        /// What else was asked about.
        filter: String,
    },
}

/// The key of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    pub tenant: Tenant,
    pub what: What,
}

impl CacheKey {
    /// What its texts take: callers choose them.
    pub fn text_bytes(&self) -> usize {
        match &self.what {
            What::Bytes { .. } => 0,
            What::Page { tier, filter, .. } => tier.capacity() + filter.capacity(),
        }
    }
}
