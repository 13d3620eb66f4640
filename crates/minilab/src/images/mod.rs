//! The library: what an account has.

pub mod bulk;
pub mod counted;
pub mod delete;
pub mod expire;
pub mod filter;
pub mod found;
pub mod list;
pub mod retention;
pub mod routes;
pub mod searched;
pub mod sql;
pub mod view;

use std::time::Duration;

use pixels::Facts;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::blobs::Original;
use crate::db::Conn;
use crate::fetch_optional;
use crate::http::Problem;
use crate::http::code::Code;
use crate::ids::{AccountId, BlobId, ImageId, ScopeId, UploadLinkId};
use crate::shares::Bounds;

/// `[images]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct ImagesConfig {
    /// Seconds after a download in which an image that goes after it can be fetched once more.
    pub download_grace_secs: u64,
    /// Costly lists made at the same time: with a filter, or far from the beginning.
    pub listings_max: usize,
    /// The same of one account; some more of its own wait for them.
    pub listings_each_max: usize,
    /// Seconds after which such a list is given up.
    pub listing_secs: u64,
    /// Zip files downloaded at the same time.
    pub zips_max: usize,
    /// The same of one account.
    pub zips_each_max: usize,
}

impl Default for ImagesConfig {
    fn default() -> Self {
        Self {
            download_grace_secs: 300,
            listings_max: 8,
            listings_each_max: 2,
            listing_secs: 5,
            zips_max: 16,
            zips_each_max: 2,
        }
    }
}

impl ImagesConfig {
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.download_grace_secs > 86_400 {
            problems.push("images.download_grace_secs: must be at most 86400".to_owned());
        }
        if !(1..=60).contains(&self.listing_secs) {
            problems.push("images.listing_secs: must be 1 to 60".to_owned());
        }
        for (key, count) in [
            ("listings_max", self.listings_max),
            ("listings_each_max", self.listings_each_max),
            ("zips_max", self.zips_max),
            ("zips_each_max", self.zips_each_max),
        ] {
            if !(1..=1024).contains(&count) {
                problems.push(format!("images.{key}: must be 1 to 1024"));
            }
        }
        problems
    }

    /// Places of costly lists, by account.
    pub fn listing_places(&self) -> Bounds {
        let each = self.listings_each_max;
        Bounds { all: self.listings_max, each, queue: 20 * each }
    }

    pub fn listing_time(&self) -> Duration {
        Duration::from_secs(self.listing_secs)
    }

    /// Places of downloads as a zip file, by account: each holds a file open and a connection busy.
    pub fn zip_places(&self) -> Bounds {
        Bounds { all: self.zips_max, each: self.zips_each_max, queue: 0 }
    }
}

/// Where an image is between upload and prints.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = State)]
pub enum State {
    Processing,
    Ready,
    Failed,
}

/// An image and the blob it shows, as rows.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Image {
    pub id: ImageId,
    pub account_id: AccountId,
    /// The account, or the upload link that it came through.
    pub scope_id: ScopeId,
    pub filename: String,
    #[sqlx(try_from = "String")]
    pub state: State,
    pub error_code: Option<String>,
    pub error_detail: Option<String>,
    pub created_ms: i64,
    pub delete_at_ms: Option<i64>,
    pub delete_after_download: bool,
    /// When it was taken, as lists are ordered by it.
    pub taken_ms: i64,
    pub blob_id: BlobId,
    #[sqlx(flatten)]
    pub blob: BlobRow,
}

/// What is known of an original.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct BlobRow {
    pub hash: Vec<u8>,
    pub generation: Uuid,
    /// Who shares the bytes: everybody, or one scope that keeps no original.
    pub pool_id: Uuid,
    /// The original is gone; the variants are there.
    pub discarded: bool,
    /// By which version of `variants::location` it was found to tell no place, if it was.
    pub place_free: Option<i64>,
    pub bytes: i64,
    pub format: String,
    pub width: i64,
    pub height: i64,
    pub frames: i64,
    pub orientation: i64,
    pub has_alpha: bool,
    pub decode_bytes: i64,
    /// A part of the picture is missing.
    pub truncated: bool,
    pub make: Option<String>,
    pub model: Option<String>,
    pub lens: Option<String>,
    pub taken_at: Option<String>,
    pub exposure: Option<String>,
    pub gps_lat: Option<f64>,
    pub gps_lon: Option<f64>,
    /// When its bytes were found wrong. The next upload of them puts them back.
    pub damaged_ms: Option<i64>,
}

impl BlobRow {
    pub fn original(&self) -> Original {
        Original { hash: self.hash.clone(), generation: self.generation }
    }

    pub fn format(&self) -> anyhow::Result<pixels::Format> {
        self.format.parse().map_err(|_| anyhow::anyhow!("unknown format {:?}", self.format))
    }

    pub fn facts(&self) -> anyhow::Result<Facts> {
        Ok(Facts {
            format: self.format()?,
            width: self.width as u32,
            height: self.height as u32,
            frames: self.frames as u32,
            orientation: self.orientation as u8,
            has_alpha: self.has_alpha,
            is_truncated: self.truncated,
            decode_bytes: self.decode_bytes as u64,
        })
    }
}

impl TryFrom<String> for State {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        crate::tiers::from_word(&word).ok_or_else(|| format!("unknown state {word:?}"))
    }
}

impl Image {
    /// Its id, if it goes after its first download.
    pub fn delete_after_download(&self) -> Option<ImageId> {
        self.delete_after_download.then_some(self.id)
    }

    /// The upload link it came through.
    pub fn upload_link(&self) -> Option<UploadLinkId> {
        link_of(self.account_id, self.scope_id)
    }
}

/// The upload link that a scope is, unless it is the account's own.
pub fn link_of(account: AccountId, scope: ScopeId) -> Option<UploadLinkId> {
    (scope != account.into()).then(|| scope.uuid().into())
}

/// The original is asked for, and was not kept.
pub fn discarded() -> Problem {
    let detail = "the original was not kept; there is what was made of it at upload";
    Problem::new(Code::OriginalDiscarded, detail)
}

/// An account's own image; a foreign one looks like none.
pub async fn find(conn: &mut Conn, account: AccountId, id: ImageId) -> sqlx::Result<Option<Image>> {
    fetch_optional!(conn, Image, sql::SELECT, id, account)
}
