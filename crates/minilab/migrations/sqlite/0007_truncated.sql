-- Pictures of which a part is missing: known at upload, or once they are decoded.
ALTER TABLE blobs ADD COLUMN truncated BOOLEAN NOT NULL DEFAULT FALSE;
-- What a tier does about them.
ALTER TABLE tiers ADD COLUMN truncated TEXT NOT NULL DEFAULT 'accept';

DROP VIEW library;
CREATE VIEW library AS SELECT i.id, i.account_id, i.scope_id, i.blob_id, i.filename, i.state,
        i.error_code, i.error_detail, i.created_ms, i.delete_at_ms, i.delete_after_download,
        b.hash, b.generation, b.pool_id, b.discarded, b.place_free, b.bytes, b.format, b.width,
        b.height, b.frames, b.orientation, b.has_alpha, b.decode_bytes, b.make, b.model, b.lens, b.taken_at,
        b.exposure, b.gps_lat, b.gps_lon,
        b.truncated
    FROM images i JOIN blobs b ON b.id = i.blob_id;
