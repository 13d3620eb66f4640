-- When the bytes of an original were found not to be what they were: the next upload of them puts them back.
ALTER TABLE blobs ADD COLUMN damaged_ms BIGINT;
CREATE INDEX blobs_damaged ON blobs (id) WHERE damaged_ms IS NOT NULL;

-- Where the reading over of all that is stored has got to; null between two passes.
ALTER TABLE lab ADD COLUMN scrub_after UUID;
ALTER TABLE lab ADD COLUMN scrub_began_ms BIGINT NOT NULL DEFAULT 0;
