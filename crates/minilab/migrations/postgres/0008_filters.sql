-- More of what lists are filtered by. Text is found whatever its case: a folded copy is looked at.
UPDATE images SET camera = lower(camera);
ALTER TABLE images ADD COLUMN folded_name TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE images SET folded_name = lower(filename);

-- When it was taken: milliseconds of local time since 1970, and the least number there is when nobody
-- knows, which puts it behind all others.
DROP INDEX images_taken;
ALTER TABLE images DROP COLUMN taken_at;
ALTER TABLE images ADD COLUMN taken_ms BIGINT NOT NULL DEFAULT -9223372036854775808;
ALTER TABLE images ADD COLUMN truncated BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE images SET truncated = b.truncated,
        taken_ms = COALESCE(CAST(EXTRACT(EPOCH FROM CAST(substr(b.taken_at, 1, 19) AS TIMESTAMP)) * 1000 AS BIGINT),
            -9223372036854775808)
    FROM blobs b WHERE b.id = images.blob_id;
CREATE INDEX images_taken ON images (account_id, taken_ms, id);
CREATE INDEX images_truncated ON images (account_id, id) WHERE truncated;
-- Failed ones, by what does not change when an image becomes ready: that is a matter of one row then.
CREATE INDEX images_failed ON images (account_id, id) WHERE error_code IS NOT NULL;

DROP VIEW library;
CREATE VIEW library AS SELECT i.id, i.account_id, i.scope_id, i.blob_id, i.filename, i.state,
        i.error_code, i.error_detail, i.created_ms, i.delete_at_ms, i.delete_after_download, i.taken_ms,
        b.hash, b.generation, b.pool_id, b.discarded, b.place_free, b.bytes, b.format, b.width,
        b.height, b.frames, b.orientation, b.has_alpha, b.decode_bytes, b.make, b.model, b.lens, b.taken_at,
        b.exposure, b.gps_lat, b.gps_lon,
        b.truncated, b.damaged_ms
    FROM images i JOIN blobs b ON b.id = i.blob_id;
