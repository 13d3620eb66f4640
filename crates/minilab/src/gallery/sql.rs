//! SQL of the gallery.

crate::sql! {
    SELECT = "SELECT g.id, g.image_id, i.account_id, i.blob_id, g.title, g.rank, g.active,
            g.position, g.tags
        FROM gallery g JOIN images i ON i.id = g.image_id WHERE g.id = $1";
    /// By position, then age, behind a position and an id; up to a rank; inactive ones if wanted.
    SELECT_PAGE = "SELECT g.id, g.image_id, i.account_id, i.blob_id, g.title, g.rank, g.active,
            g.position, g.tags
        FROM gallery g JOIN images i ON i.id = g.image_id
        WHERE (g.position > $1 OR (g.position = $1 AND g.id > $2)) AND g.rank <= $3
            AND (g.active OR $4)
        ORDER BY g.position, g.id LIMIT $5 OFFSET $6";
    /// By age, as the emoji service did.
    SELECT_BY_ID = "SELECT g.id, g.image_id, i.account_id, i.blob_id, g.title, g.rank, g.active,
            g.position, g.tags
        FROM gallery g JOIN images i ON i.id = g.image_id
        WHERE g.active AND g.rank <= $1 ORDER BY g.id LIMIT $2 OFFSET $3";
    SELECT_LAST_POSITION = "SELECT COALESCE(MAX(position), 0) FROM gallery";
    SELECT_OWN_IMAGE = locking "SELECT filename FROM images WHERE id = $1 AND account_id = $2";
    INSERT = "INSERT INTO gallery (id, image_id, title, rank, active, position, tags, created_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (image_id) DO NOTHING";
    UPDATE = "UPDATE gallery SET title = $2, rank = $3, active = $4, position = $5, tags = $6
        WHERE id = $1";
    DELETE = "DELETE FROM gallery WHERE id = $1";
}
