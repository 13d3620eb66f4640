//! All tiers and presets at once, as this process knows them: at most a second old.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use pixels::Recipe;
use sqlx::FromRow;

use super::{DeleteAfter, Preset, Retention, Rights, Tier, from_word, sql};
use crate::db::{Conn, Db};
use crate::{fetch_all, fetch_optional};

/// Every tier and preset by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    pub tiers: BTreeMap<String, Tier>,
    pub presets: BTreeMap<String, Preset>,
    /// Raised by every change of the above.
    pub generation: i64,
}

impl Catalogue {
    /// Finds a tier by its name or its alias.
    pub fn tier(&self, name: &str) -> Option<&Tier> {
        self.tiers
            .get(name)
            .or_else(|| self.tiers.values().find(|tier| tier.alias.as_deref() == Some(name)))
    }

    /// What is made at upload for an account of this tier.
    pub fn eager_presets(&self, tier: &str) -> impl Iterator<Item = &Preset> {
        let tier = self.tiers.get(tier);
        let names = tier.into_iter().flat_map(|tier| &tier.presets);
        names.filter_map(|name| self.presets.get(name)).filter(|preset| preset.eager)
    }

    pub async fn load(conn: &mut Conn) -> anyhow::Result<Self> {
        // Before the rows: if they change in between, the next look shows a higher number.
        let generation = fetch_optional!(conn, (i64,), sql::SELECT_GENERATION)?;
        let presets = fetch_all!(conn, PresetRow, sql::SELECT_PRESETS)?;
        let tiers = fetch_all!(conn, TierRow, sql::SELECT_TIERS)?;
        let mut presets_of = BTreeMap::<String, Vec<String>>::new();
        for (tier, preset) in fetch_all!(conn, (String, String), sql::SELECT_TIER_PRESETS)? {
            presets_of.entry(tier).or_default().push(preset);
        }
        let presets = presets.into_iter().map(|row| {
            let name = row.name.clone();
            let preset = row.into_preset().with_context(|| format!("reading preset {name:?}"))?;
            Ok((name, preset))
        });
        let tiers = tiers.into_iter().map(|row| {
            let presets = presets_of.remove(&row.name).unwrap_or_default();
            let name = row.name.clone();
            let tier = row.into_tier(presets).with_context(|| format!("reading tier {name:?}"))?;
            Ok((name, tier))
        });
        let presets = presets.collect::<anyhow::Result<_>>()?;
        let generation = generation.map_or(0, |(generation,)| generation);
        let tiers = tiers.collect::<anyhow::Result<_>>()?;
        Ok(Self { tiers, presets, generation })
    }
}

/// A catalogue and when it was read.
type Latest = Option<(Instant, Arc<Catalogue>)>;

/// Hands out the current [`Catalogue`].
#[derive(Clone, Default)]
pub struct Catalogues {
    latest: Arc<Mutex<Latest>>,
}

/// A catalogue is read in some milliseconds; with those it stays below a second.
const AGE_MAX: Duration = Duration::from_millis(900);

impl Catalogues {
    pub async fn current(&self, db: &Db) -> anyhow::Result<Arc<Catalogue>> {
        let known = self.latest.lock().expect("nobody panics holding it").clone();
        if let Some((loaded, catalogue)) = known
            && loaded.elapsed() < AGE_MAX
        {
            return Ok(catalogue);
        }
        let started = Instant::now();
        let catalogue = Arc::new(Catalogue::load(&mut db.read().await?).await?);
        let mut latest = self.latest.lock().expect("nobody panics holding it");
        *latest = Some((started, catalogue.clone()));
        Ok(catalogue)
    }

    /// Something was changed here: the next look reads it anew.
    pub fn forget(&self) {
        *self.latest.lock().expect("nobody panics holding it") = None;
    }
}

#[derive(FromRow)]
struct PresetRow {
    name: String,
    version: i64,
    fit: String,
    width: Option<i64>,
    height: Option<i64>,
    exact: bool,
    enlarge: bool,
    format: String,
    quality: i64,
    animation: String,
    background: String,
    byte_budget: Option<i64>,
    eager: bool,
}

impl PresetRow {
    fn into_preset(self) -> anyhow::Result<Preset> {
        let side = |side: Option<i64>| side.map(u32::try_from).transpose();
        let recipe = Recipe {
            fit: from_word(&self.fit).context("fit")?,
            width: side(self.width).context("width")?,
            height: side(self.height).context("height")?,
            exact: self.exact,
            enlarge: self.enlarge,
            format: from_word(&self.format).context("format")?,
            quality: u8::try_from(self.quality).context("quality")?,
            animation: from_word(&self.animation).context("animation")?,
            background: parse_colour(&self.background).context("background")?,
            byte_budget: self.byte_budget.map(u64::try_from).transpose().context("byte_budget")?,
        };
        Ok(Preset { name: self.name, version: self.version, recipe, eager: self.eager })
    }
}

pub fn write_colour([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// `#rrggbb`.
pub fn parse_colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

#[derive(FromRow)]
struct TierRow {
    name: String,
    alias: Option<String>,
    rank: i64,
    images_max: Option<i64>,
    upload_bytes_max: i64,
    #[sqlx(flatten)]
    rights: Rights,
    keep_original: bool,
    keep_location: bool,
    delete_after: Option<String>,
    truncated: String,
}

impl TierRow {
    fn into_tier(self, presets: Vec<String>) -> anyhow::Result<Tier> {
        let retention = Retention {
            original: self.keep_original,
            location: self.keep_location,
            delete_after: self.delete_after.as_deref().and_then(DeleteAfter::parse),
        };
        Ok(Tier {
            name: self.name,
            alias: self.alias,
            rank: self.rank,
            images_max: self.images_max,
            upload_bytes_max: self.upload_bytes_max as u64,
            retention,
            truncated: from_word(&self.truncated).context("truncated")?,
            rights: self.rights,
            presets,
        })
    }
}
