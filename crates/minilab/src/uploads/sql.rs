//! SQL of uploads.

crate::sql! {
    SELECT_LIVE_BLOB = "SELECT id FROM blobs WHERE hash = $1 AND NOT doomed";
    LOCK_LIVE_BLOB = locking "SELECT id FROM blobs WHERE hash = $1 AND NOT doomed";
    INSERT_BLOB = "INSERT INTO blobs (id, hash, generation, bytes, doomed, format, width, height,
            frames, orientation, has_alpha, decode_bytes, make, model, lens, taken_at, exposure,
            gps_lat, gps_lon, created_ms)
        VALUES ($1, $2, $3, $4, FALSE, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
            $18, $19)
        ON CONFLICT (hash) WHERE NOT doomed DO NOTHING";
    SELECT_TWIN = "SELECT id FROM images WHERE scope_id = $1 AND blob_id = $2";
    INSERT_IMAGE = "INSERT INTO images (id, account_id, blob_id, scope_id, filename, state,
            created_ms)
        VALUES ($1, $2, $3, $4, $5, 'processing', $6)";
    INSERT_ANSWER = "INSERT INTO answers (account_id, key, worker, created_ms)
        VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, key) DO NOTHING";
    SELECT_ANSWER = "SELECT fingerprint, status, body FROM answers
        WHERE account_id = $1 AND key = $2";
    /// Only by the process that holds the key: it may have been given to another in the meantime.
    SETTLE_ANSWER = "UPDATE answers SET fingerprint = $4, status = $5, body = $6
        WHERE account_id = $1 AND key = $2 AND worker = $3 AND fingerprint IS NULL";
    GIVE_BACK_ANSWER = "DELETE FROM answers
        WHERE account_id = $1 AND key = $2 AND worker = $3 AND fingerprint IS NULL";
    FORGET_ANSWER = "DELETE FROM answers
        WHERE account_id = $1 AND key = $2 AND fingerprint = $3";
    GIVE_BACK_ANSWERS_OF = "DELETE FROM answers WHERE worker = $1 AND fingerprint IS NULL";
    DELETE_ANSWERS = "DELETE FROM answers WHERE created_ms < $1";
    SELECT_IMAGES_MAX = "SELECT t.images_max FROM accounts a JOIN tiers t ON t.name = a.tier
        WHERE a.id = $1";
}
