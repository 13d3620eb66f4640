//! SQL of accounts and API keys.

crate::sql! {
    SELECT_BY_NAME = "SELECT id, name, tier, is_admin, suspended FROM accounts WHERE name = $1";
    SELECT_ANY = "SELECT id FROM accounts LIMIT 1";
    SELECT_BY_KEY = "SELECT k.secret_hash, a.id, a.name, a.tier, a.is_admin, a.suspended
        FROM api_keys k JOIN accounts a ON a.id = k.account_id
        WHERE k.id = $1 AND k.revoked_ms IS NULL";
    INSERT_ACCOUNT = "INSERT INTO accounts (id, name, tier, is_admin, suspended, created_ms)
        VALUES ($1, $2, $3, $4, FALSE, $5) ON CONFLICT (name) DO NOTHING";
    INSERT_KEY = "INSERT INTO api_keys (id, account_id, secret_hash, created_ms)
        VALUES ($1, $2, $3, $4)";
    UPDATE_TIER = "UPDATE accounts SET tier = $2 WHERE id = $1";
    /// Whoever decides about an account's quota holds its row until the commit.
    LOCK = locking "SELECT id, name, tier, is_admin, suspended FROM accounts WHERE id = $1";
}
