//! SQL of tiers and presets.

crate::sql! {
    SELECT_GENERATION = "SELECT generation FROM lab";
    SELECT_LAB = "SELECT id FROM lab";
    INSERT_LAB = "INSERT INTO lab (id, pixels_version) VALUES ($1, $2)";
    RAISE_GENERATION = "UPDATE lab SET generation = generation + 1"
        changes Catalogue;
    SELECT_PRESET_VERSION = "SELECT version FROM preset_versions WHERE name = $1";
    SET_PRESET_VERSION = "INSERT INTO preset_versions (name, version) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET version = excluded.version";
    DELETE_PRESET = "DELETE FROM presets WHERE name = $1";
    DELETE_TIER = "DELETE FROM tiers WHERE name = $1";
    DELETE_TIER_PRESETS = "DELETE FROM tier_presets WHERE tier = $1";
    SELECT_ACCOUNTS_OF = "SELECT name FROM accounts WHERE tier = $1 ORDER BY name LIMIT 20";
    COUNT_ACCOUNTS_OF = "SELECT COUNT(*) FROM accounts WHERE tier = $1";
    COUNT_TIERS = "SELECT COUNT(*) FROM tiers";
    SELECT_PRESETS = "SELECT name, version, fit, width, height, exact, enlarge, format, quality,
            animation, background, byte_budget, eager
        FROM presets ORDER BY name";
    SELECT_TIERS = "SELECT name, alias, rank, images_max, upload_bytes_max, original, links,
            link_secs_min, link_secs_max, upload_links, keep_original, keep_location, delete_after,
            truncated
        FROM tiers ORDER BY rank, name";
    SELECT_TIER_PRESETS = "SELECT tier, preset FROM tier_presets ORDER BY tier, preset";
    PUT_PRESET = "INSERT INTO presets (name, version, fit, width, height, exact, enlarge, format,
            quality, animation, background, byte_budget, eager)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (name) DO UPDATE SET version = excluded.version, fit = excluded.fit,
            width = excluded.width, height = excluded.height, exact = excluded.exact,
            enlarge = excluded.enlarge, format = excluded.format, quality = excluded.quality,
            animation = excluded.animation, background = excluded.background,
            byte_budget = excluded.byte_budget, eager = excluded.eager";
    /// Webhooks, emoji and watermarks have columns, and are no rights before they do something.
    PUT_TIER = "INSERT INTO tiers (name, alias, rank, images_max, upload_bytes_max, original,
            links, link_secs_min, link_secs_max, webhooks, upload_links, emoji, watermark,
            keep_original, keep_location, delete_after, truncated)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE, $10, TRUE, FALSE, $11, $12, $13, $14)
        ON CONFLICT (name) DO UPDATE SET alias = excluded.alias, rank = excluded.rank,
            images_max = excluded.images_max, upload_bytes_max = excluded.upload_bytes_max,
            original = excluded.original, links = excluded.links,
            link_secs_min = excluded.link_secs_min, link_secs_max = excluded.link_secs_max,
            upload_links = excluded.upload_links,
            keep_original = excluded.keep_original, keep_location = excluded.keep_location,
            delete_after = excluded.delete_after, truncated = excluded.truncated";
    INSERT_TIER_PRESET = "INSERT INTO tier_presets (tier, preset) VALUES ($1, $2)";
}
