//! SQL of uploads.

crate::sql! {
    /// The live blob of these bytes, and the image of the scope that shows it and stays: if need be one
    /// from when its tier kept more, or less.
    SELECT_KNOWN = "SELECT i.id, b.generation, b.bytes, b.pool_id, b.damaged_ms,
            b.discarded FROM blobs b
            LEFT JOIN images i ON i.blob_id = b.id AND i.scope_id = $3
                AND i.delete_at_ms IS NULL AND NOT i.delete_after_download
        WHERE b.hash = $1 AND (b.pool_id = $2 OR i.id IS NOT NULL) AND NOT b.doomed
        ORDER BY i.id IS NULL LIMIT 1";
    /// Whether what was placed under this generation has its rows.
    SELECT_PLACED = "SELECT b.id, i.id FROM blobs b
            LEFT JOIN images i ON i.blob_id = b.id AND i.scope_id = $2
        WHERE b.generation = $1";
    LOCK_LIVE_BLOB = locking "SELECT id FROM blobs
        WHERE hash = $1 AND pool_id = $2 AND NOT doomed";
    INSERT_BLOB = "INSERT INTO blobs (id, hash, generation, pool_id, bytes, doomed, format, width,
            height, frames, orientation, has_alpha, decode_bytes, make, model, lens, taken_at,
            exposure, gps_lat, gps_lon, created_ms, truncated)
        VALUES ($1, $2, $3, $4, $5, FALSE, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
            $18, $19, $20, $21)
        ON CONFLICT (hash, pool_id) WHERE NOT doomed DO NOTHING";
    /// The bytes are elsewhere now, and whole; unless somebody was faster.
    PUT_BACK = "UPDATE blobs SET generation = $2, damaged_ms = NULL
        WHERE id = $1 AND generation = $3";
    /// Images that were given up because the original was not there.
    TRY_AGAIN = "UPDATE images SET state = 'processing', error_code = NULL, error_detail = NULL,
            ready_ms = NULL
        WHERE blob_id = $1 AND state = 'failed'
            AND error_code IN ('original_lost', 'original_damaged')";
    /// The account's images of a blob, and what each came through.
    SELECT_OWN_OF_BLOB = "SELECT id, scope_id FROM images WHERE account_id = $1 AND blob_id = $2";
    /// What lists are filtered by stands beside the account, where an index can have both.
    INSERT_IMAGE = "INSERT INTO images (id, account_id, blob_id, scope_id, filename, state,
            created_ms, delete_at_ms, delete_after_download, camera, folded_name, format, taken_ms,
            has_place, truncated)
        VALUES ($1, $2, $3, $4, $5, 'processing', $6, $7, $8, $9, $10, $11, $12, $13,
            (SELECT truncated FROM blobs WHERE id = $3))";
    /// What is brought again goes as it is said now, but no time becomes shorter.
    KEEP_ON = "UPDATE images SET
            delete_at_ms = CASE WHEN $2 < delete_at_ms THEN delete_at_ms ELSE $2 END,
            delete_after_download = $3
        WHERE id = $1 AND (delete_at_ms IS NOT NULL OR delete_after_download)";
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
