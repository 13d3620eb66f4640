//! SQL of the audit log.

crate::sql! {
    INSERT = "INSERT INTO audit (id, at_ms, account, request_id, action, subject, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Newest first.
    SELECT_PAGE = "SELECT id, at_ms, account, request_id, action, subject, detail FROM audit
        WHERE id < $1 ORDER BY id DESC LIMIT $2 OFFSET $3";
}
