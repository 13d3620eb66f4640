//! An upload link as its maker sees it, and as its holder does.

use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::{Caller, UploadLink};
use crate::app::App;
use crate::clock::rfc3339;
use crate::ids::UploadLinkId;
use crate::tiers::DeleteAfter;
use crate::tiers::words::PictureFormat;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = UploadLinkState)]
pub enum UploadLinkState {
    Open,
    Full,
    Expired,
    Revoked,
}

impl UploadLinkState {
    fn of(link: &UploadLink, now_ms: i64) -> Self {
        if link.revoked_ms.is_some() {
            Self::Revoked
        } else if now_ms >= link.expires_ms {
            Self::Expired
        } else if link.is_full() {
            Self::Full
        } else {
            Self::Open
        }
    }
}

/// What its maker and its holder see alike.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadLinkTerms)]
pub struct LinkTerms {
    label: String,
    state: UploadLinkState,
    #[schema(format = DateTime)]
    expires_at: String,
    /// Nothing is no limit but the tier's.
    max_images: Option<i64>,
    /// That came in through it. Duplicates and refused files do not count; deleting gives no room back.
    images: i64,
    max_bytes: Option<i64>,
    bytes: i64,
    /// Nothing is all.
    #[schema(value_type = Option<Vec<PictureFormat>>)]
    formats: Option<Vec<String>>,
    /// When what comes in goes by itself.
    delete_after: Option<DeleteAfter>,
}

impl LinkTerms {
    fn of(link: &UploadLink, now_ms: i64) -> Self {
        Self {
            label: link.label.clone(),
            state: UploadLinkState::of(link, now_ms),
            expires_at: rfc3339(link.expires_ms),
            max_images: link.images_max,
            images: link.images,
            max_bytes: link.bytes_max,
            bytes: link.bytes,
            formats: link.formats(),
            delete_after: link.delete_after(),
        }
    }
}

/// An upload link of one's own. The token is shown only when it is made.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadLink)]
pub struct UploadLinkView {
    #[schema(value_type = Uuid)]
    id: UploadLinkId,
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(flatten)]
    terms: LinkTerms,
}

impl UploadLinkView {
    pub fn new(link: &UploadLink, now_ms: i64) -> Self {
        let terms = LinkTerms::of(link, now_ms);
        Self { id: link.id, created_at: rfc3339(link.created_ms), terms }
    }
}

/// An upload link as whoever has it sees it: what may still come in.
#[derive(Serialize, ToSchema)]
#[schema(as = HeldUploadLink)]
pub struct HeldView {
    #[serde(flatten)]
    terms: LinkTerms,
    /// Bytes of one file.
    upload_bytes_max: u64,
    /// Files of one request.
    files_max: usize,
}

impl HeldView {
    pub fn new(app: &App, caller: &Caller, link: &UploadLink) -> Self {
        Self {
            terms: LinkTerms::of(link, app.clock.now_ms()),
            upload_bytes_max: caller.tier().upload_bytes_max,
            files_max: app.config.uploads.files_max,
        }
    }
}
