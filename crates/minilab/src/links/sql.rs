//! SQL of temporary links.

crate::sql! {
    INSERT = "INSERT INTO links (id, account_id, image_id, variant, keep_location, handed, created_ms,
            expires_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    SELECT_OF_IMAGE = "SELECT id, variant, keep_location, created_ms, expires_ms, dead_ms FROM links
        WHERE image_id = $1 AND account_id = $2 AND NOT handed AND expires_ms > $3
        ORDER BY id DESC LIMIT 1000";
    /// One that was handed out before and lives long enough.
    SELECT_HANDED = "SELECT id, expires_ms FROM links
        WHERE image_id = $1 AND account_id = $2 AND variant = $3 AND handed AND dead_ms IS NULL
            AND expires_ms >= $4
        ORDER BY expires_ms DESC LIMIT 1";
    COUNT_LIVE = "SELECT COUNT(*) FROM links WHERE image_id = $1 AND account_id = $2 AND NOT handed
        AND expires_ms > $3";
    /// A second time it is as if it were the first.
    KILL = "UPDATE links SET dead_ms = COALESCE(dead_ms, $4)
        WHERE id = $1 AND image_id = $2 AND account_id = $3 AND NOT handed"
        changes Links;
    KILL_OF_IMAGE = "UPDATE links SET dead_ms = $2
        WHERE image_id = $1 AND dead_ms IS NULL AND expires_ms > $2"
        changes Links;
    KILL_VARIANT = "UPDATE links SET dead_ms = $3
        WHERE image_id = $1 AND variant = $2 AND dead_ms IS NULL AND expires_ms > $3"
        changes Links;
    /// Links that the gallery handed to others than the owner.
    KILL_HANDED_TO_OTHERS = "UPDATE links SET dead_ms = $2
        WHERE image_id = $1 AND dead_ms IS NULL AND expires_ms > $2 AND account_id <> (
            SELECT account_id FROM images WHERE images.id = $1)"
        changes Links;
    KILL_UNENTITLED = "UPDATE links SET dead_ms = $1
        WHERE dead_ms IS NULL AND expires_ms > $1 AND NOT EXISTS (
            SELECT 1 FROM accounts a JOIN tiers t ON t.name = a.tier
            WHERE a.id = links.account_id AND NOT a.suspended AND (t.links OR links.handed)
                AND ((links.variant = 'original' AND t.original)
                    OR EXISTS (SELECT 1 FROM tier_presets p
                        WHERE p.tier = t.name AND p.preset = links.variant)))"
        changes Links;
    SELECT_DEAD = "SELECT id, expires_ms, dead_ms FROM links
        WHERE dead_ms IS NOT NULL AND dead_ms >= $1 AND expires_ms > $2";
    DELETE_EXPIRED = "DELETE FROM links WHERE expires_ms < $1";
    /// The image that a link shows, and whose it is.
    SELECT_SHOWN = "SELECT i.account_id, i.id FROM links l JOIN images i ON i.id = l.image_id
        WHERE l.id = $1";
    SELECT_SEAL_KEY = "SELECT seal_key FROM lab";
    SET_SEAL_KEY = "UPDATE lab SET seal_key = $1";
}
