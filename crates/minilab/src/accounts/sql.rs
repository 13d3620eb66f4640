//! SQL of accounts and of what proves who they are.

crate::sql! {
    SELECT_BY_NAME = "SELECT id, name, tier, is_admin, suspended FROM accounts WHERE name = $1";
    SELECT_BY_ID = "SELECT id, name, tier, is_admin, suspended FROM accounts WHERE id = $1";
    SELECT_ANY_ADMIN = "SELECT id FROM accounts WHERE is_admin LIMIT 1";
    SELECT_CREDENTIAL = "SELECT c.kind, c.secret_hash, c.family_id, c.scopes, c.expires_ms,
            c.last_used_ms, c.spent_ms, a.id, a.name, a.tier, a.is_admin, a.suspended
        FROM credentials c JOIN accounts a ON a.id = c.account_id
        WHERE c.id = $1 AND c.revoked_ms IS NULL";
    INSERT_ACCOUNT = "INSERT INTO accounts (id, name, tier, is_admin, suspended, password_hash,
            created_ms)
        VALUES ($1, $2, $3, $4, FALSE, $5, $6) ON CONFLICT (name) DO NOTHING";
    INSERT_CREDENTIAL = "INSERT INTO credentials (id, account_id, kind, secret_hash, family_id, name,
            scopes, created_ms, expires_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// A cookie that is used lives on.
    TOUCH = "UPDATE credentials SET last_used_ms = $2, expires_ms = COALESCE($3, expires_ms)
        WHERE id = $1";
    /// Only the first of two uses changes a row.
    SPEND = "UPDATE credentials SET spent_ms = $2 WHERE id = $1 AND spent_ms IS NULL
        AND revoked_ms IS NULL";
    REVOKE_FAMILY = "UPDATE credentials SET revoked_ms = $2 WHERE family_id = $1
        AND revoked_ms IS NULL"
        changes Callers;
    REVOKE_OTHER_FAMILIES = "UPDATE credentials SET revoked_ms = $3 WHERE account_id = $1
        AND family_id IS NOT NULL AND family_id <> $2 AND revoked_ms IS NULL"
        changes Callers;
    REVOKE_KEY = "UPDATE credentials SET revoked_ms = $3 WHERE id = $1 AND account_id = $2
        AND kind = 'key' AND revoked_ms IS NULL"
        changes Callers;
    SELECT_KEY_SCOPES = "SELECT scopes FROM credentials WHERE id = $1 AND account_id = $2
        AND kind = 'key' AND revoked_ms IS NULL";
    SELECT_KEYS = "SELECT id, name, scopes, created_ms, expires_ms, last_used_ms FROM credentials
        WHERE account_id = $1 AND kind = 'key' AND revoked_ms IS NULL ORDER BY created_ms, id";
    COUNT_KEYS = "SELECT COUNT(*) FROM credentials
        WHERE account_id = $1 AND kind = 'key' AND revoked_ms IS NULL";
    DELETE_EXPIRED = "DELETE FROM credentials WHERE expires_ms < $1";
    SELECT_PASSWORD = "SELECT id, suspended, password_hash FROM accounts WHERE name = $1";
    UPDATE_PASSWORD = "UPDATE accounts SET password_hash = $2 WHERE id = $1"
        changes Callers;
    UPDATE_NAME = "UPDATE accounts SET name = $2 WHERE id = $1"
        changes Callers;
    UPDATE_TIER = "UPDATE accounts SET tier = $2 WHERE id = $1"
        changes Callers;
    UPDATE_ACCOUNT = "UPDATE accounts SET tier = $2, is_admin = $3, suspended = $4 WHERE id = $1"
        changes Callers;
    COUNT_OTHER_ADMINS = "SELECT COUNT(*) FROM accounts
        WHERE is_admin AND NOT suspended AND id <> $1";
    SELECT_PAGE = "SELECT id, name, tier, is_admin, suspended, created_ms FROM accounts
        WHERE id > $1 ORDER BY id LIMIT $2 OFFSET $3";
    INSERT_SETUP = "INSERT INTO setups (id, secret_hash, expires_ms) VALUES ($1, $2, $3)";
    SELECT_SETUP = "SELECT secret_hash, expires_ms FROM setups WHERE id = $1";
    DELETE_SETUPS = "DELETE FROM setups";
    /// Whoever decides about an account's quota or rights holds its row until the commit.
    LOCK = locking "SELECT id, name, tier, is_admin, suspended FROM accounts WHERE id = $1";
    SELECT_UPLOAD_LINK = "SELECT l.*, a.tier, a.name, a.is_admin, a.suspended
        FROM upload_links l JOIN accounts a ON a.id = l.account_id WHERE l.id = $1";
    /// Uploads through one link wait for each other here, so that its limits hold exactly.
    LOCK_UPLOAD_LINK = locking "SELECT * FROM upload_links WHERE id = $1";
    SELECT_LINK_RIGHT = "SELECT a.is_admin, t.upload_links FROM accounts a
        JOIN tiers t ON t.name = a.tier WHERE a.id = $1";
    USE_UPLOAD_LINK = "UPDATE upload_links SET images = images + 1, bytes = bytes + $2
        WHERE id = $1";
    /// Two admins who retire each other wait for one another here.
    LOCK_LAB = locking "SELECT id FROM lab";
}
