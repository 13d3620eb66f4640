//! How long an image is kept, and what of it: set when it comes in, by the tier, the link and the upload.

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What is kept of an upload, and how long. It is settled when the upload comes in: later changes of a
/// tier take nothing away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Keeping)]
pub struct Retention {
    /// Or only until its variants are made.
    pub original: bool,
    /// Or the place is taken out of originals that are handed out.
    pub location: bool,
    /// Nothing: until it is deleted.
    pub delete_after: Option<DeleteAfter>,
}

impl Retention {
    pub const EVERYTHING: Self = Self { original: true, location: true, delete_after: None };
}

/// When an image goes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "neither \"download\" nor a number of seconds")]
pub enum DeleteAfter {
    Moment(Moment),
    /// So many seconds after it came in.
    Secs(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// Once it was handed out in full for the first time.
    Download,
}

/// Ten years.
const SECS_MAX: i64 = 315_360_000;
pub const WRONG: &str = "is not \"download\", nor a number of seconds from 1 to 315360000";

impl PartialSchema for DeleteAfter {
    fn schema() -> RefOr<Schema> {
        let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["download"]));
        let secs = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(SECS_MAX));
        OneOfBuilder::new().item(word).item(secs).into()
    }
}

impl ToSchema for DeleteAfter {}

impl DeleteAfter {
    pub const DOWNLOAD: Self = Self::Moment(Moment::Download);

    /// As a query or a column has it.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "download" {
            return Some(Self::DOWNLOAD);
        }
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let after = Self::Secs(text.parse().ok().filter(|_| is_plain)?);
        after.is_valid().then_some(after)
    }

    pub fn is_valid(self) -> bool {
        match self {
            Self::Moment(_) => true,
            Self::Secs(secs) => (1..=SECS_MAX).contains(&secs),
        }
    }

    pub fn word(self) -> String {
        match self {
            Self::Moment(_) => "download".to_owned(),
            Self::Secs(secs) => secs.to_string(),
        }
    }
}

/// When one image goes: all that was said about it together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Until {
    pub at_ms: Option<i64>,
    pub after_download: bool,
}

impl Until {
    /// Whatever comes first of what tier, link and upload say.
    pub fn earliest(said: impl IntoIterator<Item = DeleteAfter>, now_ms: i64) -> Self {
        said.into_iter().fold(Self::default(), |until, after| match after {
            DeleteAfter::Moment(Moment::Download) => Self { after_download: true, ..until },
            DeleteAfter::Secs(secs) => {
                let at_ms = now_ms + 1000 * secs;
                Self { at_ms: Some(until.at_ms.map_or(at_ms, |other| other.min(at_ms))), ..until }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_first_counts() {
        let until = Until::earliest(
            [DeleteAfter::Secs(9), DeleteAfter::DOWNLOAD, DeleteAfter::Secs(5)],
            1000,
        );
        assert_eq!(until, Until { at_ms: Some(6000), after_download: true });
        assert_eq!(Until::earliest([], 1000), Until::default());
    }

    #[test]
    fn a_word_is_read_as_it_is_written() {
        for after in [DeleteAfter::DOWNLOAD, DeleteAfter::Secs(1), DeleteAfter::Secs(SECS_MAX)] {
            assert_eq!(DeleteAfter::parse(&after.word()), Some(after));
            let json = serde_json::to_string(&after).unwrap();
            assert_eq!(serde_json::from_str::<DeleteAfter>(&json).unwrap(), after);
        }
        for text in ["", "0", "-1", "+5", "315360001", "1.5", "Download", "never"] {
            assert_eq!(DeleteAfter::parse(text), None, "{text}");
        }
    }
}
