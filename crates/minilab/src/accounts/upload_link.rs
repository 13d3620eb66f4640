//! Whoever holds an upload link: they bring pictures for its maker, and see what came in through it.

use super::{Account, Key, Kind, sql};
use crate::db::Conn;
use crate::fetch_optional;
use crate::http::Problem;
use crate::http::code::Code;
use crate::ids::{AccountId, UploadLinkId};
use crate::tiers::{Catalogue, DeleteAfter};

/// A link's row.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct UploadLink {
    pub id: UploadLinkId,
    pub account_id: AccountId,
    pub secret_hash: Vec<u8>,
    pub label: String,
    pub images_max: Option<i64>,
    pub bytes_max: Option<i64>,
    /// Words with spaces between; nothing for all.
    pub formats: Option<String>,
    pub delete_after: Option<String>,
    /// What came in so far, deleted images included.
    pub images: i64,
    pub bytes: i64,
    pub created_ms: i64,
    pub expires_ms: i64,
    pub revoked_ms: Option<i64>,
}

impl UploadLink {
    pub fn delete_after(&self) -> Option<DeleteAfter> {
        self.delete_after.as_deref().and_then(DeleteAfter::parse)
    }

    pub fn formats(&self) -> Option<Vec<String>> {
        Some(self.formats.as_ref()?.split(' ').map(str::to_owned).collect())
    }

    pub fn takes(&self, format: pixels::Format) -> bool {
        self.formats().is_none_or(|formats| formats.contains(&format.to_string()))
    }

    /// Whether there is no room for one more image of one more byte.
    pub fn is_full(&self) -> bool {
        !self.has_room(1)
    }

    pub fn has_room(&self, bytes: i64) -> bool {
        self.images_max.is_none_or(|most| self.images < most)
            && self.bytes_max.is_none_or(|most| bytes <= most - self.bytes)
    }

    /// Why nothing comes in through it any more, if that is so.
    pub fn refusal(&self, now_ms: i64) -> Option<Problem> {
        let gone = |code, detail| Some(Problem::new(code, detail));
        if self.revoked_ms.is_some() {
            gone(Code::UploadLinkRevoked, "this link was revoked by whoever made it")
        } else if now_ms >= self.expires_ms {
            gone(Code::UploadLinkExpired, "this link has expired")
        } else {
            None
        }
    }
}

/// Its maker may not have upload links any more.
pub fn closed() -> Problem {
    let detail = "this link is closed for now; ask who gave it to you";
    Problem::new(Code::UploadLinkClosed, detail)
}

/// Whether such an account may have upload links.
pub fn may_have(catalogue: &Catalogue, account: &Account) -> bool {
    let tier = catalogue.tier(&account.tier);
    account.is_admin || tier.is_some_and(|tier| tier.rights.upload_links)
}

/// The link of a token, and who made it; nothing for a token that is none.
pub async fn find(conn: &mut Conn, token: &Key) -> sqlx::Result<Option<(UploadLink, Account)>> {
    #[derive(sqlx::FromRow)]
    struct LinkAndMakerRow {
        #[sqlx(flatten)]
        link: UploadLink,
        tier: String,
        name: String,
        is_admin: bool,
        suspended: bool,
    }
    let row = fetch_optional!(conn, LinkAndMakerRow, sql::SELECT_UPLOAD_LINK, token.id)?;
    let row = row.filter(|row| token.kind == Kind::Upload && token.matches(&row.link.secret_hash));
    Ok(row.map(|LinkAndMakerRow { link, tier, name, is_admin, suspended }| {
        let account = Account { id: link.account_id, name, tier, is_admin, suspended };
        (link, account)
    }))
}
