//! SQL of images and their blobs. `library` is an image with what its blob says.

crate::sql! {
    SELECT = "SELECT * FROM library WHERE id = $1 AND account_id = $2";
    /// Newest first, older than the cursor. What is skipped costs a look into the index.
    SELECT_PAGE = "SELECT * FROM library WHERE id IN (
            SELECT id FROM images WHERE account_id = $1 AND id < $2
            ORDER BY id DESC LIMIT $3 OFFSET $4)
        ORDER BY id DESC";
    /// The same, of what came in through one link.
    SELECT_LINK_PAGE = "SELECT * FROM library WHERE id IN (
            SELECT id FROM images
            WHERE account_id = $1 AND scope_id = $5 AND scope_id <> account_id AND id < $2
            ORDER BY id DESC LIMIT $3 OFFSET $4)
        ORDER BY id DESC";
    /// As far as it is worth counting.
    COUNT_LINK = "SELECT COUNT(*) FROM (SELECT id FROM images
        WHERE account_id = $1 AND scope_id = $2 AND scope_id <> account_id LIMIT $3) AS few";
    /// Oldest first, by number.
    SELECT_OLDEST = "SELECT * FROM library WHERE id IN (
            SELECT id FROM images WHERE account_id = $1 ORDER BY id LIMIT $2 OFFSET $3)
        ORDER BY id";
    /// The variants of many blobs: a JSON array of their ids, in plain digits.
    SELECT_VARIANTS = sqlite "SELECT blob_id, preset, version, pixels_version, format, width, height,
            bytes, hash
        FROM variants WHERE blob_id IN (SELECT unhex(value) FROM json_each($1))"
    postgres "SELECT blob_id, preset, version, pixels_version, format, width, height, bytes, hash
        FROM variants WHERE blob_id IN (
            SELECT CAST(id AS UUID) FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS id)";
    SELECT_ANY_BLOB = "SELECT id FROM blobs LIMIT 1";
    SELECT_BLOB_ID = "SELECT blob_id, variant_bytes, delete_at_ms FROM images
        WHERE id = $1 AND account_id = $2";
    LOCK_BLOB_OF = locking "SELECT discarded FROM blobs
        WHERE id = (SELECT blob_id FROM images WHERE id = $1)";
    LOCK_IMAGE = locking "SELECT id FROM images WHERE id = $1";
    RENAME = "UPDATE images SET filename = $3, folded_name = $4
        WHERE id = $1 AND account_id = $2";
    SET_RETENTION = "UPDATE images SET delete_at_ms = $3, delete_after_download = $4
        WHERE id = $1 AND account_id = $2";
    LEAVE_GALLERY = "DELETE FROM gallery WHERE image_id = $1";
    DELETE = "DELETE FROM images WHERE id = $1"
        changes Ended;
    LOCK_BLOB = locking "SELECT bytes, doomed, discarded, format, model FROM blobs WHERE id = $1";
    COUNT_BY_BLOB = "SELECT COUNT(*) FROM images WHERE blob_id = $1";
    COUNT_OF_ACCOUNT = "SELECT COUNT(*) FROM images WHERE blob_id = $1 AND account_id = $2";
    DOOM_BLOB = "UPDATE blobs SET doomed = TRUE WHERE id = $1";
    SELECT_DOOMED = "SELECT hash, generation FROM blobs WHERE id = $1 AND doomed";
    DELETE_DOOMED = "DELETE FROM blobs WHERE id = $1 AND doomed";
    SELECT_ANY_DUE = "SELECT id FROM images WHERE delete_at_ms <= $1 LIMIT 1";
    SELECT_DUE = "SELECT id, account_id FROM images WHERE delete_at_ms <= $1
        ORDER BY delete_at_ms LIMIT 100";
    /// Of an image that goes after its first download.
    SET_DOWNLOADED = "UPDATE images SET delete_at_ms = $2
        WHERE id = $1 AND delete_after_download AND (delete_at_ms IS NULL OR delete_at_ms > $2)
        RETURNING account_id";
    /// The original goes: its image is ready, and its scope keeps none.
    SELECT_DISCARDABLE = "SELECT i.id, i.account_id, b.hash, b.generation, b.bytes, b.discarded
        FROM blobs b JOIN images i ON i.blob_id = b.id
        WHERE b.id = $1 AND NOT b.doomed AND i.state = 'ready' AND b.pool_id = i.scope_id";
    SET_DISCARDED = "UPDATE blobs SET discarded = TRUE WHERE id = $1 AND NOT discarded";
}
