//! SQL of variants and of the images that wait for them.

crate::sql! {
    SELECT_OF_BLOB = "SELECT blob_id, preset, version, pixels_version, format, width, height, bytes,
            hash
        FROM variants WHERE blob_id = $1";
    SUM_BYTES = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM variants WHERE blob_id = $1";
    DELETE_OF_BLOB = "DELETE FROM variants WHERE blob_id = $1";
    /// Variants of one blob, as a JSON array of arrays. Returns the bytes of those that are new.
    INSERT = sqlite "INSERT INTO variants (blob_id, preset, version, pixels_version, format, width,
            height, bytes, hash, created_ms)
        SELECT $1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
            value ->> 6, unhex(value ->> 7), $3
        FROM json_each($2) WHERE TRUE
        ON CONFLICT (blob_id, preset, version, pixels_version) DO NOTHING RETURNING bytes"
    postgres "INSERT INTO variants (blob_id, preset, version, pixels_version, format, width,
            height, bytes, hash, created_ms)
        SELECT $1, v ->> 0, CAST(v ->> 1 AS BIGINT), CAST(v ->> 2 AS BIGINT), v ->> 3,
            CAST(v ->> 4 AS BIGINT), CAST(v ->> 5 AS BIGINT), CAST(v ->> 6 AS BIGINT),
            decode(v ->> 7, 'hex'), $3
        FROM jsonb_array_elements(CAST($2 AS JSONB)) AS v
        ON CONFLICT (blob_id, preset, version, pixels_version) DO NOTHING RETURNING bytes";
    SELECT_ASKED = "SELECT preset FROM asked WHERE image_id = $1 AND preset = $2";
    INSERT_ASKED = "INSERT INTO asked (image_id, preset) VALUES ($1, $2)
        ON CONFLICT (image_id, preset) DO NOTHING";
    SELECT_BLOB = "SELECT hash, generation, pool_id, discarded, place_free, bytes, format, width, height,
            frames, orientation, has_alpha, decode_bytes, truncated, make, model, lens, taken_at, exposure, gps_lat,
            gps_lon, damaged_ms
        FROM blobs WHERE id = $1 AND NOT doomed";
    LOCK_BLOB = locking "SELECT truncated FROM blobs WHERE id = $1 AND NOT doomed";
    /// The images of a blob that wait for their first variants, with their owners' tiers.
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
                    AND v.pixels_version = $3))
        RETURNING id, account_id";
    SET_TRUNCATED = "UPDATE blobs SET truncated = TRUE WHERE id = $1";
    SET_TRUNCATED_IMAGES = "UPDATE images SET truncated = TRUE WHERE blob_id = $1";
    /// Of a truncated blob: those who wait for it and whose tier refuses such pictures.
    REFUSE_TRUNCATED = "UPDATE images SET state = 'failed', error_code = 'truncated',
            error_detail = $2, ready_ms = $3
        WHERE blob_id = $1 AND state = 'processing'
            AND EXISTS (SELECT 1 FROM accounts a JOIN tiers t ON t.name = a.tier
                WHERE a.id = images.account_id AND t.truncated = 'refuse')
        RETURNING id, account_id";
    SET_PLACE_FREE = "UPDATE blobs SET place_free = $2 WHERE id = $1 AND NOT doomed";
    IS_DISCARDED = "SELECT id FROM blobs WHERE id = $1 AND discarded";
    IS_PRIVATE = "SELECT id FROM blobs WHERE id = $1 AND pool_id <> $2";
    IS_PROCESSING = "SELECT id FROM images WHERE blob_id = $1 AND state = 'processing' LIMIT 1";
    /// What an image has: the newest of each preset that its owner's tier wants at upload, or that
    /// its owner asked for.
    SELECT_OWNED = "SELECT i.id, i.account_id, i.variant_bytes, CAST(COALESCE((
            SELECT SUM(v.bytes) FROM variants v
            WHERE v.blob_id = i.blob_id AND i.state = 'ready'
                AND NOT EXISTS (SELECT 1 FROM variants n
                    WHERE n.blob_id = v.blob_id AND n.preset = v.preset
                        AND (n.version > v.version OR (n.version = v.version
                            AND n.pixels_version > v.pixels_version)))
                AND (EXISTS (SELECT 1 FROM accounts a
                        JOIN tier_presets t ON t.tier = a.tier
                        JOIN presets p ON p.name = t.preset
                        WHERE a.id = i.account_id AND p.name = v.preset AND p.eager)
                    OR EXISTS (SELECT 1 FROM asked q
                        WHERE q.image_id = i.id AND q.preset = v.preset))
        ), 0) AS BIGINT)
        FROM images i WHERE i.blob_id = $1";
    SET_VARIANT_BYTES = "UPDATE images SET variant_bytes = $2 WHERE id = $1";
    /// The tiers of those who have the blob and are past their first variants.
    SELECT_READY_TIERS = "SELECT DISTINCT a.tier FROM images i JOIN accounts a ON a.id = i.account_id
        WHERE i.blob_id = $1 AND i.state = 'ready'";
    /// What they asked for, as far as their tiers still have it.
    SELECT_ASKED_OF_BLOB = "SELECT DISTINCT q.preset FROM images i
            JOIN accounts a ON a.id = i.account_id
            JOIN asked q ON q.image_id = i.id
            JOIN tier_presets t ON t.tier = a.tier AND t.preset = q.preset
        WHERE i.blob_id = $1 AND i.state = 'ready'";
    /// An image of the blob lacks something in its version of now.
    LACKS = "SELECT i.id FROM images i
            JOIN accounts a ON a.id = i.account_id
            JOIN tier_presets t ON t.tier = a.tier
            JOIN presets p ON p.name = t.preset
        WHERE i.blob_id = $1 AND i.state = 'ready'
            AND (p.eager OR EXISTS (SELECT 1 FROM asked q
                WHERE q.image_id = i.id AND q.preset = p.name))
            AND NOT EXISTS (SELECT 1 FROM variants v
                WHERE v.blob_id = i.blob_id AND v.preset = p.name AND v.version = p.version
                    AND v.pixels_version = $2)
            AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.id = $1 AND b.discarded)
        LIMIT 1";
    SELECT_STRETCH = "SELECT id, account_id, blob_id FROM images WHERE id > $1 ORDER BY id LIMIT $2";
    SELECT_STRETCH_OF = "SELECT id, account_id, blob_id FROM images
        WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    SELECT_LOOKED_AT = "SELECT pixels_version FROM lab";
    SET_LOOKED_AT = "UPDATE lab SET pixels_version = $1";
    /// Behind a newer one for long enough, or of a preset that is gone.
    SELECT_OLD = "SELECT b.hash, b.generation, v.preset, v.version, v.pixels_version, v.bytes, b.id
        FROM variants v JOIN blobs b ON b.id = v.blob_id
        WHERE NOT b.doomed AND NOT b.discarded AND v.created_ms < $1 AND (
            EXISTS (SELECT 1 FROM variants n
                WHERE n.blob_id = v.blob_id AND n.preset = v.preset AND n.created_ms < $1
                    AND (n.version > v.version OR (n.version = v.version
                        AND n.pixels_version > v.pixels_version)))
            OR (v.preset <> 'original'
                AND NOT EXISTS (SELECT 1 FROM presets p WHERE p.name = v.preset)))
        LIMIT 1000";
    /// The original without its place goes with the original.
    DELETE_ORIGINALS = "DELETE FROM variants WHERE blob_id = $1 AND preset = 'original'
        RETURNING version, pixels_version, bytes";
    DELETE = "DELETE FROM variants
        WHERE blob_id = $1 AND preset = $2 AND version = $3 AND pixels_version = $4";
    SET_FAILED = "UPDATE images SET state = 'failed', error_code = $2, error_detail = $3,
            ready_ms = $4
        WHERE blob_id = $1 AND state = 'processing'
        RETURNING id, account_id";
    /// Failed images of a blob, or the one named: they are to be tried again.
    TRY_AGAIN = "UPDATE images SET state = 'processing', error_code = NULL, error_detail = NULL, ready_ms = NULL
        WHERE blob_id = $1 AND state = 'failed' AND (id = $2 OR $2 IS NULL)";
    SET_ONE_FAILED = "UPDATE images SET state = 'failed', error_code = $2, error_detail = $3,
            ready_ms = $4
        WHERE id = $1 AND state = 'processing'
        RETURNING id, account_id";
}
