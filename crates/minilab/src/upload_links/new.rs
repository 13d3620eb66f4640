//! What an upload link is to be, and all that is wrong with that.

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::{Key, UploadLink};
use crate::http::merge::MemberProblem;
use crate::ids::AccountId;
use crate::text;
use crate::tiers::retention::{self, DeleteAfter};
use crate::tiers::words::PictureFormat;

const LIFE_SECS_MAX: i64 = 30 * 24 * 3600;
const LABEL_CHARACTERS_MAX: usize = 200;

/// An upload link that is to be. Either `expires_in` or `expires_at` is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expires_in": 86_400}))]
pub struct NewUploadLink {
    /// Seconds; at most 30 days.
    #[schema(minimum = 1, maximum = 2_592_000)]
    expires_in: Option<i64>,
    /// RFC 3339; in the future, at most 30 days.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// What its holders are told it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    label: String,
    /// Nothing is no limit but the tier's.
    #[schema(minimum = 1)]
    max_images: Option<i64>,
    #[schema(minimum = 1)]
    max_bytes: Option<i64>,
    /// Such as `jpeg`; nothing is all.
    #[schema(min_items = 1, value_type = Option<Vec<PictureFormat>>)]
    formats: Option<Vec<String>>,
    /// When what comes in goes by itself: `"download"`, or seconds.
    delete_after: Option<DeleteAfter>,
}

impl NewUploadLink {
    /// When it ends, and everything that is wrong with it.
    pub(super) fn check(&self, now_ms: i64) -> (i64, Vec<MemberProblem>) {
        let mut wrong = Vec::new();
        let expires_ms = moment(self.expires_in, self.expires_at.as_deref(), now_ms)
            .unwrap_or_else(|mistake| {
                wrong.push(mistake);
                now_ms
            });
        wrong.extend(check_label(&self.label));
        wrong.extend(check_limits(self.max_images, self.max_bytes));
        if self.formats.as_ref().is_some_and(Vec::is_empty) {
            wrong.push(MemberProblem::new("formats", "names at least one, or is left out"));
        }
        for format in self.formats.iter().flatten() {
            if format.parse::<pixels::Format>().is_err() {
                wrong.push(MemberProblem::new(
                    "formats",
                    format!("{format:?} is not a format read here"),
                ));
            }
        }
        if let Some(after) = self.delete_after.filter(|after| !after.is_valid()) {
            let detail = format!("{:?} {}", after.word(), retention::WRONG);
            wrong.push(MemberProblem::new("delete_after", detail));
        }
        (expires_ms, wrong)
    }

    pub(super) fn into_row(
        self,
        account: AccountId,
        token: &Key,
        now_ms: i64,
        expires_ms: i64,
    ) -> UploadLink {
        UploadLink {
            id: token.id.into(),
            account_id: account,
            secret_hash: token.secret_hash().to_vec(),
            label: self.label,
            images_max: self.max_images,
            bytes_max: self.max_bytes,
            formats: self.formats.map(|formats| formats.join(" ")),
            delete_after: self.delete_after.map(DeleteAfter::word),
            images: 0,
            bytes: 0,
            created_ms: now_ms,
            expires_ms,
            revoked_ms: None,
        }
    }
}

/// When a link ends of which one of both is said.
pub(super) fn moment(
    expires_in: Option<i64>,
    expires_at: Option<&str>,
    now_ms: i64,
) -> Result<i64, MemberProblem> {
    let (field, expires_ms) = match (expires_in, expires_at) {
        (Some(_), Some(_)) => {
            return Err(MemberProblem::new("expires_at", "is said beside expires_in: choose one"));
        }
        (None, None) => return Err(MemberProblem::new("expires_in", "is needed, or expires_at")),
        (Some(secs), None) => ("expires_in", now_ms.saturating_add(secs.saturating_mul(1000))),
        (None, Some(text)) => {
            let moment = text.parse::<Timestamp>().map_err(|_| {
                MemberProblem::new(
                    "expires_at",
                    format!("{text:?} is not RFC 3339, such as 2026-12-24T18:00:00Z"),
                )
            })?;
            ("expires_at", moment.as_millisecond())
        }
    };
    if expires_ms <= now_ms {
        return Err(MemberProblem::new(field, "is not in the future"));
    }
    if expires_ms > now_ms + 1000 * LIFE_SECS_MAX {
        return Err(MemberProblem::new(field, "is more than 30 days away"));
    }
    Ok(expires_ms)
}

pub(super) fn check_label(label: &str) -> Option<MemberProblem> {
    text::line_flaw(label, LABEL_CHARACTERS_MAX).map(|flaw| MemberProblem::new("label", flaw))
}

pub(super) fn check_limits(
    max_images: Option<i64>,
    max_bytes: Option<i64>,
) -> impl Iterator<Item = MemberProblem> {
    let limits = [("max_images", max_images), ("max_bytes", max_bytes)];
    let wrong = limits.into_iter().filter(|(_, limit)| limit.is_some_and(|limit| limit < 1));
    wrong.map(|(field, _)| MemberProblem::new(field, "starts at 1"))
}
