-- Links of ours that are handed out again.
CREATE INDEX links_handed ON links (image_id, account_id, variant, expires_ms) WHERE handed;
-- Failed jobs, for the sweep.
CREATE INDEX jobs_failed_kind ON jobs (kind) WHERE state = 'failed';

-- What lists are filtered by, beside the account: an index can have both. An original never changes.
ALTER TABLE images ADD COLUMN camera TEXT COLLATE "C";
ALTER TABLE images ADD COLUMN format TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE images ADD COLUMN taken_at TEXT COLLATE "C";
ALTER TABLE images ADD COLUMN has_place BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE images SET camera = substr(b.model, 1, 200), format = b.format, taken_at = b.taken_at,
        has_place = b.gps_lat IS NOT NULL
    FROM blobs b WHERE b.id = images.blob_id;
CREATE INDEX images_camera ON images (account_id, camera, id) WHERE camera IS NOT NULL;
CREATE INDEX images_format ON images (account_id, format, id);
CREATE INDEX images_taken ON images (account_id, taken_at, id) WHERE taken_at IS NOT NULL;
CREATE INDEX images_place ON images (account_id, id) WHERE has_place;
