//! SQL of tiers and presets.

crate::sql! {
    SELECT_LAB = "SELECT id FROM lab";
    INSERT_LAB = "INSERT INTO lab (id) VALUES ($1)";
    COUNT_TIERS = "SELECT COUNT(*) FROM tiers";
    SELECT_PRESETS = "SELECT name, version, fit, width, height, exact, enlarge, format, quality,
            animation, background, byte_budget, eager
        FROM presets ORDER BY name";
    SELECT_TIERS = "SELECT name, alias, rank, images_max, upload_bytes_max, original, links,
            link_secs_min, link_secs_max, webhooks, upload_links, emoji, watermark
        FROM tiers ORDER BY rank, name";
    SELECT_TIER_PRESETS = "SELECT tier, preset FROM tier_presets ORDER BY tier, preset";
    INSERT_PRESET = "INSERT INTO presets (name, version, fit, width, height, exact, enlarge, format,
            quality, animation, background, byte_budget, eager)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    INSERT_TIER = "INSERT INTO tiers (name, alias, rank, images_max, upload_bytes_max, original,
            links, link_secs_min, link_secs_max, webhooks, upload_links, emoji, watermark)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    INSERT_TIER_PRESET = "INSERT INTO tier_presets (tier, preset) VALUES ($1, $2)";
}
