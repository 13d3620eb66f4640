//! SQL of `minilab check`.

crate::sql! {
    SELECT_BLOBS_AFTER = "SELECT id, hash, generation, bytes, discarded FROM blobs
        WHERE id > $1 AND NOT doomed ORDER BY id LIMIT 500";
    SELECT_BY_GENERATION = "SELECT id, discarded FROM blobs WHERE generation = $1 AND hash = $2";
    SELECT_VARIANT = "SELECT bytes FROM variants
        WHERE blob_id = $1 AND preset = $2 AND version = $3 AND pixels_version = $4";
    DELETE_VARIANT = "DELETE FROM variants
        WHERE blob_id = $1 AND preset = $2 AND version = $3 AND pixels_version = $4
        RETURNING bytes";
    /// Hash, generation, bytes, and whether the original was not kept.
    SELECT_STRETCH = "SELECT id, hash, generation, bytes, discarded FROM blobs
        WHERE id > $1 AND NOT doomed ORDER BY id LIMIT 50";
    IS_LIVE = "SELECT id FROM blobs WHERE id = $1 AND generation = $2 AND NOT doomed";
    SELECT_DAMAGED = "SELECT id, generation FROM blobs WHERE damaged_ms IS NOT NULL AND NOT doomed";
    SELECT_SUSPECT = "SELECT id, bytes, discarded FROM blobs WHERE generation = $1 AND NOT doomed";
    IS_MARKED = "SELECT id FROM blobs WHERE id = $1 AND damaged_ms IS NOT NULL";
    SET_DAMAGED = "UPDATE blobs SET damaged_ms = $3 WHERE id = $1 AND generation = $2";
    SELECT_SCRUB = locking "SELECT scrub_after, scrub_began_ms FROM lab";
    SELECT_SCRUB_STATE = "SELECT scrub_after, scrub_began_ms FROM lab";
    SET_SCRUB = "UPDATE lab SET scrub_after = $1, scrub_began_ms = $2";
    SELECT_ORPHAN_BLOBS = "SELECT b.id FROM blobs b WHERE NOT b.doomed
        AND NOT EXISTS (SELECT 1 FROM images i WHERE i.blob_id = b.id) LIMIT 1000";
    SELECT_FORGOTTEN_BLOBS = "SELECT b.id FROM blobs b WHERE b.doomed
        AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.blob_id = b.id AND j.kind = 'delete_blob'
            AND j.state IN ('pending', 'retry', 'started')) LIMIT 1000";
    SELECT_STUCK_IMAGES = "SELECT i.id, i.blob_id FROM images i WHERE i.state = 'processing'
        AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.blob_id = i.blob_id AND j.kind = 'develop'
            AND j.state IN ('pending', 'retry', 'started')) LIMIT 1000";
    SELECT_SHOWN_BY = "SELECT a.name, i.id, i.filename FROM images i
        JOIN accounts a ON a.id = i.account_id WHERE i.blob_id = $1 ORDER BY i.id LIMIT 100";
    /// Counted against recounted, in one statement and so in one moment. Of the days only what is
    /// still there can be recounted: deletes do not change them. Names behind a slash are strangers'.
    SELECT_DRIFTS = "SELECT scope, name, CAST(SUM(was) AS BIGINT), CAST(SUM(actual) AS BIGINT) FROM (
            SELECT scope, name, value AS was, 0 AS actual FROM counters
                WHERE (scope LIKE '%/%' AND scope NOT LIKE 'jobs/%') OR (scope NOT LIKE '%/%' AND name <> 'changes' AND name NOT LIKE 'jobs!_%' ESCAPE '!')
            UNION ALL SELECT scope, name, delta, 0 FROM counter_deltas
                WHERE (scope LIKE '%/%' AND scope NOT LIKE 'jobs/%') OR (scope NOT LIKE '%/%' AND name <> 'changes' AND name NOT LIKE 'jobs!_%' ESCAPE '!')
            UNION ALL SELECT scope, 'images', 0, COUNT(*) FROM counted GROUP BY scope
            UNION ALL SELECT scope, 'bytes', 0, SUM(bytes) FROM counted GROUP BY scope
            UNION ALL SELECT scope || '/format', format, 0, COUNT(*) FROM counted
                GROUP BY scope, format
            UNION ALL SELECT scope || '/camera', camera, 0, COUNT(*) FROM counted
                GROUP BY scope, camera
            UNION ALL SELECT scope || '/day', day, 0, COUNT(*) FROM counted GROUP BY scope, day
            UNION ALL SELECT scope, 'variant_bytes', 0, SUM(variant_bytes) FROM counted
                WHERE scope <> 'lab' GROUP BY scope
            UNION ALL SELECT scope, 'stored_bytes', 0, SUM(bytes) FROM (
                SELECT DISTINCT scope, blob_id, bytes FROM counted
                WHERE scope <> 'lab' AND NOT discarded) AS stored GROUP BY scope
            UNION ALL SELECT 'lab', 'stored_bytes', 0, COALESCE(SUM(bytes), 0) FROM blobs
                WHERE NOT doomed AND NOT discarded
            UNION ALL SELECT 'lab', 'variant_bytes', 0, COALESCE(SUM(bytes), 0) FROM variants
        ) AS everything GROUP BY scope, name
        HAVING CASE WHEN scope LIKE '%/day' THEN SUM(was) < SUM(actual)
            ELSE SUM(was) <> SUM(actual) END
        ORDER BY scope, name";
}
