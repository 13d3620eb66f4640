//! What an image counts for: every sum that it is part of, in the transaction that makes or deletes it.

use super::searched::CAMERA_CHARACTERS_MAX;
use crate::clock;
use crate::counters::{self, CounterScope, Delta, Facet};
use crate::db::Conn;
use crate::ids::AccountId;

/// One image, as it is counted.
pub struct CountedImage<'a> {
    pub account: AccountId,
    pub bytes: i64,
    pub variant_bytes: i64,
    pub format: &'a str,
    pub model: Option<&'a str>,
    /// Whether its account has the same original in no other image.
    pub is_only_one: bool,
}

impl CountedImage<'_> {
    /// A new image, uploaded at `now_ms`.
    pub async fn add(&self, tx: &mut Conn, now_ms: i64) -> sqlx::Result<()> {
        let day = clock::day(now_ms);
        let camera = camera(self.model);
        let mut deltas = self.deltas(&camera, 1);
        for scope in self.scopes() {
            deltas.push((scope.by(Facet::Day), &day, 1));
        }
        counters::add_all(tx, &deltas).await
    }

    /// An image that is deleted. Its upload stays one.
    pub async fn take_back(&self, tx: &mut Conn) -> sqlx::Result<()> {
        let camera = camera(self.model);
        counters::add_all(tx, &self.deltas(&camera, -1)).await
    }

    fn scopes(&self) -> [CounterScope; 2] {
        [CounterScope::Lab, CounterScope::Account(self.account)]
    }

    fn deltas<'a>(&'a self, camera: &'a str, sign: i64) -> Vec<Delta<'a>> {
        let mut deltas = Vec::with_capacity(16);
        for scope in self.scopes() {
            deltas.push((scope.to_string(), counters::IMAGES, sign));
            deltas.push((scope.to_string(), counters::BYTES, sign * self.bytes));
            deltas.push((scope.by(Facet::Format), self.format, sign));
            deltas.push((scope.by(Facet::Camera), camera, sign));
        }
        let account = CounterScope::Account(self.account).to_string();
        if self.is_only_one {
            deltas.push((account.clone(), counters::STORED_BYTES, sign * self.bytes));
        }
        if self.variant_bytes != 0 {
            deltas.push((account.clone(), counters::VARIANT_BYTES, sign * self.variant_bytes));
        }
        deltas.push((account, counters::CHANGES, 1));
        deltas
    }
}

/// The name a model is counted under; nothing for none.
fn camera(model: Option<&str>) -> String {
    model.unwrap_or_default().chars().take(CAMERA_CHARACTERS_MAX).collect()
}
