//! SQL of upload links.

crate::sql! {
    INSERT = "INSERT INTO upload_links (id, account_id, secret_hash, label, images_max, bytes_max,
            formats, delete_after, created_ms, expires_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    SELECT = "SELECT * FROM upload_links WHERE id = $1 AND account_id = $2";
    /// Newest first, older than the cursor.
    SELECT_PAGE = "SELECT * FROM upload_links WHERE account_id = $1 AND id < $2
        ORDER BY id DESC LIMIT $3 OFFSET $4";
    COUNT_OPEN = "SELECT COUNT(*) FROM upload_links
        WHERE account_id = $1 AND expires_ms > $2 AND revoked_ms IS NULL";
    UPDATE = "UPDATE upload_links SET label = $2, images_max = $3, bytes_max = $4, expires_ms = $5
        WHERE id = $1";
    UPDATE_SECRET = "UPDATE upload_links SET secret_hash = $2 WHERE id = $1";
    REVOKE = "UPDATE upload_links SET revoked_ms = COALESCE(revoked_ms, $3)
        WHERE id = $1 AND account_id = $2";
    DELETE_ENDED = "DELETE FROM upload_links WHERE expires_ms < $1 OR revoked_ms < $1";
}
