//! SQL of `minilab check`.

crate::sql! {
    SELECT_BLOBS_AFTER = "SELECT id, hash, generation, bytes FROM blobs
        WHERE id > $1 AND NOT doomed ORDER BY id LIMIT 500";
    SELECT_BY_GENERATION = "SELECT id FROM blobs WHERE generation = $1 AND hash = $2";
    SELECT_VARIANT = "SELECT bytes FROM variants
        WHERE blob_id = $1 AND preset = $2 AND version = $3 AND pixels_version = $4";
    DELETE_VARIANT = "DELETE FROM variants
        WHERE blob_id = $1 AND preset = $2 AND version = $3 AND pixels_version = $4
        RETURNING bytes";
    SELECT_ORPHAN_BLOBS = "SELECT b.id FROM blobs b WHERE NOT b.doomed
        AND NOT EXISTS (SELECT 1 FROM images i WHERE i.blob_id = b.id) LIMIT 1000";
    SELECT_FORGOTTEN_BLOBS = "SELECT b.id FROM blobs b WHERE b.doomed
        AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.blob_id = b.id AND j.kind = 'delete_blob'
            AND j.state IN ('pending', 'retry', 'started')) LIMIT 1000";
    SELECT_STUCK_IMAGES = "SELECT i.id, i.blob_id FROM images i WHERE i.state = 'processing'
        AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.blob_id = i.blob_id AND j.kind = 'develop'
            AND j.state IN ('pending', 'retry', 'started')) LIMIT 1000";
    /// Counted against recounted, in one statement and so in one moment.
    SELECT_DRIFTS = sqlite "SELECT scope, name, SUM(counted), SUM(actual) FROM (
            SELECT scope, name, value AS counted, 0 AS actual FROM counters WHERE name <> 'changes'
            UNION ALL SELECT scope, name, delta, 0 FROM counter_deltas WHERE name <> 'changes'
            UNION ALL SELECT 'account:' || lower(hex(i.account_id)), 'images', 0, 1 FROM images i
            UNION ALL SELECT 'account:' || lower(hex(i.account_id)), 'variant_bytes', 0,
                i.variant_bytes FROM images i
            UNION ALL SELECT 'account:' || lower(hex(i.account_id)), 'bytes', 0, b.bytes
                FROM images i JOIN blobs b ON b.id = i.blob_id
            UNION ALL SELECT 'lab', 'stored_bytes', 0, bytes FROM blobs WHERE NOT doomed
            UNION ALL SELECT 'lab', 'variant_bytes', 0, bytes FROM variants
        ) AS everything GROUP BY scope, name HAVING SUM(counted) <> SUM(actual) ORDER BY scope, name"
    postgres "SELECT scope, name, CAST(SUM(counted) AS BIGINT), CAST(SUM(actual) AS BIGINT) FROM (
            SELECT scope, name, value AS counted, 0 AS actual FROM counters WHERE name <> 'changes'
            UNION ALL SELECT scope, name, delta, 0 FROM counter_deltas WHERE name <> 'changes'
            UNION ALL SELECT 'account:' || replace(i.account_id::text, '-', ''), 'images', 0, 1
                FROM images i
            UNION ALL SELECT 'account:' || replace(i.account_id::text, '-', ''), 'variant_bytes', 0,
                i.variant_bytes FROM images i
            UNION ALL SELECT 'account:' || replace(i.account_id::text, '-', ''), 'bytes', 0, b.bytes
                FROM images i JOIN blobs b ON b.id = i.blob_id
            UNION ALL SELECT 'lab', 'stored_bytes', 0, bytes FROM blobs WHERE NOT doomed
            UNION ALL SELECT 'lab', 'variant_bytes', 0, bytes FROM variants
        ) AS everything GROUP BY scope, name HAVING SUM(counted) <> SUM(actual) ORDER BY scope, name";
}
