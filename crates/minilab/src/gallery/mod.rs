//! The curated collection: images that an admin chose to show, each open from some rank of tier on.

pub mod curate;
pub mod list;
pub mod routes;
pub mod sql;

use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::Caller;
use crate::db::Conn;
use crate::fetch_optional;
use crate::ids::{AccountId, BlobId, ImageId, ItemId};

/// An item, and whose image it shows.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GalleryItem {
    pub id: ItemId,
    pub image_id: ImageId,
    /// The owner of the image; no answer tells.
    pub account_id: AccountId,
    pub blob_id: BlobId,
    pub title: String,
    pub rank: i64,
    pub active: bool,
    pub position: i64,
    /// Words with spaces between.
    pub tags: String,
}

impl GalleryItem {
    /// The rank rule: a tier opens what is of its rank or below.
    pub fn is_open_to(&self, caller: &Caller) -> bool {
        self.active && self.rank <= caller.tier().rank
    }

    fn view(&self, is_locked: bool) -> GalleryItemView {
        let tags = self.tags.split(' ').filter(|tag| !tag.is_empty()).map(str::to_owned);
        GalleryItemView {
            id: self.id,
            title: self.title.clone(),
            rank: self.rank,
            position: self.position,
            tags: tags.collect(),
            locked: is_locked,
            active: self.active,
            image_url: (!is_locked).then(|| format!("/api/v1/gallery/{}/variants/", self.id)),
        }
    }
}

/// An item as callers see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GalleryItem)]
pub struct GalleryItemView {
    #[schema(value_type = Uuid)]
    pub id: ItemId,
    pub title: String,
    pub rank: i64,
    /// Smaller ones come first.
    pub position: i64,
    pub tags: Vec<String>,
    /// Of a rank above the caller's: it is named, but not shown.
    pub locked: bool,
    pub active: bool,
    /// With the name of a preset behind it, the picture; nothing when it is locked.
    pub image_url: Option<String>,
}

pub async fn find(conn: &mut Conn, id: ItemId) -> sqlx::Result<Option<GalleryItem>> {
    fetch_optional!(conn, GalleryItem, sql::SELECT, id)
}
