//! SQL of what only admins do: the audit log, deleting accounts.

crate::sql! {
    INSERT = "INSERT INTO audit (id, at_ms, account, request_id, action, subject, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Newest first.
    SELECT_PAGE = "SELECT id, at_ms, account, request_id, action, subject, detail FROM audit
        WHERE id < $1 ORDER BY id DESC LIMIT $2 OFFSET $3";
    SUSPEND = "UPDATE accounts SET suspended = TRUE WHERE id = $1";
    SELECT_ANY_IMAGE = "SELECT id FROM images WHERE account_id = $1 LIMIT 1";
    SELECT_IMAGES = "SELECT id FROM images WHERE account_id = $1 ORDER BY id LIMIT 500";
    /// Keys, sessions, answers and upload links go with it.
    DELETE_ACCOUNT = "DELETE FROM accounts WHERE id = $1";
    /// What nobody recounts.
    DELETE_DELTAS_OF = "DELETE FROM counter_deltas WHERE scope = $1 || '/day'
        OR (scope = $1 AND (name = 'changes' OR name LIKE 'jobs!_%' ESCAPE '!'))";
    DELETE_COUNTERS_OF = "DELETE FROM counters WHERE scope = $1 || '/day'
        OR (scope = $1 AND (name = 'changes' OR name LIKE 'jobs!_%' ESCAPE '!'))";
}
