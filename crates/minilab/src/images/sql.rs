//! SQL of images and their blobs.

crate::sql! {
    SELECT = "SELECT i.id, i.account_id, i.filename, i.state, i.error_code, i.error_detail,
            i.created_ms, i.blob_id, b.hash, b.generation, b.bytes, b.format, b.width, b.height,
            b.frames, b.orientation, b.has_alpha, b.decode_bytes, b.make, b.model, b.lens,
            b.taken_at, b.exposure, b.gps_lat, b.gps_lon
        FROM images i JOIN blobs b ON b.id = i.blob_id
        WHERE i.id = $1 AND i.account_id = $2";
    /// Newest first, older than the cursor.
    SELECT_PAGE = "SELECT i.id, i.account_id, i.filename, i.state, i.error_code, i.error_detail,
            i.created_ms, i.blob_id, b.hash, b.generation, b.bytes, b.format, b.width, b.height,
            b.frames, b.orientation, b.has_alpha, b.decode_bytes, b.make, b.model, b.lens,
            b.taken_at, b.exposure, b.gps_lat, b.gps_lon
        FROM images i JOIN blobs b ON b.id = i.blob_id
        WHERE i.account_id = $1 AND i.id < $2
        ORDER BY i.id DESC LIMIT $3 OFFSET $4";
    /// The variants of all images of the same page.
    SELECT_PAGE_VARIANTS = "SELECT v.blob_id, v.preset, v.version, v.pixels_version, v.format,
            v.width, v.height, v.bytes, v.hash
        FROM variants v WHERE v.blob_id IN (
            SELECT blob_id FROM images WHERE account_id = $1 AND id < $2
            ORDER BY id DESC LIMIT $3 OFFSET $4)";
    /// Oldest first, by number.
    SELECT_OLDEST = "SELECT i.id, i.account_id, i.filename, i.state, i.error_code, i.error_detail,
            i.created_ms, i.blob_id, b.hash, b.generation, b.bytes, b.format, b.width, b.height,
            b.frames, b.orientation, b.has_alpha, b.decode_bytes, b.make, b.model, b.lens,
            b.taken_at, b.exposure, b.gps_lat, b.gps_lon
        FROM images i JOIN blobs b ON b.id = i.blob_id
        WHERE i.account_id = $1 ORDER BY i.id LIMIT $2 OFFSET $3";
    SELECT_OLDEST_VARIANTS = "SELECT v.blob_id, v.preset, v.version, v.pixels_version, v.format,
            v.width, v.height, v.bytes, v.hash
        FROM variants v WHERE v.blob_id IN (
            SELECT blob_id FROM images WHERE account_id = $1 ORDER BY id LIMIT $2 OFFSET $3)";
    SELECT_ANY_BLOB = "SELECT id FROM blobs LIMIT 1";
    SELECT_BLOB_ID = "SELECT blob_id, variant_bytes FROM images WHERE id = $1 AND account_id = $2";
    LOCK_IMAGE = locking "SELECT id FROM images WHERE id = $1";
    RENAME = "UPDATE images SET filename = $3 WHERE id = $1 AND account_id = $2";
    LEAVE_GALLERY = "DELETE FROM gallery WHERE image_id = $1";
    DELETE = "DELETE FROM images WHERE id = $1";
    LOCK_BLOB = locking "SELECT bytes, doomed FROM blobs WHERE id = $1";
    COUNT_BY_BLOB = "SELECT COUNT(*) FROM images WHERE blob_id = $1";
    DOOM_BLOB = "UPDATE blobs SET doomed = TRUE WHERE id = $1";
    SELECT_DOOMED = "SELECT hash, generation FROM blobs WHERE id = $1 AND doomed";
    DELETE_DOOMED = "DELETE FROM blobs WHERE id = $1 AND doomed";
}
