//! Tiers and presets: rows that say what an account may do and what is made for it.

pub mod catalogue;
pub mod retention;
pub mod seed;
pub mod sql;
pub mod words;
pub mod write;

pub use catalogue::{Catalogue, Catalogues};
pub use retention::{DeleteAfter, Retention};

use pixels::Recipe;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A named, versioned recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    pub name: String,
    /// Raised by every change: variants of older versions are served until new ones exist.
    pub version: i64,
    pub recipe: Recipe,
    /// Made at upload; the others on the first request.
    pub eager: bool,
}

/// What the accounts of one tier may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    pub name: String,
    /// Another name the tier is known by.
    pub alias: Option<String>,
    pub rank: i64,
    /// How many images are kept; none is no limit.
    pub images_max: Option<i64>,
    pub upload_bytes_max: u64,
    pub retention: Retention,
    pub truncated: Truncated,
    pub rights: Rights,
    /// Names of the presets that may be asked for, sorted.
    pub presets: Vec<String>,
}

/// What a tier does about a picture of which a part is missing, a tenth at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Truncated {
    /// What is there is shown.
    Accept,
    Refuse,
}

/// Why such a picture is refused.
pub const TRUNCATED: &str = "a part of the picture is missing: its file ends early";

/// The rights of a tier, as `/me` shows them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    pub original: bool,
    pub links: bool,
    pub link_secs_min: i64,
    pub link_secs_max: i64,
    pub upload_links: bool,
}

impl Tier {
    pub fn may_see(&self, preset: &str) -> bool {
        self.presets.iter().any(|name| name == preset)
    }
}

/// A word of a closed vocabulary (`cover`, `webp`, …) as its column holds it.
pub(crate) fn to_word<T: Serialize>(value: T) -> String {
    let word = serde_json::to_value(value).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).expect("a unit variant is one word")
}

/// The other way: `None` is a word this version does not know.
pub(crate) fn from_word<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(word.into()).ok()
}
