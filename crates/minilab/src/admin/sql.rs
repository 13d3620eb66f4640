//! SQL of what only admins do: deleting accounts.

crate::sql! {
    SUSPEND = "UPDATE accounts SET suspended = TRUE WHERE id = $1"
        changes Callers;
    SELECT_ANY_IMAGE = "SELECT id FROM images WHERE account_id = $1 LIMIT 1";
    SELECT_IMAGES = "SELECT id FROM images WHERE account_id = $1 ORDER BY id LIMIT 500";
    /// Keys, sessions, answers and upload links go with it.
    DELETE_ACCOUNT = "DELETE FROM accounts WHERE id = $1"
        changes Callers;
    /// What nobody recounts.
    DELETE_DELTAS_OF = "DELETE FROM counter_deltas WHERE scope = $1 || '/day'
        OR (scope = $1 AND (name = 'changes' OR name LIKE 'jobs!_%' ESCAPE '!'))";
    DELETE_COUNTERS_OF = "DELETE FROM counters WHERE scope = $1 || '/day'
        OR (scope = $1 AND (name = 'changes' OR name LIKE 'jobs!_%' ESCAPE '!'))";
}
