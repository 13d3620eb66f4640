//! Tiers and presets on their way into their rows.

use super::catalogue::write_colour;
use super::{DeleteAfter, Preset, Tier, sql, to_word};
use crate::db::Conn;
use crate::execute;

/// Makes a preset, or changes the one of that name.
pub async fn put_preset(tx: &mut Conn, preset: &Preset) -> sqlx::Result<()> {
    let recipe = &preset.recipe;
    execute!(
        tx,
        sql::PUT_PRESET,
        &preset.name,
        preset.version,
        to_word(recipe.fit),
        recipe.width.map(i64::from),
        recipe.height.map(i64::from),
        recipe.exact,
        recipe.enlarge,
        to_word(recipe.format),
        i64::from(recipe.quality),
        to_word(recipe.animation),
        write_colour(recipe.background),
        recipe.byte_budget.map(|bytes| bytes as i64),
        preset.eager,
    )?;
    execute!(tx, sql::SET_PRESET_VERSION, &preset.name, preset.version)?;
    Ok(())
}

/// Makes a tier, or changes the one of that name.
pub async fn put_tier(tx: &mut Conn, tier: &Tier) -> sqlx::Result<()> {
    let rights = &tier.rights;
    execute!(
        tx,
        sql::PUT_TIER,
        &tier.name,
        tier.alias.as_deref(),
        tier.rank,
        tier.images_max,
        tier.upload_bytes_max as i64,
        rights.original,
        rights.links,
        rights.link_secs_min,
        rights.link_secs_max,
        rights.upload_links,
        tier.retention.original,
        tier.retention.location,
        tier.retention.delete_after.map(DeleteAfter::word),
        to_word(tier.truncated),
    )?;
    execute!(tx, sql::DELETE_TIER_PRESETS, &tier.name)?;
    for preset in &tier.presets {
        execute!(tx, sql::INSERT_TIER_PRESET, &tier.name, preset)?;
    }
    Ok(())
}
