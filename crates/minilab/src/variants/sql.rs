//! SQL of variants and of the images that wait for them.

crate::sql! {
    SELECT_OF_BLOB = "SELECT blob_id, preset, version, pixels_version, format, width, height, bytes,
            hash
        FROM variants WHERE blob_id = $1";
    SUM_BYTES = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM variants WHERE blob_id = $1";
    DELETE_OF_BLOB = "DELETE FROM variants WHERE blob_id = $1";
    INSERT = "INSERT INTO variants (blob_id, preset, version, pixels_version, format, width, height,
            bytes, hash, created_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (blob_id, preset, version, pixels_version) DO NOTHING";
    SELECT_ASKED = "SELECT preset FROM asked WHERE image_id = $1 AND preset = $2";
    INSERT_ASKED = "INSERT INTO asked (image_id, preset) VALUES ($1, $2)
        ON CONFLICT (image_id, preset) DO NOTHING";
    SELECT_BLOB = "SELECT hash, generation, bytes, format, width, height, frames, orientation,
            has_alpha, decode_bytes, make, model, lens, taken_at, exposure, gps_lat, gps_lon
        FROM blobs WHERE id = $1 AND NOT doomed";
    LOCK_BLOB = locking "SELECT id FROM blobs WHERE id = $1 AND NOT doomed";
    /// The images of a blob that wait for their first prints, with their owners' tiers.
    SELECT_PROCESSING = "SELECT i.id, a.tier FROM images i JOIN accounts a ON a.id = i.account_id
        WHERE i.blob_id = $1 AND i.state = 'processing'";
    /// Marks the waiting images of a blob that have everything their tier wants at upload.
    SET_READY = "UPDATE images SET state = 'ready', ready_ms = $2
        WHERE blob_id = $1 AND state = 'processing' AND NOT EXISTS (
            SELECT 1 FROM accounts a
                JOIN tier_presets t ON t.tier = a.tier
                JOIN presets p ON p.name = t.preset
            WHERE a.id = images.account_id AND p.eager AND NOT EXISTS (
                SELECT 1 FROM variants v
                WHERE v.blob_id = $1 AND v.preset = p.name AND v.version = p.version
                    AND v.pixels_version = $3))";
    IS_PROCESSING = "SELECT id FROM images WHERE blob_id = $1 AND state = 'processing' LIMIT 1";
    SET_FAILED = "UPDATE images SET state = 'failed', error_code = $2, error_detail = $3,
            ready_ms = $4
        WHERE blob_id = $1 AND state = 'processing'";
}
