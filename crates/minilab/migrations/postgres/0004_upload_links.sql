-- Upload links: whoever has the token may bring pictures, until it expires or is full. `images` and
-- `bytes` are what came in through it; deleting does not give room back.
CREATE TABLE upload_links (
    id            UUID PRIMARY KEY,
    account_id    UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    secret_hash   BYTEA NOT NULL,
    label         TEXT COLLATE "C" NOT NULL,
    images_max    BIGINT,
    bytes_max     BIGINT,
    formats       TEXT COLLATE "C",
    delete_after  TEXT COLLATE "C",
    images        BIGINT NOT NULL DEFAULT 0,
    bytes         BIGINT NOT NULL DEFAULT 0,
    created_ms    BIGINT NOT NULL,
    expires_ms    BIGINT NOT NULL,
    revoked_ms    BIGINT
);
CREATE INDEX upload_links_account ON upload_links (account_id, id);
CREATE INDEX images_link ON images (scope_id, id) WHERE scope_id <> account_id;

-- What a tier keeps of what comes in.
ALTER TABLE tiers ADD COLUMN keep_original BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE tiers ADD COLUMN keep_location BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE tiers ADD COLUMN delete_after TEXT COLLATE "C";

ALTER TABLE images ADD COLUMN delete_at_ms BIGINT;
ALTER TABLE images ADD COLUMN delete_after_download BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX images_delete_at ON images (delete_at_ms) WHERE delete_at_ms IS NOT NULL;

-- Who shares the bytes: everybody (nil), or the one scope whose originals are discarded once their
-- variants are made.
ALTER TABLE blobs ADD COLUMN pool_id UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE blobs ADD COLUMN discarded BOOLEAN NOT NULL DEFAULT FALSE;
-- By which version of the service the original was found to tell no place; null until it is.
ALTER TABLE blobs ADD COLUMN place_free BIGINT;
DROP INDEX blobs_live_hash;
CREATE UNIQUE INDEX blobs_live_hash ON blobs (hash, pool_id) WHERE NOT doomed;

-- An image with what its blob says.
CREATE VIEW library AS SELECT i.id, i.account_id, i.scope_id, i.blob_id, i.filename, i.state,
        i.error_code, i.error_detail, i.created_ms, i.delete_at_ms, i.delete_after_download,
        b.hash, b.generation, b.pool_id, b.discarded, b.place_free, b.bytes, b.format, b.width,
        b.height, b.frames, b.orientation, b.has_alpha, b.decode_bytes, b.make, b.model, b.lens, b.taken_at,
        b.exposure, b.gps_lat, b.gps_lon
    FROM images i JOIN blobs b ON b.id = i.blob_id;

-- What each image counts for, once for the lab and once for its account.
CREATE VIEW counted AS
    SELECT 'lab' AS scope, i.blob_id, i.variant_bytes, b.bytes, b.discarded, b.format,
        substr(COALESCE(b.model, ''), 1, 200) AS camera,
        to_char(to_timestamp(i.created_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day
    FROM images i JOIN blobs b ON b.id = i.blob_id
    UNION ALL
    SELECT 'account:' || replace(i.account_id::text, '-', '') AS scope, i.blob_id, i.variant_bytes, b.bytes, b.discarded, b.format,
        substr(COALESCE(b.model, ''), 1, 200) AS camera,
        to_char(to_timestamp(i.created_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day
    FROM images i JOIN blobs b ON b.id = i.blob_id;

-- The most frequent names of a scope, without looking at all.
CREATE INDEX counters_top ON counters (scope, value DESC, name);
CREATE INDEX jobs_failed ON jobs (account_id) WHERE state = 'failed';

-- What is counted from now on, of what is there.
INSERT INTO counters (scope, name, value)
    SELECT 'lab', 'images', COUNT(*) FROM counted WHERE scope = 'lab';
INSERT INTO counters (scope, name, value)
    SELECT 'lab', 'bytes', CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM counted WHERE scope = 'lab';
INSERT INTO counters (scope, name, value)
    SELECT scope, 'stored_bytes', CAST(SUM(bytes) AS BIGINT)
    FROM (SELECT DISTINCT scope, blob_id, bytes FROM counted WHERE scope <> 'lab') AS stored
    GROUP BY scope;
INSERT INTO counters (scope, name, value)
    SELECT scope || '/format', format, COUNT(*) FROM counted GROUP BY scope, format;
INSERT INTO counters (scope, name, value)
    SELECT scope || '/camera', camera, COUNT(*) FROM counted GROUP BY scope, camera;
INSERT INTO counters (scope, name, value)
    SELECT scope || '/day', day, COUNT(*) FROM counted GROUP BY scope, day;
INSERT INTO counters (scope, name, value)
    SELECT 'lab', 'jobs_' || state, COUNT(*) FROM jobs WHERE state IN ('succeeded', 'cancelled')
    GROUP BY state;
